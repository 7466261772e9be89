"""Clients for room tests: tokens, a participant that records its events, a tone to send and to hear."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from livekit import api, rtc
from support.livekit_server import RunningRoom

SAMPLE_RATE = 48_000
DEADLINE_S = 15.0


def make_token(
    server: RunningRoom,
    identity: str,
    room: str = "desk",
    *,
    kind: str | None = None,
    name: str = "",
    attributes: dict[str, str] | None = None,
    ttl_s: float = 600,
    **grants: Any,
) -> str:
    """Return an access token; `grants` are fields of VideoGrants, beside room_join and room."""
    token = (
        api.AccessToken(server.api_key, server.api_secret)
        .with_identity(identity)
        .with_name(name)
        .with_ttl(datetime.timedelta(seconds=ttl_s))
        .with_attributes(attributes or {})
        .with_grants(api.VideoGrants(**{"room_join": True, "room": room, **grants}))
    )
    if kind is not None:
        token = token.with_kind(kind)
    return token.to_jwt()


async def eventually(condition: Callable[[], Any], what: str, within_s: float = DEADLINE_S) -> Any:
    """Wait until `condition` is true and return its value; fail naming `what` when it takes too long."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.01)
    raise AssertionError(f"not within {within_s} s: {what}")


class Client:
    """A livekit participant whose events are kept in order in `events` as (name, arguments)."""

    EVENTS = (
        "participant_connected",
        "participant_disconnected",
        "track_published",
        "track_unpublished",
        "track_subscribed",
        "track_unsubscribed",
        "track_muted",
        "track_unmuted",
        "data_received",
        "participant_attributes_changed",
        "participant_metadata_changed",
        "participant_name_changed",
        "active_speakers_changed",
        "room_metadata_changed",
        "connection_quality_changed",
        "disconnected",
        "reconnecting",
        "reconnected",
        "local_track_unpublished",
        "participant_permissions_changed",
    )

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        for name in self.EVENTS:
            self.room.on(name, self._recorder(name))

    def _recorder(self, name: str) -> Callable[..., None]:
        def record(*arguments: Any) -> None:
            self.events.append((name, arguments))

        return record

    def seen(self, name: str) -> list[tuple[Any, ...]]:
        """Return the arguments of each event of this name so far."""
        return [arguments for found, arguments in self.events if found == name]

    async def wait(self, name: str, count: int = 1, within_s: float = DEADLINE_S) -> tuple[Any, ...]:
        """Wait until `count` events of this name have been and return the arguments of that one."""
        await eventually(lambda: len(self.seen(name)) >= count, f"event {name} ({self.events})", within_s)
        return self.seen(name)[count - 1]

    @property
    def me(self) -> rtc.LocalParticipant:
        return self.room.local_participant

    def remote(self, identity: str) -> rtc.RemoteParticipant:
        return self.room.remote_participants[identity]


@asynccontextmanager
async def joined(server: RunningRoom, identity: str, **options: Any) -> AsyncIterator[Client]:
    """A client in the room until the block ends; `options` as for make_token."""
    client = Client()
    await client.room.connect(server.url, make_token(server, identity, **options))
    try:
        yield client
    finally:
        await client.room.disconnect()


class Tone:
    """A sine wave published as a microphone."""

    def __init__(self, frequency: float) -> None:
        self.frequency = frequency
        self.source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=100)
        self.track = rtc.LocalAudioTrack.create_audio_track("tone", self.source)
        self._task: asyncio.Task[None] | None = None

    async def publish(self, client: Client) -> rtc.LocalTrackPublication:
        """Publish and begin to sound."""
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        publication = await client.me.publish_track(self.track, options)
        self._task = asyncio.create_task(self._sound())
        return publication

    async def _sound(self) -> None:
        position = 0
        while True:
            times = (position + np.arange(480)) / SAMPLE_RATE
            wave = (np.sin(2 * np.pi * self.frequency * times) * 10_000).astype(np.int16)
            position += 480
            await self.source.capture_frame(rtc.AudioFrame(wave.tobytes(), SAMPLE_RATE, 1, 480))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.source.aclose()


@asynccontextmanager
async def tone(frequency: float) -> AsyncIterator[Tone]:
    """A tone that is ended with the block."""
    made = Tone(frequency)
    try:
        yield made
    finally:
        await made.close()


def loudest_frequency(samples: np.ndarray, sample_rate: int = SAMPLE_RATE) -> float:
    """Return the frequency in Hz of the strongest component."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * sample_rate / len(samples))


async def hears(track: Any, frequency: float, within_s: float = DEADLINE_S) -> None:
    """Listen to a remote audio track until half a second of it is a tone of `frequency` Hz, or fail."""
    stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1)
    heard = np.zeros(0, np.int16)
    found = 0.0
    try:
        async with asyncio.timeout(within_s):
            async for event in stream:
                heard = np.concatenate([heard, np.frombuffer(event.frame.data, np.int16)])[
                    -SAMPLE_RATE // 2 :
                ]
                if len(heard) == SAMPLE_RATE // 2 and np.abs(heard).mean() > 500:
                    found = loudest_frequency(heard)
                    if abs(found - frequency) < 5:
                        return
    except TimeoutError:
        pass
    finally:
        await stream.aclose()
    raise AssertionError(f"{frequency} Hz was not heard; the loudest was {found} Hz")
