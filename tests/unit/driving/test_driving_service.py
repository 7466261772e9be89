"""The console and the ingress, spoken to directly, without a room."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest
from spatialreal.proto.generated import message_pb2 as pb
from support.driving_clients import API_KEY, APP_ID, audio, configure, ingress, service, token, tone
from support.fake_lipsync import FakeLipSync
from support.opus_files import opus_file

from avatardesk.driving import AvatarService, ServiceLimits
from avatardesk.driving.motion import MotionKind, decode
from avatardesk.errors import PlatformError, SettingsError


@pytest.fixture
async def running() -> AsyncIterator[AvatarService]:
    async with service(engine=FakeLipSync) as started:
        yield started


async def _post(url: str, body: object, key: str = API_KEY) -> tuple[int, dict[str, object]]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body, headers={"X-Api-Key": key}) as response,
    ):
        return response.status, await response.json()


async def test_both_dialects_hand_out_tokens(running: AvatarService) -> None:
    body = {"expireAt": int(time.time()) + 3600}
    status, camel = await _post(f"{running.console_url}/session-tokens", body)
    assert status == 200
    assert camel["sessionToken"]
    root = running.console_url.removesuffix("/v1/console")
    status, snake = await _post(f"{root}/v1/auth/session-token", body)
    assert status == 200
    assert snake["session_token"]
    assert camel["sessionToken"] != snake["session_token"]


async def test_a_wrong_api_key_is_refused_with_the_error_body(running: AvatarService) -> None:
    body = {"expireAt": int(time.time()) + 3600}
    status, answer = await _post(f"{running.console_url}/session-tokens", body, key="wrong")
    assert status == 401
    assert answer == {
        "errors": [
            {
                "status": 401,
                "code": "api_key_invalid",
                "title": "API key refused",
                "detail": "the X-Api-Key header holds no valid API key",
            }
        ]
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"expireAt": "soon"},
        {"expireAt": True},
        {"expireAt": 0},
        {"expireAt": int(time.time()) + 25 * 3600},
        {"expireAt": int(time.time()) + 60, "appId": "another"},
    ],
)
async def test_a_bad_token_request_is_refused(running: AvatarService, body: object) -> None:
    status, answer = await _post(f"{running.console_url}/session-tokens", body)
    assert status == 400
    assert answer["errors"]


@pytest.mark.parametrize("query", [False, True])
async def test_a_session_starts_with_header_and_with_query_authentication(
    running: AvatarService, query: bool
) -> None:
    async with ingress(running, query=query) as client:
        await client.send(configure(sample_rate=16000))
        message = await client.receive()
        assert message.type == pb.MESSAGE_SERVER_CONFIRM_SESSION
        assert message.server_confirm_session.connection_id
        assert list(message.server_confirm_session.capabilities) == ["playback_control", "playback_state"]


@pytest.mark.parametrize(
    ("avatar", "app_id", "key", "status"),
    [
        ("nova", APP_ID, "forged.token", 401),
        ("nova", APP_ID, "", 401),
        ("nova", "another-app", None, 404),
        ("nobody", APP_ID, None, 404),
    ],
)
async def test_the_upgrade_is_refused(
    running: AvatarService, avatar: str, app_id: str, key: str | None, status: int
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with ingress(running, avatar=avatar, app_id=app_id, session_key=key):
            pass
    assert refused.value.status == status


async def test_a_page_learns_by_close_code_that_its_token_is_no_good(running: AvatarService) -> None:
    async with ingress(running, session_key="forged.token", query=True) as client:
        code, text, closed = await client.refused()
    assert (code, closed) == (4010, 4010)
    assert text == "invalid session token"


async def test_an_expired_token_is_refused(running: AvatarService) -> None:
    key = await token(running, lasting=1.2)
    await asyncio.sleep(1.3)  # expiry has whole seconds: there is no event to wait for
    async with ingress(running, session_key=key, query=True) as client:
        assert await client.refused() == (4010, "session token expired", 4010)


async def test_a_token_of_another_service_is_refused(running: AvatarService) -> None:
    async with service(engine=FakeLipSync) as other:
        key = await token(other)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with ingress(running, session_key=key):
                pass


LIVEKIT = {"url": "ws://127.0.0.1:1", "room_name": "r", "publisher_id": "p", "api_token": "t"}


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (b"\xff\xff\xff", "failed to unmarshal initial message"),
        (b"", "failed to unmarshal initial message"),
        (audio("a", b""), "expected ClientConfigureSession message"),
        (configure(sample_rate=11025), "unsupported sample rate 11025"),
        (configure(sample_rate=0), "unsupported sample rate 0"),
        (configure(sample_rate=22050, audio_format=1), "unsupported sample rate 22050"),
        (configure(sample_rate=16000, audio_format=7), "unsupported audio format 7"),
        (configure(sample_rate=16000, transport_compression=3), "unsupported transport compression"),
        (
            configure(sample_rate=16000, egress_type=2, agora_egress={"uid": 1}),
            "agora_egress is not supported",
        ),
        (configure(sample_rate=16000, egress_type=9), "unknown egress type 9"),
        (configure(sample_rate=16000, egress_type=1), "livekit_egress is missing"),
        (
            configure(sample_rate=16000, egress_type=1, livekit_egress=LIVEKIT, agora_egress={"uid": 1}),
            "both livekit_egress and agora_egress",
        ),
        (
            configure(sample_rate=16000, egress_type=1, livekit_egress=LIVEKIT | {"api_token": ""}),
            "missing livekit credentials",
        ),
        (
            configure(sample_rate=16000, egress_type=1, livekit_egress=LIVEKIT | {"room_name": ""}),
            "livekit_egress.room_name is missing",
        ),
        (
            configure(sample_rate=16000, egress_type=1, livekit_egress=LIVEKIT | {"url": "file:///x"}),
            "livekit_egress.url",
        ),
    ],
)
async def test_a_bad_first_message_is_answered_and_closed(
    running: AvatarService, first: bytes, text: str
) -> None:
    async with ingress(running) as client:
        await client.send(first)
        code, found, closed = await client.refused()
    assert (code, closed) == (4000, 4000)
    assert text in found


async def test_an_unreachable_room_is_a_retryable_error(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000, egress_type=1, livekit_egress=LIVEKIT))
        code, text, closed = await client.refused(20)
    assert (code, closed) == (4503, 4503)
    assert "failed to create egress connection" in text


async def test_a_client_that_says_nothing_is_sent_away() -> None:
    async with (
        service(engine=FakeLipSync, limits=ServiceLimits(handshake_seconds=0.2)) as running,
        ingress(running) as client,
    ):
        code, text, _ = await client.refused()
    assert code == 4000
    assert "expected ClientConfigureSession message" in text


async def test_garbage_in_mid_session_ends_it(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        await client.receive()
        await client.send(b"\xff\xff")
        code, text, closed = await client.refused()
    assert (code, closed) == (4000, 4000)
    assert "failed to unmarshal message" in text


async def test_a_text_message_ends_the_session(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        await client.receive()
        await client.socket.send_str("{}")
        assert (await client.refused())[0] == 4000


async def test_one_session_too_many_is_refused_until_another_ends() -> None:
    async with service(engine=FakeLipSync, limits=ServiceLimits(max_sessions=1)) as running:
        async with ingress(running) as first:
            await first.send(configure(sample_rate=16000))
            await first.receive()
            async with ingress(running) as second:
                code, text, closed = await second.refused()
            assert (code, closed) == (4003, 4003)
            assert "too many sessions" in text
        async with ingress(running) as third:
            await third.send(configure(sample_rate=16000))
            assert (await third.receive()).type == pb.MESSAGE_SERVER_CONFIRM_SESSION


async def test_a_session_ends_at_its_time_limit() -> None:
    async with (
        service(engine=FakeLipSync, limits=ServiceLimits(session_seconds=0.2)) as running,
        ingress(running) as client,
    ):
        await client.send(configure(sample_rate=16000))
        await client.receive()
        assert await client.refused() == (4002, "session time limit reached", 4002)


async def test_a_session_without_audio_ends_when_idle() -> None:
    async with (
        service(engine=FakeLipSync, limits=ServiceLimits(idle_seconds=0.2)) as running,
        ingress(running) as client,
    ):
        await client.send(configure(sample_rate=16000))
        await client.receive()
        code, text, closed = await client.refused()
    assert "livekit silence timeout" in text
    assert (code, closed) == (4, 1000)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 32000, 44100, 48000])
async def test_without_egress_the_motion_comes_back_to_the_caller(running: AvatarService, rate: int) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=rate))
        await client.receive()
        pcm = tone(1.01, rate)
        await client.send(audio("a", pcm[:3001]))  # a message may end in the middle of a sample
        await client.send(audio("a", pcm[3001:], end=True))
        frames = []
        while True:
            message = await client.receive()
            assert message.type == pb.MESSAGE_SERVER_RESPONSE_ANIMATION
            answer = message.server_response_animation
            assert (answer.req_id, answer.avatar_id) == ("a", "nova")
            motion = decode(answer.animation)
            assert motion.kind is MotionKind.FRAMES
            assert motion.frame == len(frames) + len(motion.frames) - 1
            assert motion.track_samples == motion.frame * 960
            frames.extend(motion.frames)
            if answer.end:
                break
    assert len(frames) == 51
    assert bool(motion.flags & 1)
    assert all(frame.weights[17] > 0.3 for frame in frames[:50])


async def test_ogg_opus_is_accepted_one_stream_per_request(running: AvatarService) -> None:
    sound = np.frombuffer(tone(0.5, 48000), dtype="<i2")
    data = opus_file(sound)
    async with ingress(running) as client:
        await client.send(configure(sample_rate=24000, audio_format=1))
        await client.receive()
        for req_id in ("a", "b"):
            await client.send(audio(req_id, data[:500]))
            await client.send(audio(req_id, data[500:], end=True))
            frames = 0
            while True:
                answer = (await client.receive()).server_response_animation
                assert answer.req_id == req_id
                frames += len(decode(answer.animation).frames)
                if answer.end:
                    break
            assert frames == 25


async def test_what_is_no_ogg_opus_ends_the_session(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=48000, audio_format=1))
        await client.receive()
        await client.send(audio("a", tone(0.1, 48000)))
        code, text, _ = await client.refused()
    assert code == 4000
    assert "no Ogg stream" in text


async def test_an_empty_request_of_a_caller_ends_at_once(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        await client.receive()
        await client.send(audio("a", b"", end=True))
        answer = (await client.receive()).server_response_animation
    assert answer.end
    assert answer.animation == b""


async def test_an_interrupted_caller_gets_no_more_of_that_request(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        await client.receive()
        await client.send(audio("a", tone(600, 16000)))
        interrupt = pb.Message(type=pb.MESSAGE_CLIENT_INTERRUPT)
        interrupt.client_interrupt.req_id = "a"
        await client.send(interrupt.SerializeToString())
        await client.send(audio("a", tone(1, 16000), end=True))  # was on its way
        await client.send(audio("b", tone(0.1, 16000), end=True))
        answers = []
        while not (answers and answers[-1].end):
            answers.append((await client.receive()).server_response_animation)
    assert [answer.req_id for answer in answers][-1] == "b"
    assert not any(answer.end for answer in answers if answer.req_id == "a")


async def test_a_recording_of_many_megabytes_fits_into_one_message(running: AvatarService) -> None:
    async with ingress(running) as client:
        await client.send(configure(sample_rate=48000))
        await client.receive()
        await client.send(audio("a", bytes(60 * 1024 * 1024)))
        await client.send(audio("a", b"", end=True))
        assert (await client.receive()).type == pb.MESSAGE_SERVER_RESPONSE_ANIMATION


async def test_more_audio_than_may_wait_ends_the_session() -> None:
    async with (
        service(engine=FakeLipSync, limits=ServiceLimits(buffered_seconds=1)) as running,
        ingress(running) as client,
    ):
        await client.send(configure(sample_rate=16000))
        await client.receive()
        await client.send(audio("a", bytes(16000 * 2 * 2)))
        code, text, _ = await client.refused()
    assert code == 4000
    assert "of audio are waiting" in text


async def test_a_machine_without_the_speech_model_says_so() -> None:
    def broken(sample_rate: int) -> FakeLipSync:
        raise PlatformError("The speech model is missing.", hint="Install it.")

    async with service(engine=broken) as running, ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        code, text, closed = await client.refused()
    assert (code, closed) == (4503, 4503)
    assert text == "driven server request failed: The speech model is missing. Install it."


async def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PlatformError, match="port is in use") as refused:
            await service(engine=FakeLipSync, port=port).start()
    assert refused.value.hint


def test_it_listens_on_loopback_only() -> None:
    for host in ("0.0.0.0", "192.168.0.1", "example.org"):
        with pytest.raises(SettingsError, match="this machine only"):
            service(host=host)


def test_it_needs_credentials() -> None:
    with pytest.raises(SettingsError):
        AvatarService(api_key="", app_id="a")


async def test_sessions_end_with_the_service() -> None:
    running = service(engine=FakeLipSync)
    await running.start()
    async with ingress(running) as client:
        await client.send(configure(sample_rate=16000))
        await client.receive()
        closed = asyncio.create_task(client.closed())
        await asyncio.sleep(0)  # the client listens, as clients do
        await running.aclose()
        assert await closed == 1001
