"""The avatar as a participant of a LiveKit room: its tracks and its motion messages."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import time
from typing import Any

from livekit import api, rtc
from livekit.rtc.participant import PublishDataError, PublishTrackError

from avatardesk.driving.limits import CloseCode, ServiceLimits, SessionEndedError
from avatardesk.driving.pacing import pace
from avatardesk.driving.playout import TICK_SAMPLES, Playout
from avatardesk.driving.speech import TRACK_RATE
from avatardesk.driving.wire import LiveKitEgress

_log = logging.getLogger(__name__)

MOTION_TOPIC = "avatar.motion"

_LOSSY_WAITING = 8
_VIDEO_SIZE = 16
_VIDEO_SECONDS = 1.0
_AUDIO_BITRATE = 64_000
_TOKEN_LIFE = datetime.timedelta(hours=24)
_REJOIN_DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)

# Reasons after which the avatar is not wanted in the room; after any other it comes back.
_FINAL_REASONS = {
    rtc.DisconnectReason.CLIENT_INITIATED: "the avatar left the room",
    rtc.DisconnectReason.DUPLICATE_IDENTITY: "another participant took the avatar's identity",
    rtc.DisconnectReason.PARTICIPANT_REMOVED: "the avatar was removed from the room",
    rtc.DisconnectReason.ROOM_DELETED: "the room was closed",
}


def check_egress(egress: LiveKitEgress | None) -> LiveKitEgress:
    """Return a complete egress configuration. Raises SessionEndedError, worded as the SDKs recognise it."""
    if egress is None:
        raise SessionEndedError(CloseCode.INVALID, "livekit_egress is missing")
    if not egress.url.startswith(("ws://", "wss://", "http://", "https://")):
        raise SessionEndedError(CloseCode.INVALID, "livekit_egress.url is not the URL of a LiveKit server")
    for name in ("room_name", "publisher_id"):
        if not getattr(egress, name):
            raise SessionEndedError(CloseCode.INVALID, f"livekit_egress.{name} is missing")
    if not egress.api_token and not (egress.api_key and egress.api_secret):
        raise SessionEndedError(
            CloseCode.INVALID,
            "missing livekit credentials in livekit_egress: provide api_token or both api_key and api_secret",
        )
    return egress


def room_token(egress: LiveKitEgress) -> str:
    """Return the token to join with: the one given, or one made from the key and secret given."""
    if egress.api_token:
        return egress.api_token
    grants = api.VideoGrants(
        room_join=True,
        room=egress.room_name,
        can_publish=True,
        can_publish_data=True,
        can_subscribe=False,
        can_update_own_metadata=True,
    )
    return (
        api.AccessToken(egress.api_key, egress.api_secret)
        .with_identity(egress.publisher_id)
        .with_name(egress.publisher_id)
        .with_kind("agent")
        .with_attributes(egress.extra_attributes)
        .with_ttl(_TOKEN_LIFE)
        .with_grants(grants)
        .to_jwt()
    )


class LiveKitStage:
    """Joins a room as the avatar and plays a Playout there until it is told to leave or cannot stay."""

    def __init__(self, egress: LiveKitEgress, playout: Playout, limits: ServiceLimits) -> None:
        self._egress = egress
        self._token = room_token(egress)
        self._playout = playout
        self._limits = limits
        self._room: rtc.Room | None = None
        self._source: rtc.AudioSource | None = None
        self._video: rtc.VideoSource | None = None
        self._lost: asyncio.Future[rtc.DisconnectReason.ValueType] = (
            asyncio.get_running_loop().create_future()
        )
        self._reliable: asyncio.Queue[bytes] = asyncio.Queue()
        self._lossy: asyncio.Queue[bytes] = asyncio.Queue(_LOSSY_WAITING)

    def send_motion(self, data: bytes, reliable: bool) -> None:
        """Publish a motion message soon. Lossy ones that cannot leave give way to newer ones."""
        queue = self._reliable if reliable else self._lossy
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(data)

    async def join(self) -> None:
        """Join and publish both tracks. Raises SessionEndedError when the room cannot be joined."""
        try:
            async with asyncio.timeout(self._limits.egress_seconds):
                await self._connect()
        except (rtc.ConnectError, PublishTrackError, TimeoutError) as error:
            await self._leave()
            reason = str(error) or "the room did not answer in time"
            refused = any(word in reason.lower() for word in ("401", "403", "unauthorized", "forbidden"))
            if refused:
                raise SessionEndedError(
                    CloseCode.INVALID, f"livekit_egress: unauthorized, the room refuses the token ({reason})"
                ) from error
            raise SessionEndedError(
                CloseCode.UPSTREAM, f"failed to create egress connection to {self._egress.url}: {reason}"
            ) from error

    async def _connect(self) -> None:
        room = self._room = rtc.Room()
        lost = self._lost = _new_lost()

        @room.on("disconnected")
        def _disconnected(reason: rtc.DisconnectReason.ValueType) -> None:
            if not lost.done():
                lost.set_result(reason)

        await room.connect(
            self._egress.url,
            self._token,
            rtc.RoomOptions(auto_subscribe=False, connect_timeout=self._limits.egress_seconds),
        )
        participant = room.local_participant
        if participant.identity != self._egress.publisher_id:
            _log.warning("the egress token is for %r, not for the publisher id", participant.identity)
        missing = {
            key: value
            for key, value in self._egress.extra_attributes.items()
            if participant.attributes.get(key) != value
        }
        # Without a queue: a starved source then inserts no time of its own, so the track's clock is ours.
        self._source = rtc.AudioSource(TRACK_RATE, 1, queue_size_ms=0)
        self._video = rtc.VideoSource(_VIDEO_SIZE, _VIDEO_SIZE)
        voice = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)
        voice.audio_encoding.max_bitrate = _AUDIO_BITRATE
        await participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("avatar-voice", self._source), voice
        )
        # Nobody shows this picture: clients of the real service wait for a video before they speak.
        await participant.publish_track(
            rtc.LocalVideoTrack.create_video_track("avatar-video", self._video),
            rtc.TrackPublishOptions(
                source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False, video_codec=rtc.VideoCodec.VP8
            ),
        )
        if missing:
            await _set_attributes(participant, missing)

    async def run(self) -> None:
        """Play for ever. Raises SessionEndedError when the avatar has no room any more."""
        while True:
            tasks = [
                asyncio.create_task(pace(self._push, time.perf_counter)),
                asyncio.create_task(self._show_black()),
                asyncio.create_task(self._publish(self._reliable, reliable=True)),
                asyncio.create_task(self._publish(self._lossy, reliable=False)),
            ]
            try:
                waiting: list[asyncio.Future[Any]] = [self._lost, *tasks]
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if self._lost not in done:
                    done.pop().result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            reason = self._lost.result()
            if reason in _FINAL_REASONS:
                raise SessionEndedError(CloseCode.NORMAL, f"egress ended: {_FINAL_REASONS[reason]}")
            _log.warning("the avatar lost its room (reason %s) and goes back", reason)
            await self._rejoin()
            self._playout.begin_track()

    async def _rejoin(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.rejoin_seconds
        await self._leave()
        attempt = 0
        while True:
            await asyncio.sleep(_REJOIN_DELAYS[min(attempt, len(_REJOIN_DELAYS) - 1)])
            attempt += 1
            try:
                await self.join()
            except SessionEndedError:
                if loop.time() > deadline:
                    raise
            else:
                return

    async def _push(self) -> None:
        assert self._source is not None
        pcm = self._playout.tick()
        await self._source.capture_frame(rtc.AudioFrame(pcm.tobytes(), TRACK_RATE, 1, TICK_SAMPLES))

    async def _show_black(self) -> None:
        assert self._video is not None
        pixels = _VIDEO_SIZE * _VIDEO_SIZE
        i420 = bytes([16]) * pixels + bytes([128]) * (pixels // 2)
        frame = rtc.VideoFrame(_VIDEO_SIZE, _VIDEO_SIZE, rtc.VideoBufferType.I420, i420)
        while True:
            self._video.capture_frame(frame)
            await asyncio.sleep(_VIDEO_SECONDS)

    async def _publish(self, queue: asyncio.Queue[bytes], *, reliable: bool) -> None:
        assert self._room is not None
        participant = self._room.local_participant
        while True:
            data = await queue.get()
            try:
                await participant.publish_data(data, reliable=reliable, topic=MOTION_TOPIC)
            except PublishDataError as error:
                _log.warning("a motion message could not be sent: %s", error)

    async def _leave(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            with contextlib.suppress(Exception):  # a room that is gone cannot be left politely
                await asyncio.wait_for(room.disconnect(), 2.0)
        for source in (self._source, self._video):
            if source is not None:
                await source.aclose()
        self._source = self._video = None

    async def aclose(self) -> None:
        """Leave the room."""
        await self._leave()


async def _set_attributes(participant: rtc.LocalParticipant, attributes: dict[str, str]) -> None:
    with contextlib.suppress(Exception):  # the SDK raises nothing more precise
        await participant.set_attributes(attributes)
        return
    _log.warning("the egress token neither has the extra attributes nor may set them")


def _new_lost() -> asyncio.Future[rtc.DisconnectReason.ValueType]:
    return asyncio.get_running_loop().create_future()
