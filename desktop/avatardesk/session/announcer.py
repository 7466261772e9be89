"""What the desk itself lets the avatar say: typed text and recordings, one after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from avatardesk.errors import InputError
from avatardesk.session.egress import EgressSession
from avatardesk.session.endpoints import Endpoints
from avatardesk.session.tokens import random_identity
from avatardesk.session.wav import read_wav, service_rate

_log = logging.getLogger(__name__)

_LONGEST_TEXT = 5000
#: The session is kept for the next speech for so long; joining a room anew takes about a second.
_KEEP_SECONDS = 20.0
_BLOCK_SECONDS = 1.0


class Announcer:
    """Speaks through the avatar. Requests queue up: the avatar says one thing at a time."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        speaks_for: Callable[[], str],
        quiet: Callable[[], Awaitable[None]],
    ) -> None:
        """`speaks_for` gives the identity on whose behalf the avatar speaks; `quiet` returns when nobody
        speaks.
        """
        self._endpoints = endpoints
        self._speaks_for = speaks_for
        self._quiet = quiet
        self._one_at_a_time = asyncio.Lock()
        self._session: EgressSession | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._identity = random_identity("announcer")
        self._closing: set[asyncio.Task[None]] = set()

    async def say_text(self, text: str) -> dict[str, Any]:
        """Speak a text with this machine's voice; return how long it was.

        Raises:
            InputError: the text is empty or too long.
            PlatformError: this machine has no voice.
            AvatarDeskError: the avatar cannot speak; says why.
        """
        if not text.strip():
            raise InputError("There is nothing to say.", hint="Write some words.", field="text")
        if len(text) > _LONGEST_TEXT:
            raise InputError(f"The text is longer than {_LONGEST_TEXT} characters.", field="text")
        from avatardesk.agent.voice import OfflineVoice

        voice = await asyncio.to_thread(OfflineVoice.find)
        if voice.sample_rate != service_rate(voice.sample_rate):
            raise InputError(f"The voice {voice.name} has an unusual sample rate: {voice.sample_rate} Hz.")
        seconds = await self._speak(voice.synthesize(text), voice.sample_rate)
        return {"seconds": round(seconds, 2), "voice": voice.name}

    async def say_wav(self, path: Path) -> dict[str, Any]:
        """Speak a recording; return how long it was.

        Raises:
            InputError: the file is not what it must be.
            AvatarDeskError: the avatar cannot speak; says why.
        """
        recording = await asyncio.to_thread(read_wav, path)

        async def blocks() -> AsyncIterator[bytes]:
            step = int(recording.sample_rate * _BLOCK_SECONDS) * 2
            for start in range(0, len(recording.pcm), step):
                yield recording.pcm[start : start + step]

        seconds = await self._speak(blocks(), recording.sample_rate)
        return {"seconds": round(seconds, 2), "voice": path.name}

    async def close(self) -> None:
        """Leave the room."""
        if self._leaving is not None:
            self._leaving.cancel()
        await self._leave()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _speak(self, pcm: AsyncIterator[bytes], sample_rate: int) -> float:
        async with self._one_at_a_time:
            if self._leaving is not None:
                self._leaving.cancel()
            await self._quiet()
            session = await self._open(sample_rate)
            try:
                return await session.play(pcm)
            except BaseException:
                await self._leave()
                raise
            finally:
                self._leaving = asyncio.get_running_loop().call_later(_KEEP_SECONDS, self._leave_soon)

    async def _open(self, sample_rate: int) -> EgressSession:
        if self._session is not None and self._session.is_open and self._session.sample_rate == sample_rate:
            return self._session
        await self._leave()
        avatar = await self._endpoints.avatar()
        room = await self._endpoints.room()
        on_behalf_of = self._speaks_for()
        admission = await room.admit_avatar(self._identity, on_behalf_of)
        session = EgressSession(avatar, admission, sample_rate, on_behalf_of)
        await session.open()
        self._session = session
        return session

    def _leave_soon(self) -> None:
        if not self._one_at_a_time.locked():
            task = asyncio.get_running_loop().create_task(self._leave())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
