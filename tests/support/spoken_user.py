"""A person in the room, for tests of the agent: plays recordings as microphone, hears, reads captions."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
import soxr
from livekit import rtc
from support.livekit_server import RunningRoom
from support.room_clients import make_token

from avatardesk.agent.voice import OfflineVoice

RATE = 16000
_FRAME = RATE // 50
_AUDIBLE = 300
_TRANSCRIPTION, _CHAT, _FINAL = "lk.transcription", "lk.chat", "lk.transcription_final"


async def spoken_wav(text: str, voice: str = "flite:slt") -> np.ndarray:
    """Return a sentence spoken by a synthesiser, int16 at 16 kHz; skips the test when it is not installed."""
    if shutil.which(voice.partition(":")[0]) is None:
        pytest.skip(f"{voice.partition(':')[0]} is not installed")
    found = OfflineVoice.find(voice)
    pcm = b"".join([chunk async for chunk in found.synthesize(text)])
    samples = np.frombuffer(pcm, np.int16)
    return samples if found.sample_rate == RATE else soxr.resample(samples, found.sample_rate, RATE)


@dataclass
class Caption:
    """One line on lk.transcription, as far as it has come."""

    identity: str
    text: str = ""
    final: bool = False
    at: float = field(default_factory=time.monotonic)


@dataclass
class HeardAudio:
    """When each 20 ms of a participant's sound came, and how loud it was (largest sample)."""

    times: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    samples: list[np.ndarray] = field(default_factory=list)

    def first_after(self, moment: float) -> float | None:
        """Return when sound was first heard after `moment`, or None."""
        return next(
            (at for at, peak in zip(self.times, self.peaks, strict=True) if at > moment and peak > _AUDIBLE),
            None,
        )

    def silent_since(self, now: float | None = None) -> float:
        """Return for how many seconds nothing has been heard."""
        now = time.monotonic() if now is None else now
        return now - max(
            (at for at, peak in zip(self.times, self.peaks, strict=True) if peak > _AUDIBLE), default=0.0
        )

    def between(self, start: float, end: float) -> np.ndarray:
        """Return what was heard from `start` to `end`."""
        parts = [part for at, part in zip(self.times, self.samples, strict=True) if start <= at <= end]
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)


class SpokenUser:
    """A participant with a microphone that is silent until `say`, and a memory of all it hears and reads."""

    def __init__(self, identity: str = "user-test") -> None:
        self.identity = identity
        self.room = rtc.Room()
        self.captions: list[Caption] = []
        self.heard: dict[str, HeardAudio] = defaultdict(HeardAudio)
        self._queue: asyncio.Queue[np.ndarray] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
        self._spoken = asyncio.Event()

    async def join(self, server: RunningRoom, room: str) -> None:
        """Join, publish the microphone, and listen to everybody."""
        self.room.on("track_subscribed", self._subscribed)
        self.room.register_text_stream_handler(_TRANSCRIPTION, self._captioned)
        await self.room.connect(server.url, make_token(server, self.identity, room))
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._spawn(self._speak_for_ever())

    async def leave(self) -> None:
        """Leave the room."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        await self._source.aclose()

    async def say(self, samples: np.ndarray) -> float:
        """Play int16 samples of 16 kHz in real time; return the moment (monotonic) the last was played."""
        self._spoken.clear()
        self._queue.put_nowait(samples)
        await self._spoken.wait()
        return time.monotonic()

    async def type(self, text: str) -> None:
        """Send a chat message."""
        await self.room.local_participant.send_text(text, topic=_CHAT)

    def text_of(self, identity: str, since: float = 0.0) -> str:
        """Return all captions of a participant that began after `since`, joined."""
        return " ".join(c.text for c in self.captions if c.identity == identity and c.at >= since and c.text)

    def finals_of(self, identity: str, since: float = 0.0) -> list[str]:
        """Return the final captions of a participant that began after `since`."""
        return [
            c.text for c in self.captions if c.identity == identity and c.final and c.at >= since and c.text
        ]

    def participant(self, prefix: str) -> rtc.RemoteParticipant | None:
        """Return the participant whose identity begins with `prefix`, if it is in the room."""
        people = self.room.remote_participants.values()
        return next((person for person in people if person.identity.startswith(prefix)), None)

    def _spawn(self, work: Callable[[], object] | object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _speak_for_ever(self) -> None:
        silence = np.random.default_rng(0).normal(0, 4, _FRAME).astype(np.int16)
        while True:
            if self._queue.empty():
                await self._frame(silence)
                continue
            samples = self._queue.get_nowait()
            for at in range(0, len(samples), _FRAME):
                part = samples[at : at + _FRAME]
                await self._frame(np.pad(part, (0, _FRAME - len(part))))
            self._spoken.set()

    async def _frame(self, samples: np.ndarray) -> None:
        await self._source.capture_frame(rtc.AudioFrame(samples.astype(np.int16).tobytes(), RATE, 1, _FRAME))

    def _subscribed(
        self, track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._spawn(self._listen(track, self.heard[participant.identity]))

    async def _listen(self, track: rtc.Track, heard: HeardAudio) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=20)
        try:
            async for event in stream:
                samples = np.frombuffer(event.frame.data, np.int16).copy()
                heard.times.append(time.monotonic())
                heard.peaks.append(int(np.abs(samples.astype(int)).max()))
                heard.samples.append(samples)
        finally:
            await stream.aclose()

    def _captioned(self, reader: rtc.TextStreamReader, identity: str) -> None:
        self._spawn(self._read(reader, identity))

    async def _read(self, reader: rtc.TextStreamReader, identity: str) -> None:
        caption = Caption(identity, final=(reader.info.attributes or {}).get(_FINAL) == "true")
        self.captions.append(caption)
        async for part in reader:
            caption.text += part


@asynccontextmanager
async def spoken_user(
    server: RunningRoom, room: str, identity: str = "user-test"
) -> AsyncIterator[SpokenUser]:
    """A person in the room until the block ends."""
    user = SpokenUser(identity)
    await user.join(server, room)
    try:
        yield user
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await user.leave()
