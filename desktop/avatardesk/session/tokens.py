"""Room tokens with the least that each participant needs.

The grants follow LiveKit's token documentation; tests compare every decoded token with a golden one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

#: Only the first connect needs a valid token; the server renews it afterwards.
USER_TTL = timedelta(minutes=15)
#: An egress participant that reconnects shows its first token again, so it must outlive an announcement by
#: far.
AVATAR_TTL = timedelta(hours=1)

#: LiveKit's attribute of a participant that speaks for another one.
PUBLISH_ON_BEHALF = "lk.publish_on_behalf"


@dataclass(frozen=True, slots=True)
class RoomKeys:
    """The API key pair that signs a LiveKit room's tokens."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)

    @classmethod
    def random(cls) -> RoomKeys:
        """Return a new pair for a room of this machine; a livekit-server asks for 32 characters of secret."""
        return cls(api_key="API" + secrets.token_hex(6), api_secret=secrets.token_urlsafe(36))


def random_identity(prefix: str) -> str:
    """Return an identity that says nothing about a person."""
    return f"{prefix}-{secrets.token_hex(4)}"


def user_token(keys: RoomKeys, *, room: str, identity: str, name: str = "", dispatch_agent: str = "") -> str:
    """Return the token of the person at the desk: hears all, publishes a microphone and data, changes
    nothing.

    Args:
        keys: the room's key pair.
        room: the one room it opens.
        identity: unique in the room.
        name: shown to others; may be empty.
        dispatch_agent: name of an agent that is to be called into the room with this person.
    """
    from livekit import api

    token = (
        api.AccessToken(keys.api_key, keys.api_secret)
        .with_identity(identity)
        .with_ttl(USER_TTL)
        .with_grants(
            api.VideoGrants(
                room_join=True,
                room=room,
                can_publish=True,
                can_subscribe=True,
                can_publish_data=True,
                can_publish_sources=["microphone"],
                can_update_own_metadata=False,
            )
        )
    )
    if name:
        token = token.with_name(name)
    if dispatch_agent:
        from livekit.protocol.agent_dispatch import RoomAgentDispatch
        from livekit.protocol.room import RoomConfiguration

        token = token.with_room_config(
            RoomConfiguration(agents=[RoomAgentDispatch(agent_name=dispatch_agent)])
        )
    return token.to_jwt()


def avatar_token(keys: RoomKeys, *, room: str, identity: str, on_behalf_of: str) -> str:
    """Return the token with which the avatar service speaks in the room: publishes voice, picture and motion,
    hears nothing, and says on whose behalf it speaks.
    """
    from livekit import api

    return (
        api.AccessToken(keys.api_key, keys.api_secret)
        .with_identity(identity)
        .with_kind("agent")
        .with_ttl(AVATAR_TTL)
        .with_attributes({PUBLISH_ON_BEHALF: on_behalf_of})
        .with_grants(
            api.VideoGrants(
                room_join=True,
                room=room,
                can_publish=True,
                can_subscribe=False,
                can_publish_data=True,
                can_publish_sources=["camera", "microphone"],
                can_update_own_metadata=False,
            )
        )
        .to_jwt()
    )
