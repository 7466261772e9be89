"""The vendor's unmodified SDKs drive the avatar service: what is heard, seen and told."""

from __future__ import annotations

import asyncio
import datetime
import time
import warnings
from collections.abc import AsyncIterator
from typing import Any, Self

import avatarkit
import pytest
import spatialreal
from livekit import api, rtc
from spatialreal import PlaybackState
from support.driving_audience import Audience, audience
from support.driving_clients import API_KEY, APP_ID, service, tone
from support.livekit_server import RunningRoom, livekit_server
from support.room_clients import eventually, make_token
from support.room_servers import embedded_room

from avatardesk.driving import AvatarService, ServiceLimits
from avatardesk.driving.motion import MotionKind

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
async def room() -> AsyncIterator[RunningRoom]:
    async with embedded_room() as running:
        yield running


@pytest.fixture
async def running() -> AsyncIterator[AvatarService]:
    async with service(limits=ServiceLimits(pause_seconds=1.5)) as started:
        yield started


class Caller:
    """An SDK session and what its callbacks were told."""

    def __init__(self, sdk: Any, running: AvatarService, room: RunningRoom | None, **options: Any) -> None:
        self.signals: list[tuple[float, str, bool]] = []
        self.states: list[tuple[str, PlaybackState, int, str]] = []
        self.errors: list[Any] = []
        self.payloads: list[bytes] = []
        settings: dict[str, Any] = {
            "api_key": API_KEY,
            "app_id": APP_ID,
            "avatar_id": "nova",
            "console_endpoint_url": running.console_url,
            "ingress_endpoint_url": running.ingress_url,
            "expire_at": datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5),
            "sample_rate": 16000,
            "on_error": self.errors.append,
        }
        if sdk is spatialreal:
            settings["on_playback"] = lambda s: self.signals.append((time.monotonic(), s.req_id, s.end))
            settings["on_playback_state"] = lambda e: self.states.append(
                (e.req_id, e.state, e.played_ms, e.reason)
            )
        else:
            settings["transport_frames"] = self._frame
        if room is not None:
            token = make_token(
                room,
                "avatar",
                kind="agent",
                can_subscribe=False,
                attributes={"lk.publish_on_behalf": "agent"},
            )
            settings["livekit_egress"] = sdk.LiveKitEgressConfig(
                url=room.url,
                api_token=token,
                room_name="desk",
                publisher_id="avatar",
                extra_attributes={"lk.publish_on_behalf": "agent"},
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.session = sdk.new_avatar_session(**(settings | options))

    def _frame(self, payload: bytes, last: bool) -> None:
        message = avatarkit.proto.generated.message_pb2.Message()
        message.ParseFromString(payload)
        self.payloads.append(payload)
        self.signals.append((time.monotonic(), message.server_response_animation.req_id, last))

    async def __aenter__(self) -> Self:
        await self.session.init()
        await self.session.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def told(self, req_id: str, *, end: bool) -> float:
        """Wait until the request's playback has started or ended; return when it was told."""

        def found() -> list[float]:
            return [at for at, name, last in self.signals if (name, last) == (req_id, end)]

        await eventually(found, f"{'end' if end else 'start'} of {req_id}")
        return found()[0]

    async def state(self, *wanted: PlaybackState) -> tuple[str, PlaybackState, int, str]:
        """Wait until the last states are `wanted`; return the very last."""
        await eventually(
            lambda: tuple(state[1] for state in self.states[-len(wanted) :]) == wanted,
            f"states {wanted}, not {self.states}",
        )
        return self.states[-1]


async def check_a_reply(caller: Caller, listener: Audience) -> None:
    """Say two seconds and check what is heard, seen and told."""
    began = time.monotonic()
    req_id = await caller.session.send_audio(tone(2.0, 16000), end=True)
    heard = await listener.hears(began)
    started, ended = await caller.told(req_id, end=False), await caller.told(req_id, end=True)
    await listener.sees(MotionKind.END)
    assert started - began < 0.5
    assert heard - started < 1.0
    assert 1.9 < ended - started < 2.6
    assert listener.kinds() == [MotionKind.START, MotionKind.END]
    start, end = listener.events()
    assert end.frame == 100
    assert end.track_samples - start.track_samples == 96000
    assert listener.frames(start.round) == set(range(100))
    received = [size for _, message, size in listener.motion if message.kind is MotionKind.FRAMES]
    assert sum(received) / 2.0 <= 20 * 1024
    await eventually(lambda: abs(listener.seconds() - 2.0) < 0.15, "two seconds of sound")
    assert not caller.errors


async def check_the_participant(listener: Audience) -> None:
    avatar = await eventually(lambda: listener.client.room.remote_participants.get("avatar"), "the avatar")
    await eventually(lambda: len(avatar.track_publications) == 2, "two tracks")
    assert avatar.attributes["lk.publish_on_behalf"] == "agent"
    kinds = {pub.kind: pub.source for pub in avatar.track_publications.values()}
    assert kinds == {
        rtc.TrackKind.KIND_AUDIO: rtc.TrackSource.SOURCE_MICROPHONE,
        rtc.TrackKind.KIND_VIDEO: rtc.TrackSource.SOURCE_CAMERA,
    }


@pytest.mark.parametrize("sdk", [avatarkit, spatialreal], ids=lambda sdk: sdk.__name__)
async def test_a_reply_is_heard_seen_and_reported(
    sdk: Any, running: AvatarService, room: RunningRoom
) -> None:
    async with audience(room) as listener:
        async with Caller(sdk, running, room) as caller:
            await check_the_participant(listener)
            await check_a_reply(caller, listener)
        await listener.client.wait("participant_disconnected")


@pytest.mark.livekit_server
async def test_the_same_in_a_real_livekit_server(running: AvatarService) -> None:
    async with (
        livekit_server() as room,
        audience(room) as listener,
        Caller(spatialreal, running, room) as caller,
    ):
        await check_the_participant(listener)
        await check_a_reply(caller, listener)


async def test_key_and_secret_do_instead_of_a_token(running: AvatarService, room: RunningRoom) -> None:
    egress = spatialreal.LiveKitEgressConfig(
        url=room.url,
        api_key=room.api_key,
        api_secret=room.api_secret,
        room_name="desk",
        publisher_id="avatar",
        extra_attributes={"lk.publish_on_behalf": "agent"},
    )
    async with audience(room) as listener, Caller(spatialreal, running, room, livekit_egress=egress):
        await check_the_participant(listener)


async def test_a_token_that_may_do_so_gets_its_attributes_after_joining(
    running: AvatarService, room: RunningRoom
) -> None:
    egress = spatialreal.LiveKitEgressConfig(
        url=room.url,
        api_token=make_token(room, "avatar", can_update_own_metadata=True),
        room_name="desk",
        publisher_id="avatar",
        extra_attributes={"lk.publish_on_behalf": "agent"},
    )
    async with audience(room) as listener, Caller(spatialreal, running, room, livekit_egress=egress):
        avatar = await eventually(lambda: listener.client.room.remote_participants.get("avatar"), "it")
        await eventually(lambda: avatar.attributes.get("lk.publish_on_behalf") == "agent", "the attribute")


async def test_states_follow_a_reply(running: AvatarService, room: RunningRoom) -> None:
    async with Caller(spatialreal, running, room) as caller:
        assert caller.session.capabilities == ("playback_control", "playback_state")
        req_id = await caller.session.send_audio(tone(0.5, 16000), end=True)
        last = await caller.state(PlaybackState.PLAYING, PlaybackState.ENDED)
        assert last == (req_id, PlaybackState.ENDED, 500, "")


async def test_a_reply_that_comes_in_pieces_is_played_in_one(
    running: AvatarService, room: RunningRoom
) -> None:
    pcm = tone(1.5, 24000)
    async with audience(room) as listener, Caller(spatialreal, running, room, sample_rate=24000) as caller:
        await check_the_participant(listener)
        for start in range(0, len(pcm), 960):
            await caller.session.send_audio(pcm[start : start + 960])
            await asyncio.sleep(0.002)
        req_id = await caller.session.send_audio(b"", end=True)
        await caller.told(req_id, end=True)
        await listener.sees(MotionKind.END)
        assert listener.kinds() == [MotionKind.START, MotionKind.END]


async def test_an_interrupted_reply_is_silent_within_a_quarter_second(
    running: AvatarService, room: RunningRoom
) -> None:
    took = []
    async with audience(room) as listener, Caller(spatialreal, running, room) as caller:
        for number in (1, 2, 3):
            began = time.monotonic()
            await caller.session.send_audio(tone(10, 16000), end=True)
            await eventually(lambda since=began: listener.seconds(since) > 0.7, "the reply goes on")
            asked = time.monotonic()
            req_id = await caller.session.interrupt()
            last = await caller.state(PlaybackState.PLAYING, PlaybackState.INTERRUPTED)
            assert (last[0], last[3]) == (req_id, "explicit")
            assert last[2] > 500
            stopped = await listener.sees(MotionKind.INTERRUPTED, asked)
            assert time.monotonic() - asked < 0.25
            assert (stopped.round, stopped.frame * 20) == (number, last[2])
            await asyncio.sleep(0.6)  # what is not heard has no event
            took.append(max(listener.loud(asked), default=asked) - asked)
        assert all(end is False for _, _, end in caller.signals)
        again = await caller.session.send_audio(tone(0.5, 16000), end=True)
        await caller.told(again, end=True)
    # The service stops within 15 ms; the rest is the listener's jitter buffer, which grows on a busy machine.
    assert min(took) < 0.25


async def test_a_paused_reply_goes_on_where_it_stopped(running: AvatarService, room: RunningRoom) -> None:
    async with audience(room) as listener, Caller(spatialreal, running, room) as caller:
        req_id = await caller.session.send_audio(tone(3, 16000), end=True)
        await eventually(lambda: listener.seconds() > 0.5, "the reply is heard")
        asked = time.monotonic()
        await caller.session.pause()
        paused = await caller.state(PlaybackState.PLAYING, PlaybackState.PAUSED)
        await asyncio.sleep(0.8)  # what is not heard has no event
        assert max(listener.loud(asked), default=asked) - asked < 0.5
        resumed_at = time.monotonic()
        await caller.session.resume()
        await listener.hears(resumed_at)
        await caller.told(req_id, end=True)
        assert await caller.state(PlaybackState.PLAYING, PlaybackState.ENDED) == (
            req_id,
            PlaybackState.ENDED,
            3000,
            "",
        )
        await listener.sees(MotionKind.END)
        assert listener.kinds() == [
            MotionKind.START,
            MotionKind.PAUSED,
            MotionKind.RESUMED,
            MotionKind.END,
        ]
        start, held, resumed, end = listener.events()
        assert held.frame == resumed.frame == paused[2] // 20
        assert end.frame == 150
        assert end.track_samples - resumed.track_samples == (150 - resumed.frame) * 960
        assert held.track_samples - start.track_samples == held.frame * 960
        await eventually(lambda: abs(listener.seconds() - 3.0) < 0.2, "three seconds of sound in all")


async def test_a_pause_that_lasts_too_long_is_an_interruption(
    running: AvatarService, room: RunningRoom
) -> None:
    async with Caller(spatialreal, running, room) as caller:
        req_id = await caller.session.send_audio(tone(3, 16000), end=True)
        await caller.told(req_id, end=False)
        await caller.session.pause()
        last = await caller.state(PlaybackState.PAUSED, PlaybackState.INTERRUPTED)
        assert (last[0], last[3]) == (req_id, "pause_timeout")


async def test_two_avatars_share_a_room(running: AvatarService, room: RunningRoom) -> None:
    other = spatialreal.LiveKitEgressConfig(
        url=room.url,
        api_token=make_token(room, "other", kind="agent"),
        room_name="desk",
        publisher_id="other",
    )
    async with (
        audience(room) as listener,
        Caller(spatialreal, running, room) as one,
        Caller(avatarkit, running, room, livekit_egress=_avatarkit_egress(other), avatar_id="iris") as two,
    ):
        ids = [await caller.session.send_audio(tone(0.5, 16000), end=True) for caller in (one, two)]
        for caller, req_id in zip((one, two), ids, strict=True):
            await caller.told(req_id, end=True)
        await eventually(lambda: listener.kinds().count(MotionKind.END) == 2, "both rounds end")


def _avatarkit_egress(config: spatialreal.LiveKitEgressConfig) -> Any:
    return avatarkit.LiveKitEgressConfig(
        url=config.url,
        api_token=config.api_token,
        room_name=config.room_name,
        publisher_id=config.publisher_id,
    )


async def test_without_egress_avatarkit_gets_the_motion(running: AvatarService) -> None:
    async with Caller(avatarkit, running, None) as caller:
        req_id = await caller.session.send_audio(tone(1, 16000), end=True)
        await caller.told(req_id, end=True)
    assert len(caller.payloads) == 5


async def test_an_idle_session_leaves_the_room(running: AvatarService, room: RunningRoom) -> None:
    egress = avatarkit.LiveKitEgressConfig(
        url=room.url,
        api_token=make_token(room, "avatar"),
        room_name="desk",
        publisher_id="avatar",
        idle_timeout=1,
    )
    async with audience(room) as listener, Caller(avatarkit, running, room, livekit_egress=egress) as caller:
        await listener.client.wait("participant_disconnected")
        await eventually(lambda: caller.errors, "an error")
        assert caller.errors[0].code == avatarkit.AvatarSDKErrorCode.idleTimeout


@pytest.mark.parametrize(("call", "words"), [("remove", "was removed"), ("delete", "room was closed")])
async def test_an_avatar_that_is_sent_away_stays_away(
    running: AvatarService, room: RunningRoom, call: str, words: str
) -> None:
    async with Caller(spatialreal, running, room) as caller:
        url = room.url.replace("ws://", "http://")
        async with api.LiveKitAPI(url, room.api_key, room.api_secret) as admin:
            if call == "remove":
                who = api.RoomParticipantIdentity(room="desk", identity="avatar")
                await admin.room.remove_participant(who)
            else:
                await admin.room.delete_room(api.DeleteRoomRequest(room="desk"))
        await eventually(lambda: caller.errors, "an error")
        assert words in str(caller.errors[0])


async def test_an_avatar_whose_identity_is_taken_ends_its_session(
    running: AvatarService, room: RunningRoom
) -> None:
    async with Caller(spatialreal, running, room) as caller, audience(room) as listener:
        assert "avatar" in listener.client.room.remote_participants
        thief = rtc.Room()
        await thief.connect(room.url, make_token(room, "avatar"))
        await eventually(lambda: caller.errors, "an error")
        assert "identity" in str(caller.errors[0])
        await thief.disconnect()


@pytest.mark.parametrize(
    ("sdk", "options", "code", "words"),
    [
        (avatarkit, {"api_key": "wrong"}, "sessionTokenExpired", "API key"),
        (spatialreal, {"api_key": "wrong"}, "sessionTokenInvalid", "API key"),
        (avatarkit, {"app_id": "wrong"}, "appIDUnrecognized", "app id unrecognized"),
        (avatarkit, {"avatar_id": "nobody"}, "avatarNotFound", "avatar not found"),
        (spatialreal, {"avatar_id": "nobody"}, "connectionFailed", "404"),
        (avatarkit, {"sample_rate": 11025}, "unsupportedSampleRate", "11025"),
        (spatialreal, {"sample_rate": 11025}, "connectionClosed", "unsupported sample rate 11025"),
    ],
)
async def test_what_is_wrong_is_said_as_the_sdk_understands_it(
    running: AvatarService, sdk: Any, options: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(sdk.AvatarSDKError) as refused:
        async with Caller(sdk, running, None, **options):
            pass
    assert refused.value.code == code
    assert words in str(refused.value)
    if sdk is spatialreal:
        assert not refused.value.retryable or code == "connectionFailed"


@pytest.mark.parametrize("sdk", [avatarkit, spatialreal], ids=lambda sdk: sdk.__name__)
async def test_agora_is_refused(sdk: Any, running: AvatarService) -> None:
    egress = sdk.AgoraEgressConfig(channel_name="c", token="t", uid=1, publisher_id="p")
    with pytest.raises(sdk.AvatarSDKError, match="agora_egress is not supported") as refused:
        async with Caller(sdk, running, None, agora_egress=egress):
            pass
    if sdk is avatarkit:
        assert refused.value.code == "invalidEgressConfig"


async def test_a_token_the_room_refuses_is_a_wrong_egress(running: AvatarService, room: RunningRoom) -> None:
    for sdk in (avatarkit, spatialreal):
        egress = sdk.LiveKitEgressConfig(
            url=room.url, api_token="no.such.token", room_name="desk", publisher_id="avatar"
        )
        with pytest.raises(sdk.AvatarSDKError, match="refuses the token") as refused:
            async with Caller(sdk, running, room, livekit_egress=egress):
                pass
        if sdk is avatarkit:
            assert refused.value.code == "invalidEgressConfig"


async def test_an_unreachable_room_may_be_tried_again(running: AvatarService) -> None:
    egress = spatialreal.LiveKitEgressConfig(
        url="ws://127.0.0.1:9", api_token="a.b.c", room_name="desk", publisher_id="avatar"
    )
    with pytest.raises(spatialreal.AvatarSDKError) as refused:
        async with Caller(spatialreal, running, None, livekit_egress=egress):
            pass
    assert refused.value.code == "upstreamError"
    assert refused.value.retryable
