"""Forwarding: what becomes of RTP packets on their way from a publisher to a subscriber."""

from __future__ import annotations

import struct

import pytest
from aiortc import rtp as rtcp
from livekit.protocol import models

from avatardesk.room import sdp
from avatardesk.room.forwarding import Forwarder, PublishedTrack
from avatardesk.room.rtp import ReceiveStats, parse_header, rewrite, starts_vp8_key_frame

LEVEL = 1
KEY_FRAME = b"\x10\x00\x9d\x01\x2a"
"""VP8 payload descriptor (start of partition 0) and the first bytes of a key frame."""
DELTA_FRAME = b"\x10\x01\x00"


def packet(
    sequence: int, *, ssrc: int = 5, payload_type: int = 111, payload: bytes = b"x", level: int = 20
) -> bytes:
    """An RTP packet with the audio level in a one-byte header extension."""
    head = struct.pack("!BBHII", 0x90, payload_type, sequence & 0xFFFF, 960 * sequence & 0xFFFFFFFF, ssrc)
    extension = struct.pack("!HHBBxx", 0xBEDE, 1, LEVEL << 4, level)
    return head + extension + payload


class Sink:
    """A subscriber's transport that keeps what it gets."""

    def __init__(self) -> None:
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []

    def send_rtp(self, packet: bytes) -> None:
        self.rtp.append(packet)

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    @property
    def sequences(self) -> list[int]:
        numbers = [parse_header(found).sequence for found in self.rtp]
        return [(number - numbers[0]) & 0xFFFF for number in numbers]


class Wire:
    """One track, its requests to the publisher, and one subscriber."""

    def __init__(self, kind: str) -> None:
        self.asked: list[bytes] = []
        media = sdp.Media(kind, 9, mid="1", extensions={sdp.AUDIO_LEVEL_EXTENSION: LEVEL})
        self.payload_type = 63 if kind == "audio" else 120
        self.track = PublishedTrack(
            models.TrackInfo(sid="TR_1"),
            "cid",
            media,
            payload_type=self.payload_type,
            send_rtcp=self.asked.append,
        )
        self.sink = Sink()
        self.forwarder = Forwarder(self.track, self.sink)
        self.track.forwarders.append(self.forwarder)

    def feed(self, *sequences: int, payload: bytes = KEY_FRAME, ssrc: int = 5, level: int = 20) -> None:
        for sequence in sequences:
            raw = packet(sequence, ssrc=ssrc, payload_type=self.payload_type, payload=payload, level=level)
            self.track.receive(raw, parse_header(raw))


def test_a_packet_gets_the_subscribers_numbers_and_loses_its_extensions() -> None:
    raw = packet(100, payload=b"voice")
    header = parse_header(raw)
    assert header.extensions() == {LEVEL: b"\x14"}
    made = rewrite(raw, header, payload_type=96, sequence=70_000, ssrc=9)
    again = parse_header(made)
    assert (again.payload_type, again.sequence, again.ssrc) == (96, 70_000 - 65_536, 9)
    assert again.timestamp == header.timestamp
    assert again.extensions() == {}
    assert made[again.payload :] == b"voice"


def test_order_loss_and_wrap_are_passed_on_as_they_are() -> None:
    wire = Wire("audio")
    wire.feed(65_533, 65_534, 0, 65_535, 1, 5)
    assert wire.sink.sequences == [0, 1, 3, 2, 4, 8]
    assert {parse_header(found).ssrc for found in wire.sink.rtp} == {wire.forwarder.ssrc}
    assert {parse_header(found).payload_type for found in wire.sink.rtp} == {111}


def test_after_a_pause_the_numbers_go_on_without_a_gap() -> None:
    wire = Wire("audio")
    wire.feed(10, 11)
    wire.forwarder.pause(True)
    wire.feed(12, 13, 14)
    wire.forwarder.pause(False)
    wire.feed(15, 14, 16)
    assert wire.sink.sequences == [0, 1, 2, 3], "14 is from before and must not take a number again"


def test_a_muted_track_is_not_forwarded_and_makes_no_gap() -> None:
    wire = Wire("audio")
    wire.feed(10)
    wire.track.set_muted(True)
    wire.feed(11, 12)
    wire.track.set_muted(False)
    wire.feed(13)
    assert wire.sink.sequences == [0, 1]


def test_a_new_source_of_the_track_goes_on_where_the_old_one_ended() -> None:
    wire = Wire("audio")
    wire.feed(10, 11)
    wire.feed(50_000, 50_001, ssrc=6)
    assert wire.sink.sequences == [0, 1, 2, 3]


