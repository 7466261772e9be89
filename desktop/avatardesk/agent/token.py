"""The agent's own room token."""

from __future__ import annotations

import secrets
from datetime import timedelta

from livekit import api

IDENTITY_PREFIX = "avatardesk-agent-"
# Only joining needs the token; the server refreshes it for reconnects while the participant is in the room.
_LIFETIME = timedelta(hours=6)


def new_identity() -> str:
    """Return a participant identity that no other agent process has."""
    return IDENTITY_PREFIX + secrets.token_hex(4)


def mint_agent_token(api_key: str, api_secret: str, *, room: str, identity: str) -> str:
    """Return a token for the agent: one room, hear and speak, data, and its own attributes; nothing else."""
    grants = api.VideoGrants(
        room_join=True,
        room=room,
        can_subscribe=True,
        can_publish=True,
        can_publish_sources=["microphone"],
        can_publish_data=True,
        can_update_own_metadata=True,
    )
    return (
        api.AccessToken(api_key, api_secret)
        .with_identity(identity)
        .with_name("AvatarDesk agent")
        .with_kind("agent")
        .with_ttl(_LIFETIME)
        .with_grants(grants)
        .to_jwt()
    )
