"""One conversation as the program sees it: connections for the page, speech for the avatar."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avatardesk.errors import InputError
from avatardesk.secrets import Secrets
from avatardesk.session.announcer import Announcer
from avatardesk.session.network import check_interfaces
from avatardesk.session.services import Services
from avatardesk.session.state import ConversationState
from avatardesk.settings import Settings

_log = logging.getLogger(__name__)

_QUIET_SECONDS = 15.0


class Conversation:
    """Owns the services behind a conversation and hands out what is needed to take part in it."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        *,
        on_stack: Callable[[dict[str, Any]], None],
        on_renewed: Callable[[], None],
    ) -> None:
        """`on_stack` gets the data of `stack.state`; `on_renewed` means that connections are void."""
        self.state = ConversationState()
        self.services = Services(settings, secrets, on_state=on_stack, on_renewed=on_renewed)
        self._announcer = Announcer(
            self.services.endpoints, speaks_for=self._speaks_for, quiet=self._wait_for_quiet
        )

    def start(self) -> None:
        """Start what the conversation needs on this machine.

        Raises:
            SettingsError: the endpoints do not go together; what can run, runs nevertheless.
            PlatformError: the network is off altogether; likewise.
        """
        self.services.start()
        self.services.endpoints.check()
        check_interfaces()

    async def connection(self) -> dict[str, Any]:
        """Return the result of `connection.get`: a fresh token, and the avatar to show.

        Raises:
            AvatarDeskError: a part is down, or a credential is missing or refused.
        """
        endpoints = self.services.endpoints
        avatar = await endpoints.avatar()
        room = await endpoints.room()
        admission = await room.admit_user(endpoints.user_identity)
        return {
            "url": admission.url,
            "token": admission.token,
            "roomName": admission.room_name,
            "identity": admission.identity,
            "appId": avatar.app_id,
            "avatarId": avatar.avatar_id,
        }

    async def say(self, *, text: str | None = None, wav: Path | None = None) -> dict[str, Any]:
        """Have the avatar speak a text or a recording; returns when it has, with `seconds` and `voice`.

        Raises:
            InputError: neither or both were given, or what was given cannot be spoken.
            AvatarDeskError: the avatar cannot speak; says why.
        """
        if text is not None and wav is None:
            return await self._announcer.say_text(text)
        if wav is not None and text is None:
            return await self._announcer.say_wav(wav)
        raise InputError("Give either a text or a recording.", field="text")

    async def stop(self) -> None:
        """End the avatar's speech and all children."""
        await asyncio.gather(self._announcer.close(), self.services.stop())

    def _speaks_for(self) -> str:
        return self.services.agent_identity() or self.services.endpoints.user_identity

    async def _wait_for_quiet(self) -> None:
        """Wait until the agent's avatar has finished its sentence, but not for ever."""
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                while self.state.agent_speaks:
                    await self.state.changed()
        except TimeoutError:
            _log.warning("the agent keeps speaking; the announcement does not wait any longer")