def test_video_begins_with_a_key_frame_which_is_asked_for_once_in_a_while() -> None:
    wire = Wire("video")
    wire.feed(1, 2, 3, payload=DELTA_FRAME)
    assert wire.sink.rtp == []
    assert len(wire.asked) == 1
    requests = rtcp.RtcpPacket.parse(wire.asked[0])
    assert isinstance(requests[1], rtcp.RtcpPsfbPacket)
    assert (requests[1].fmt, requests[1].media_ssrc) == (rtcp.RTCP_PSFB_PLI, 5)
    wire.feed(4, payload=KEY_FRAME)
    wire.feed(5, payload=DELTA_FRAME)
    assert wire.sink.sequences == [0, 1]


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (KEY_FRAME, True),
        (DELTA_FRAME, False),
        (b"\x00\x00", False),  # not the start of a partition
        (b"\x11\x00", False),  # the second partition
        (b"\x90\x80\x85\x01\x00", True),  # picture id of 15 bits
        (b"\x90\x80\x05\x00", True),  # picture id of 7 bits
        (b"\x90\xf0\x85\x01\x02\x03\x01", False),  # all fields, then a delta frame
        (b"\x90\xf0\x85\x01\x02\x03\x00", True),
        (b"\x90", False),
        (b"\x90\x80", False),
        (b"\x90\x80\x85", False),
        (b"", False),
    ],
)
def test_vp8_key_frames_are_told_from_others(payload: bytes, key: bool) -> None:
    raw = packet(1, payload=payload)
    assert starts_vp8_key_frame(raw, parse_header(raw)) is key


def test_packets_of_another_payload_type_are_left_out() -> None:
    wire = Wire("audio")
    raw = packet(1, payload_type=13)
    wire.track.receive(raw, parse_header(raw))
    assert wire.sink.rtp == []


def test_a_voice_has_a_level_and_silence_has_none() -> None:
    wire = Wire("audio")
    wire.feed(*range(20), level=20)
    assert wire.track.take_level() == pytest.approx(0.1)
    assert wire.track.take_level() == 0.0
    wire.feed(*range(20, 40), level=80)
    assert wire.track.take_level() == 0.0


def test_sender_reports_name_the_subscribers_stream() -> None:
    wire = Wire("audio")
    wire.feed(1)
    report = rtcp.RtcpSrPacket(5, rtcp.RtcpSenderInfo(1 << 40, 960, 1, 100))
    wire.track.sender_report(report, "PA_1")
    wire.track.sender_report(rtcp.RtcpSrPacket(999, report.sender_info), "PA_1")
    (raw,) = wire.sink.rtcp
    sent, description = rtcp.RtcpPacket.parse(raw)
    assert isinstance(sent, rtcp.RtcpSrPacket)
    assert sent.ssrc == wire.forwarder.ssrc
    assert sent.sender_info == report.sender_info
    assert isinstance(description, rtcp.RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"PA_1")]


def test_loss_is_counted_per_report_and_in_all() -> None:
    stats = ReceiveStats(48_000)
    assert stats.report(5, 0.0) is None
    for sequence in (*range(65_530, 65_536), 0, 1, 2, 3):
        stats.add(sequence, 0, 0.0)
    first = stats.report(5, 0.0)
    assert first is not None
    assert (first.fraction_lost, first.packets_lost) == (0, 0)
    for sequence in (4, 6, 8, 10):
        stats.add(sequence, 0, 0.0)
    second = stats.report(5, 0.0)
    assert second is not None
    assert second.packets_lost == 3
    assert second.fraction_lost == 3 * 256 // 7
    assert stats.fraction_lost == pytest.approx(3 / 7)
    assert second.highest_sequence & 0xFFFF == 10


def test_the_age_of_the_last_sender_report_is_told() -> None:
    stats = ReceiveStats(48_000)
    stats.add(1, 0, 0.0)
    stats.sender_report(0x1122334455667788, 10.0)
    report = stats.report(5, 10.5)
    assert report is not None
    assert (report.lsr, report.dlsr) == (0x33445566, 32_768)


def test_even_packets_have_no_jitter_and_uneven_ones_do() -> None:
    even, uneven = ReceiveStats(48_000), ReceiveStats(48_000)
    for number in range(100):
        even.add(number, 960 * number, number * 0.02)
        uneven.add(number, 960 * number, number * 0.02 + (0.01 if number % 2 else 0))
    first, second = even.report(5, 2.0), uneven.report(5, 2.0)
    assert first is not None
    assert second is not None
    assert first.jitter == 0
    assert 300 < second.jitter < 500
