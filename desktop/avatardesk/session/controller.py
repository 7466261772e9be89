"""One conversation as the program sees it: connections for the page, speech for the avatar."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from avatardesk.secrets import Secrets
from avatardesk.session.services import Services
from avatardesk.session.state import ConversationState
from avatardesk.settings import Settings

_log = logging.getLogger(__name__)


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

    def start(self) -> None:
        """Start what the conversation needs on this machine.

        Raises:
            SettingsError: the endpoints do not go together; what can run, runs nevertheless.
        """
        self.services.start()
        self.services.endpoints.check()

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

    async def stop(self) -> None:
        """End the avatar's speech and all children."""
        await self.services.stop()
