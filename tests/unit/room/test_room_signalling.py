"""The signalling WebSocket of the room, message by message."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator

import aiohttp
import jwt
import pytest
import pytest_asyncio
from livekit.protocol import models, rtc
from support.livekit_server import RunningRoom
from support.room_clients import make_token
from support.room_servers import embedded_room
from support.signal_client import signalling

from avatardesk.room import RoomLimits


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RunningRoom]:
    async with embedded_room() as found:
        yield found


async def test_the_first_messages_are_the_join_and_an_offer(server: RunningRoom) -> None:
    token = make_token(server, "ann", name="Ann", kind="agent", attributes={"seat": "4"})
    async with signalling(server.url, token) as ann:
        join = await ann.receive("join")
        assert (join.participant.identity, join.participant.name) == ("ann", "Ann")
        assert join.participant.kind == models.ParticipantInfo.AGENT
        assert dict(join.participant.attributes) == {"seat": "4"}
        assert join.ping_interval > 0
        assert join.ping_timeout > 0
        assert join.subscriber_primary
        offer = await ann.receive("offer")
        assert offer.id == 1
        assert "m=application" in offer.sdp


async def test_both_kinds_of_ping_are_answered(server: RunningRoom) -> None:
    async with signalling(server.url, make_token(server, "ann")) as ann:
        await ann.send(ping=1)
        assert await ann.receive("pong") > 1_600_000_000_000
        await ann.send(ping_req=rtc.Ping(timestamp=77))
        assert (await ann.receive("pong_resp")).last_ping_timestamp == 77


async def test_a_track_of_a_source_not_granted_is_refused(server: RunningRoom) -> None:
    token = make_token(server, "ann", can_publish_sources=["camera"])
    async with signalling(server.url, token) as ann:
        wanted = rtc.AddTrackRequest(cid="c1", source=models.TrackSource.MICROPHONE)
        await ann.send(add_track=wanted)
        refused = await ann.receive("request_response")
        assert refused.reason == rtc.RequestResponse.NOT_ALLOWED
        assert refused.add_track.cid == "c1"
        wanted = rtc.AddTrackRequest(cid="c2", source=models.TrackSource.CAMERA, type=models.TrackType.VIDEO)
        await ann.send(add_track=wanted)
        assert (await ann.receive("track_published")).cid == "c2"


async def test_there_is_a_most_of_tracks() -> None:
    async with (
        embedded_room(RoomLimits(max_tracks=1)) as server,
        signalling(server.url, make_token(server, "ann")) as ann,
    ):
        await ann.send(add_track=rtc.AddTrackRequest(cid="c1"))
        await ann.send(add_track=rtc.AddTrackRequest(cid="c2"))
        assert (await ann.receive("request_response")).reason == rtc.RequestResponse.LIMIT_EXCEEDED


async def test_own_metadata_needs_the_permission_and_has_a_limit() -> None:
    async with embedded_room(RoomLimits(max_metadata=100)) as server:
        change = rtc.UpdateParticipantMetadata(metadata="new", request_id=7)
        async with signalling(server.url, make_token(server, "ann")) as ann:
            await ann.send(update_metadata=change)
            response = await ann.receive("request_response")
            assert (response.request_id, response.reason) == (7, rtc.RequestResponse.NOT_ALLOWED)
        async with signalling(server.url, make_token(server, "bob", can_update_own_metadata=True)) as bob:
            await bob.send(update_metadata=change)
            seen = await bob.receive("update", lambda update: update.participants[0].identity == "bob")
            assert seen.participants[0].metadata == "new"
            assert (await bob.receive("request_response")).reason == rtc.RequestResponse.OK
            change.metadata = "x" * 101
            await bob.send(update_metadata=change)
            assert (await bob.receive("request_response")).reason == rtc.RequestResponse.LIMIT_EXCEEDED


async def test_a_resume_of_somebody_unknown_is_sent_to_join_anew(server: RunningRoom) -> None:
    token = make_token(server, "ann")
    async with signalling(server.url, token, reconnect="1", sid="PA_unknown") as ann:
        leave = await ann.receive("leave")
        assert leave.action == rtc.LeaveRequest.RECONNECT
        assert leave.reason == models.DisconnectReason.STATE_MISMATCH


async def test_one_too_many_is_told_to_leave() -> None:
    async with (
        embedded_room(RoomLimits(max_participants=1)) as server,
        signalling(server.url, make_token(server, "ann")) as ann,
        signalling(server.url, make_token(server, "bob")) as bob,
    ):
        leave = await bob.receive("leave")
        assert leave.reason == models.DisconnectReason.JOIN_FAILURE
        await ann.receive("join")


async def test_whoever_does_not_complete_its_join_is_forgotten() -> None:
    async with (
        embedded_room(RoomLimits(join_timeout=0.3)) as server,
        signalling(server.url, make_token(server, "ann")) as ann,
    ):
        leave = await ann.receive("leave")
        assert leave.reason == models.DisconnectReason.JOIN_FAILURE
        await ann.closed()


@pytest.mark.parametrize(
    ("token", "status", "text"),
    [
        ("", 401, "no access token"),
        ("nonsense", 401, "invalid access token"),
        ("expired", 401, "expired"),
        ("early", 401, "not valid yet"),
        ("stranger", 401, "invalid API key"),
        ("forged", 401, "invalid access token"),
        ("unsigned", 401, "invalid access token"),
        ("no join", 401, "roomJoin"),
        ("good", 200, "success"),
    ],
)
async def test_the_validation_says_what_is_wrong_with_a_token(
    server: RunningRoom, token: str, status: int, text: str
) -> None:
    claims = {
        "iss": server.api_key,
        "sub": "ann",
        "exp": 4_000_000_000,
        "video": {"room": "r", "roomJoin": True},
    }
    changed, key, algorithm = {}, server.api_secret, "HS256"
    if token == "expired":
        changed = {"exp": 1_000_000_000}
    elif token == "early":
        changed = {"nbf": 3_900_000_000}
    elif token == "stranger":
        changed = {"iss": "somebody else"}
    elif token == "forged":
        key = secrets.token_hex(20)
    elif token == "unsigned":
        key, algorithm = "", "none"
    elif token == "no join":
        changed = {"video": {"room": "r"}}
    given = token if token in ("", "nonsense") else jwt.encode({**claims, **changed}, key, algorithm)
    url = server.url.replace("ws:", "http:")
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/rtc/validate", params={"access_token": given}) as response,
    ):
        assert response.status == status
        assert text in await response.text()
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert server.api_secret not in await response.text()


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("app://client", True),
        ("http://127.0.0.1:8000", True),
        ("https://localhost", True),
        ("http://localhost.evil.example", False),
        ("https://evil.example", False),
        ("file://", False),
        ("null", False),
        ("http://[", False),
    ],
)
async def test_only_known_web_origins_may_connect(
    server: RunningRoom, origin: str | None, allowed: bool
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with aiohttp.ClientSession() as session:
        connecting = session.ws_connect(
            f"{server.url}/rtc", params={"access_token": make_token(server, "ann")}, headers=headers
        )
        if allowed:
            async with connecting as socket:
                assert not socket.closed
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await connecting
            assert caught.value.status == 403


async def test_the_newer_signalling_path_is_not_found(server: RunningRoom) -> None:
    url = server.url.replace("ws:", "http:")
    async with aiohttp.ClientSession() as session, session.get(f"{url}/rtc/v1") as response:
        assert response.status == 404


async def test_a_server_api_that_is_not_offered_says_so(server: RunningRoom) -> None:
    url = server.url.replace("ws:", "http:")
    headers = {"Authorization": f"Bearer {make_token(server, 'ann')}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/twirp/livekit.Egress/ListEgress", headers=headers) as response,
    ):
        assert response.status == 501
        assert (await response.json())["code"] == "unimplemented"


async def test_the_server_api_speaks_json_too(server: RunningRoom) -> None:
    url = server.url.replace("ws:", "http:")
    headers = {"Authorization": f"Bearer {make_token(server, 'ann', room_create=True)}"}
    call = f"{url}/twirp/livekit.RoomService/CreateRoom"
    async with aiohttp.ClientSession() as session:
        async with session.post(call, headers=headers, json={"name": "oak"}) as response:
            assert response.status == 200
            assert (await response.json())["name"] == "oak"
        async with session.post(call, headers=headers, json={"name": 3}) as response:
            assert (await response.json())["code"] == "malformed"
        async with session.post(call, json={"name": "oak"}) as response:
            assert response.status == 401


async def test_too_many_or_too_long_messages_end_the_connection() -> None:
    limits = RoomLimits(signal_rate=10, max_signal_message=1_000)
    async with embedded_room(limits) as server:
        async with signalling(server.url, make_token(server, "ann")) as ann:
            await ann.socket.send_bytes(bytes(2_000))
            await ann.closed()
        async with signalling(server.url, make_token(server, "ann")) as ann:
            for number in range(150):
                await ann.send(ping=number)
            answered = [found for found in await ann.closed() if found.HasField("pong")]
            assert len(answered) in range(100, 103)


async def test_a_text_or_malformed_message_ends_the_connection_only(server: RunningRoom) -> None:
    async with signalling(server.url, make_token(server, "bob")) as bob:
        async with signalling(server.url, make_token(server, "ann")) as ann:
            await ann.socket.send_str("hello")
            await ann.closed()
        async with signalling(server.url, make_token(server, "ann")) as ann:
            await ann.socket.send_bytes(b"\xff\xff\xff")
            await ann.closed()
        await bob.send(ping=1)
        await bob.receive("pong")


async def test_a_client_that_does_not_read_its_signalling_is_cut_off() -> None:
    limits = RoomLimits(signal_queue=50, signal_rate=100_000, resume_timeout=60)
    async with (
        embedded_room(limits) as server,
        signalling(server.url, make_token(server, "ann", can_update_own_metadata=True)) as ann,
        signalling(server.url, make_token(server, "bob")) as deaf,
    ):
        change = rtc.UpdateParticipantMetadata(metadata="x" * 60_000)
        for _ in range(200):
            await ann.send(update_metadata=change)
            await ann.receive("request_response")
        received = await deaf.closed()
        assert len(received) < 200


async def test_the_room_remembers_no_one_who_left(server: RunningRoom) -> None:
    for _ in range(3):
        async with signalling(server.url, make_token(server, "ann")) as ann:
            await ann.receive("join")
            await ann.send(leave=rtc.LeaveRequest())
            await ann.closed()
    async with signalling(server.url, make_token(server, "bob")) as bob:
        assert list((await bob.receive("join")).other_participants) == []
    await asyncio.sleep(0)


async def test_tokens_and_secrets_are_never_logged(
    server: RunningRoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = make_token(server, "ann")
    async with signalling(server.url, token) as ann:
        await ann.receive("offer")
        await ann.send(offer=rtc.SessionDescription(type="offer", sdp="a=ice-pwd:very-secret"))
        await ann.send(ping=1)
        await ann.receive("pong")
    assert "ann" in caplog.text
    for secret in (token, server.api_secret, "very-secret"):
        assert secret not in caplog.text
