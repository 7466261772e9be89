"""`avatardesk say` on real parts: session code, the AvatarKit SDK, the avatar service, a room, a listener."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc

from avatardesk.driving import AvatarService
from avatardesk.driving.motion import decode
from avatardesk.errors import AvatarError, InputError
from avatardesk.room import RoomServer
from avatardesk.secrets import Secrets
from avatardesk.session.announcer import Announcer
from avatardesk.session.endpoints import Endpoints
from avatardesk.settings_sources import load_settings
from avatardesk.stack.readiness import Ready

pytestmark = pytest.mark.e2e

RATE = 16000


class RunningStack:
    """Room and avatar service in this process, with the keys an Endpoints made up."""

    def __init__(self) -> None:
        self.endpoints = Endpoints(load_settings(env={}), Secrets({}), self)
        secrets = self.endpoints.local_secrets()
        self.room = RoomServer({secrets["LIVEKIT_API_KEY"]: secrets["LIVEKIT_API_SECRET"]})
        self.avatar = AvatarService(
            api_key=secrets["SPATIALREAL_API_KEY"], app_id=secrets["SPATIALREAL_APP_ID"]
        )

    async def ready(self, name: str) -> Ready:
        return Ready(
            name,
            {
                "livekit_url": self.room.url,
                "console_url": self.avatar.console_url,
                "ingress_url": self.avatar.ingress_url,
            },
        )


@pytest.fixture
async def stack() -> AsyncIterator[RunningStack]:
    found = RunningStack()
    await found.room.start()
    await found.avatar.start()
    yield found
    await found.avatar.aclose()
    await found.room.aclose()


class Listener:
    """A participant that measures the voice it hears and keeps the motion that comes with it."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.loudest = 0.0
        self.heard = asyncio.Event()
        self.motion = 0
        self.attributes: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, stack: RunningStack) -> None:
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", self._data)
        access = await stack.endpoints.room()
        admission = await access.admit_user("listener")
        await self.room.connect(admission.url, admission.token)

    async def leave(self) -> None:
        await self.room.disconnect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _subscribed(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        self.attributes = dict(participant.attributes)
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._tasks.add(asyncio.get_running_loop().create_task(self._hear(track)))

    def _data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "avatar.motion":
            decode(packet.data)
            self.motion += 1

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=48000, num_channels=1)
        try:
            async for event in stream:
                samples = np.frombuffer(event.frame.data, np.int16)
                self.loudest = max(self.loudest, float(np.abs(samples.astype(np.int32)).max()))
                if self.loudest > 3000:
                    self.heard.set()
        finally:
            await stream.aclose()


def recording(tmp_path: Path, seconds: float = 1.2) -> Path:
    """A WAV that sounds a little like speech: a tone that swells four times a second."""
    time = np.arange(int(RATE * seconds)) / RATE
    wave = np.sin(2 * np.pi * 180 * time) * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * time)) * 0.6
    data = (wave * 32767).astype("<i2").tobytes()
    header = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
    body = header + b"data" + struct.pack("<I", len(data)) + data
    file = tmp_path / "voice.wav"
    file.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return file


def announcer(stack: RunningStack) -> Announcer:
    async def quiet() -> None:
        return

    return Announcer(stack.endpoints, speaks_for=lambda: "agent-1", quiet=quiet)


async def test_a_recording_is_heard_in_the_room_with_motion_and_on_whose_behalf(
    stack: RunningStack, tmp_path: Path
) -> None:
    listener, speaker = Listener(), announcer(stack)
    await listener.join(stack)
    try:
        result = await asyncio.wait_for(speaker.say_wav(recording(tmp_path)), 30)
        assert result == {"seconds": 1.2, "voice": "voice.wav"}
        assert listener.loudest > 3000
        assert listener.motion > 20
        assert listener.attributes["lk.publish_on_behalf"] == "agent-1"
    finally:
        await speaker.close()
        await listener.leave()


async def test_two_announcements_follow_each_other_in_one_session(
    stack: RunningStack, tmp_path: Path
) -> None:
    speaker = announcer(stack)
    file = recording(tmp_path, 0.5)
    try:
        begun = asyncio.get_running_loop().time()
        await asyncio.wait_for(asyncio.gather(speaker.say_wav(file), speaker.say_wav(file)), 30)
        assert asyncio.get_running_loop().time() - begun >= 1.0
    finally:
        await speaker.close()


async def test_a_service_that_goes_away_while_the_avatar_speaks_is_told_and_the_next_try_works(
    stack: RunningStack, tmp_path: Path
) -> None:
    listener, speaker = Listener(), announcer(stack)
    await listener.join(stack)
    try:
        speaking = asyncio.create_task(speaker.say_wav(recording(tmp_path, 8)))
        await asyncio.wait_for(listener.heard.wait(), 30)
        await stack.avatar.aclose()
        with pytest.raises(AvatarError):
            await asyncio.wait_for(speaking, 15)
        secrets = stack.endpoints.local_secrets()
        stack.avatar = AvatarService(
            api_key=secrets["SPATIALREAL_API_KEY"], app_id=secrets["SPATIALREAL_APP_ID"]
        )
        await stack.avatar.start()
        await asyncio.wait_for(speaker.say_wav(recording(tmp_path, 0.3)), 30)
    finally:
        await speaker.close()
        await listener.leave()


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
async def test_nothing_and_far_too_much_are_not_said(stack: RunningStack, text: str) -> None:
    with pytest.raises(InputError):
        await announcer(stack).say_text(text)
