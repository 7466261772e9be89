"""The avatar that speaks for the agent, through the SpatialReal plugin; or the reason why there is none."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
from livekit import rtc
from livekit.agents import AgentSession
from livekit.plugins.spatialreal import AvatarProviderConnectionEvent, AvatarSession, SpatialRealException

from avatardesk.agent.settings import AgentSettings, AvatarEndpoint

logger = logging.getLogger("avatardesk.agent.avatar")

_JOIN_S = 10.0
_PROBE_S = 2.0
_IDENTITY = "spatialreal-avatar"


class AvatarUnavailableError(Exception):
    """The avatar cannot speak for the agent now; the text says why, for a person."""


async def reachable(endpoint: AvatarEndpoint) -> bool:
    """Say whether anything answers at the console address (which is asked before anything else)."""
    timeout = aiohttp.ClientTimeout(total=_PROBE_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(endpoint.console_url):
            return True
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


async def attach_avatar(
    session: AgentSession[None], room: rtc.Room, settings: AgentSettings, endpoint: AvatarEndpoint
) -> AvatarSession:
    """Let the avatar speak what `session` says; call before the session starts.

    Returns when the avatar is in the room with its tracks. Raises AvatarUnavailableError when the service is
    down, refuses the credentials, or its avatar does not come within 10 s.
    """
    if not await reachable(endpoint):
        raise AvatarUnavailableError(f"the avatar service does not answer at {endpoint.console_url}")
    avatar = AvatarSession(
        api_key=endpoint.api_key,
        app_id=endpoint.app_id,
        avatar_id=endpoint.avatar_id,
        console_endpoint_url=endpoint.console_url,
        ingress_endpoint_url=endpoint.ingress_url,
        avatar_participant_identity=_IDENTITY,
    )
    try:
        await avatar.start(
            session,
            room,
            livekit_url=settings.livekit_url,
            livekit_api_key=settings.livekit_api_key,
            livekit_api_secret=settings.livekit_api_secret,
        )
        await avatar.wait_for_join(timeout=_JOIN_S)
    except SpatialRealException as error:
        raise AvatarUnavailableError(_short(str(error))) from error
    except TimeoutError:
        await avatar.aclose()
        raise AvatarUnavailableError("the avatar service accepted the session, but no avatar came") from None
    except asyncio.CancelledError:
        await avatar.aclose()
        raise
    return avatar


def on_avatar_lost(avatar: AvatarSession, lost: asyncio.Event) -> None:
    """Set `lost` when the connection to the avatar service is gone for good."""

    def changed(event: AvatarProviderConnectionEvent) -> None:
        logger.info("avatar service: %s (%s)", event.state, event.reason)
        if event.state == "failed":
            lost.set()

    avatar.on("provider_connection_state_changed", changed)


def _short(text: str) -> str:
    """The plugin's long message ends with the reason."""
    return text.rpartition("Reason: ")[2][:200]
