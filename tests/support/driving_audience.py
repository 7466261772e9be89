"""A participant that listens to the avatar: keeps its sound and its motion, with the time each arrived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from livekit import rtc
from support.livekit_server import RunningRoom
from support.room_clients import Client, eventually, joined

from avatardesk.driving.motion import MotionKind, MotionMessage, decode

LOUD = 300
"""Amplitude that only speech has: what Opus makes of silence stays far below."""


@dataclass
class Audience:
    """What the avatar was heard and seen to do. Times are time.monotonic()."""

    client: Client
    sound: list[tuple[float, np.ndarray]] = field(default_factory=list)
    motion: list[tuple[float, MotionMessage, int]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def listen(self) -> None:
        room = self.client.room
        room.on("data_received", self._data)
        room.on("track_subscribed", self._track)

    def _data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "avatar.motion":
            self.motion.append((time.monotonic(), decode(packet.data), len(packet.data)))

    def _track(self, track: rtc.RemoteTrack, _publication: Any, _participant: Any) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self.tasks.append(asyncio.create_task(self._hear(track)))

    async def _hear(self, track: rtc.RemoteTrack) -> None:
        stream = rtc.AudioStream(track, sample_rate=48000, num_channels=1)
        try:
            async for event in stream:
                pcm = np.frombuffer(event.frame.data, dtype=np.int16).copy()
                self.sound.append((time.monotonic(), pcm))
        finally:
            await stream.aclose()

    def loud(self, after: float = 0.0) -> list[float]:
        """Return when something loud was heard since `after`."""
        return [at for at, pcm in self.sound if at > after and np.abs(pcm).max(initial=0) > LOUD]

    def seconds(self, after: float = 0.0) -> float:
        """Return how many seconds of loud sound were heard since `after`."""
        return 0.01 * len(self.loud(after))

    def events(self, after: float = 0.0) -> list[MotionMessage]:
        """Return the messages without frames since `after`."""
        return [m for at, m, _ in self.motion if at > after and m.kind is not MotionKind.FRAMES]

    def kinds(self, after: float = 0.0) -> list[MotionKind]:
        """Return the kinds of the messages without frames since `after`."""
        return [message.kind for message in self.events(after)]

    def frames(self, round_: int) -> set[int]:
        """Return the numbers of the frames that were received of a round."""
        return {
            message.frame - back
            for _, message, _ in self.motion
            if message.kind is MotionKind.FRAMES and message.round == round_
            for back in range(len(message.frames))
        }

    async def hears(self, after: float = 0.0) -> float:
        """Wait for something loud after `after`; return when it was."""
        found: list[float] = await eventually(lambda: self.loud(after), "the avatar is heard")
        return found[0]

    async def sees(self, kind: MotionKind, after: float = 0.0) -> MotionMessage:
        """Wait for a message of `kind` after `after`."""
        await eventually(lambda: kind in self.kinds(after), f"{kind.name} arrives")
        return next(message for message in self.events(after) if message.kind is kind)


@asynccontextmanager
async def audience(server: RunningRoom, room: str = "desk") -> AsyncIterator[Audience]:
    """Join as the page does, until the block ends."""
    async with joined(server, "page", room=room) as client:
        found = Audience(client)
        found.listen()
        try:
            yield found
        finally:
            for task in found.tasks:
                task.cancel()
            await asyncio.gather(*found.tasks, return_exceptions=True)
