"""Random and damaged input must never do more than be dropped. Seeds are fixed: a failure can be repeated."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate
from aiortc.rtcsctptransport import RTCSctpCapabilities, crc32c
from livekit.protocol import models, rtc
from support.room_clients import make_token
from support.room_servers import embedded_room
from support.signal_client import signalling

from avatardesk.room import RoomLimits, sdp
from avatardesk.room.data import DataInbox
from avatardesk.room.ice import IceAgent, IceSocket
from avatardesk.room.publisher import Publisher
from avatardesk.room.rtp import parse_header, rewrite, starts_vp8_key_frame
from avatardesk.room.subscriber import Subscriber
from avatardesk.room.transport import PeerTransport, _Sctp

ROUNDS = 3_000


def _damaged(seeds: list[bytes], rounds: int = ROUNDS) -> Iterator[bytes]:
    """Yield `seeds` with bytes changed, cut, doubled or put together, and plain noise."""
    dice = random.Random(20_26)
    for _ in range(rounds):
        raw = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 6)):
            what = dice.randrange(5)
            at = dice.randrange(len(raw) + 1)
            if what == 0 and raw:
                raw[at % len(raw)] = dice.randrange(256)
            elif what == 1:
                del raw[at : at + dice.randint(1, 8)]
            elif what == 2:
                raw[at:at] = dice.randbytes(dice.randint(1, 8))
            elif what == 3:
                raw += dice.choice(seeds)
            else:
                del raw[at:]
        yield bytes(raw) if dice.random() < 0.95 else dice.randbytes(dice.randint(0, 200))


def _sdp() -> bytes:
    slots = [sdp.Slot("1", "audio", "s", "TR_1", 5, "c"), sdp.Slot("2", "video", "s", "TR_2", 6, "c")]
    local = sdp.Local("frag", "pass", "AA:BB", "127.0.0.1", 7000, 65_536)
    return sdp.offer(slots, local).encode()


def test_session_descriptions() -> None:
    local = sdp.Local("frag", "pass", "AA:BB", "127.0.0.1", 7000, 65_536)
    read = 0
    for raw in _damaged([_sdp()], 1_000):
        try:
            found = sdp.parse(raw.decode(errors="replace"))
        except sdp.SdpError:
            continue
        read += 1
        answer = sdp.answer(found, local, accept={"1", "2"})
        assert answer.count("\r\nm=") == len(found.media)
    assert read > 50, "the damage must leave something that is read on"


def test_stun() -> None:
    socket = IceSocket()
    agent = IceAgent(socket, lambda data: None)
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{agent.ufrag}:them"
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(agent.password.encode())
    for raw in _damaged([bytes(request)]):
        damaged = b"\x00" + raw[1:]
        # The last attribute, a checksum for telling STUN from other things, may be missing.
        if damaged[:-8] != bytes(request)[:-8]:
            socket.datagram_received(damaged, ("127.0.0.1", 9))
    assert agent.addresses == {}, "only what the peer has signed counts"


RTP_SEEDS = [
    bytes.fromhex("906f00010000000100000005bede000110140000") + b"voice",
    bytes.fromhex("8060000200000001000000061000") + b"\x90\x80\x85\x01\x00 picture",
    bytes.fromhex("b260000200000001000000060000000100000002") + b"padded\x04",
]
RTCP_SEEDS = [
    bytes.fromhex("80c80006000000050000000100000002000003c00000000100000064"),
    bytes.fromhex("81c9000700000001000000050000000000000001000000000000000000000000"),
    bytes.fromhex("81ce00020000000100000005"),
    bytes.fromhex("84ce000400000001000000000000000501000000"),
]


def test_rtp_headers() -> None:
    for raw in _damaged(RTP_SEEDS):
        try:
            header = parse_header(raw)
            starts_vp8_key_frame(raw, header)
            again = parse_header(rewrite(raw, header, payload_type=96, sequence=1, ssrc=2))
            assert (again.timestamp, again.ssrc) == (header.timestamp, 2)
            header.extensions()
        except ValueError:
            continue


async def test_media_and_feedback_of_a_peer() -> None:
    certificate = RTCCertificate.generateCertificate()
    socket = IceSocket()
    published: list[Any] = []
    publisher = Publisher(
        socket,
        certificate,
        RoomLimits(),
        participant_sid="PA_1",
        on_published=published.append,
        on_unpublished=lambda track: None,
        on_message=lambda label, data: None,
    )
    info = publisher.announce(rtc.AddTrackRequest(cid="TR_1", type=models.TrackType.AUDIO))
    assert info is not None
    offer = rtc.SessionDescription(type="offer", sdp=_sdp().decode())
    publisher.offered(offer, may_publish=True)
    publisher.bind()
    assert len(published) == 1
    subscriber = Subscriber(
        socket,
        certificate,
        RoomLimits(),
        send_offer=lambda offer: None,
        on_connected=lambda: None,
        on_subscribed=lambda sid: None,
    )
    subscriber.add(published[0], "PA_1")
    for raw in _damaged(RTP_SEEDS):
        publisher._receive(raw)
    for raw in _damaged(RTCP_SEEDS):
        publisher._sender_reports(raw)
        subscriber._feedback(raw)
    publisher.send_reports(1.0)
    await subscriber.close()
    await publisher.close()


def test_data_packets() -> None:
    inbox = DataInbox("ann", "PA_1", RoomLimits(data_rate=10**9))
    seed = models.DataPacket(
        user=models.UserPacket(payload=b"x" * 20, topic="t"), destination_identities=["bob"], sequence=5
    ).SerializeToString()
    passed = [found for raw in _damaged([seed]) if (found := inbox.read(raw, reliable=False)) is not None]
    assert passed
    assert {found.participant_identity for found in passed} == {"ann"}


CLIENT_HELLO_HEAD = bytes.fromhex("16feff0000000000000000006e010000620000000000000062fefd")


async def test_dtls_handshakes(caplog: pytest.LogCaptureFixture) -> None:
    certificate = RTCCertificate.generateCertificate()
    seed = CLIENT_HELLO_HEAD + bytes(96)
    for raw in _damaged([seed], 300):
        transport = PeerTransport(
            IceSocket(),
            certificate,
            on_connected=lambda: pytest.fail("nobody can connect with noise"),
            on_rtp=lambda packet: None,
            on_rtcp=lambda packet: None,
            on_message=lambda label, data: None,
        )
        transport.start([("sha-256", "AA:BB")])
        for first in (22, 20, 63, 128):
            transport.ice.receive(bytes([first]) + raw[1:])
        for _ in range(5):
            await asyncio.sleep(0)
        await transport.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


class FakeDtls:
    """The transport under an SCTP association, without a network."""

    _role = "server"
    state = "connected"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def _send_data(self, data: bytes) -> None:
        self.sent.append(data)

    def _register_data_receiver(self, receiver: object) -> None:
        pass

    def _unregister_data_receiver(self, receiver: object) -> None:
        pass


async def test_sctp() -> None:
    dtls = FakeDtls()
    sctp = _Sctp(dtls, 5000)  # type: ignore[arg-type]
    await sctp.start(RTCSctpCapabilities(0), 5000)
    dice = random.Random(5)
    ended = 0
    for _ in range(ROUNDS):
        kind = dice.choice([0, 1, 2, 3, 4, 6, 7, 9, 10, 11, 14, 130, 192])
        body = dice.randbytes(dice.randint(0, 40))
        chunk = bytes([kind, dice.randrange(8)]) + (len(body) + 4).to_bytes(2, "big") + body
        chunk += bytes(-len(chunk) % 4)
        tag = 0 if kind == 1 else sctp._local_verification_tag
        head = (5000).to_bytes(2, "big") * 2 + tag.to_bytes(4, "big")
        checksum = crc32c(head + bytes(4) + chunk).to_bytes(4, "little")
        try:
            await sctp._handle_data(head + checksum + chunk)
        except ConnectionError:
            ended += 1
    sctp.lost()
    assert 0 < ended < ROUNDS, "some must get as far as aiortc's assertions, and not all"


def _signals() -> list[Callable[[random.Random], rtc.SignalRequest]]:
    def text(dice: random.Random) -> str:
        return dice.choice(["", "a", "TR_1", "PA_1", "\x00\r\n", "ü" * 50, _sdp().decode()])

    def offer(dice: random.Random) -> rtc.SessionDescription:
        damaged = next(_damaged([_sdp()], 1)) if dice.random() < 0.2 else _sdp()
        return rtc.SessionDescription(sdp=damaged.decode(errors="replace"), id=dice.randrange(3))

    return [
        lambda dice: rtc.SignalRequest(offer=offer(dice)),
        lambda dice: rtc.SignalRequest(answer=offer(dice)),
        lambda dice: rtc.SignalRequest(
            add_track=rtc.AddTrackRequest(
                cid=dice.choice(["TR_1", "TR_2", text(dice)]),
                type=dice.randrange(5),  # type: ignore[arg-type]
                source=dice.randrange(9),  # type: ignore[arg-type]
                name=text(dice),
                stream=text(dice),
            )
        ),
        lambda dice: rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid=text(dice), muted=True)),
        lambda dice: rtc.SignalRequest(
            subscription=rtc.UpdateSubscription(track_sids=[text(dice)], subscribe=dice.random() < 0.5)
        ),
        lambda dice: rtc.SignalRequest(track_setting=rtc.UpdateTrackSettings(track_sids=[text(dice)])),
        lambda dice: rtc.SignalRequest(
            update_metadata=rtc.UpdateParticipantMetadata(
                name=text(dice), metadata=text(dice), attributes={text(dice): text(dice)}
            )
        ),
        lambda dice: rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit=text(dice))),
        lambda dice: rtc.SignalRequest(sync_state=rtc.SyncState(answer=offer(dice))),
        lambda dice: rtc.SignalRequest(ping=dice.getrandbits(63)),
        lambda dice: rtc.SignalRequest(simulate=rtc.SimulateScenario(speaker_update=1)),
        lambda dice: rtc.SignalRequest(),
    ]


async def test_signalling_of_a_participant(caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(7)
    kinds = _signals()
    limits = RoomLimits(signal_rate=10**6, signal_queue=10**6)
    async with embedded_room(limits) as server:
        token = make_token(server, "ann", can_update_own_metadata=True)
        async with (
            signalling(server.url, make_token(server, "bob")) as bob,
            signalling(server.url, token) as ann,
        ):
            for _ in range(600):
                await ann.socket.send_bytes(dice.choice(kinds)(dice).SerializeToString())
            await ann.send(ping_req=rtc.Ping(timestamp=5))
            assert (await ann.receive("pong_resp")).last_ping_timestamp == 5
            await bob.send(ping_req=rtc.Ping(timestamp=6))
            assert (await bob.receive("pong_resp")).last_ping_timestamp == 6
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
