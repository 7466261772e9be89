"""The agent's life: join the room, bring the avatar, talk; start over when a link breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from livekit import rtc

from avatardesk.agent.avatar import AvatarUnavailableError, attach_avatar, on_avatar_lost, reachable
from avatardesk.agent.conversation import Conversation, Memory, new_session
from avatardesk.agent.parts import Parts
from avatardesk.agent.settings import AgentSettings
from avatardesk.agent.token import mint_agent_token, new_identity

logger = logging.getLogger("avatardesk.agent")

AVATAR_ATTRIBUTE = "avatardesk.avatar"
"""Participant attribute of the agent: "speaking" with an avatar, else "missing: reason"."""
_BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_CONNECT_S = 15.0
_AVATAR_PROBE_S = 5.0


class Pipeline:
    """Keeps one agent participant in the room until it is cancelled."""

    def __init__(
        self, settings: AgentSettings, parts: Parts, *, on_ready: Callable[[str], None] | None = None
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._identity = new_identity()
        self._on_ready = on_ready
        self._memory = Memory()

    async def run(self) -> None:
        """Join and talk for ever; every lost or missing link is named in the log and tried again."""
        failures = 0
        while True:
            room = rtc.Room()
            try:
                await self._connect(room)
            except (rtc.ConnectError, TimeoutError) as error:
                delay = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)] * random.uniform(0.8, 1.2)
                failures += 1
                logger.warning(
                    "the room does not answer at %s (%s); trying again in %.1f s",
                    self._settings.livekit_url,
                    str(error) or type(error).__name__,
                    delay,
                )
                await asyncio.sleep(delay)
                continue
            failures = 0
            try:
                await self._stay(room)
            finally:
                await _disconnect(room)
            logger.warning("the connection to the room was lost; joining again")

    async def _connect(self, room: rtc.Room) -> None:
        settings = self._settings
        token = mint_agent_token(
            settings.livekit_api_key,
            settings.livekit_api_secret,
            room=settings.room,
            identity=self._identity,
        )
        async with asyncio.timeout(_CONNECT_S):
            await room.connect(settings.livekit_url, token)

    async def _stay(self, room: rtc.Room) -> None:
        """Talk until the room is gone; with the avatar whenever it is there."""
        gone = asyncio.Event()
        room.on("disconnected", lambda _reason: gone.set())
        if not room.isconnected():
            return
        while not gone.is_set():
            await self._talk(room, gone)

    async def _talk(self, room: rtc.Room, gone: asyncio.Event) -> None:
        """Hold one session, which ends when the room is gone, or the avatar goes or comes."""
        session = new_session(self._parts, self._settings)
        changed = asyncio.Event()
        endpoint, avatar = self._settings.avatar, None
        state = "missing: none is configured"
        if endpoint is not None:
            try:
                avatar = await attach_avatar(session, room, self._settings, endpoint)
                on_avatar_lost(avatar, changed)
                state = "speaking"
            except AvatarUnavailableError as error:
                state = f"missing: {error}"
                logger.warning("no avatar: %s; going on with voice only", error)
        conversation = Conversation(session, room, self._parts, self._settings, self._memory)
        probing: asyncio.Task[None] | None = None
        try:
            await conversation.start(own_voice=avatar is None)
            await room.local_participant.set_attributes({AVATAR_ATTRIBUTE: state})
            self._ready()
            if endpoint is not None and avatar is None:
                probing = asyncio.create_task(self._watch_for_avatar(conversation, changed))
            await _first_of(gone, changed)
        finally:
            if probing is not None:
                probing.cancel()
            await conversation.aclose()
            if avatar is not None:
                await avatar.aclose()

    async def _watch_for_avatar(self, conversation: Conversation, found: asyncio.Event) -> None:
        """Set `found` when the avatar service answers again and nobody is in the middle of a turn."""
        endpoint = self._settings.avatar
        assert endpoint is not None
        while True:
            await asyncio.sleep(_AVATAR_PROBE_S)
            if not conversation.busy and await reachable(endpoint):
                logger.info("the avatar service answers; bringing the avatar")
                found.set()
                return

    def _ready(self) -> None:
        if self._on_ready is not None:
            self._on_ready(self._identity)
            self._on_ready = None


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def _disconnect(room: rtc.Room) -> None:
    with contextlib.suppress(TimeoutError, rtc.ConnectError):
        async with asyncio.timeout(2.0):
            await room.disconnect()
