"""Reading and rewriting RTP packets (RFC 3550), and the statistics a receiver keeps."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from aiortc.rtp import RtcpReceiverInfo, clamp_packets_lost, unpack_header_extensions

_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class RtpHeader:
    """The fields of a packet that forwarding needs. `payload` is where the payload begins."""

    padding: bool
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extension_profile: int
    extension: bytes
    payload: int

    def extensions(self) -> dict[int, bytes]:
        """Return the header extensions (RFC 8285) by number. Raises ValueError when they are malformed."""
        return dict(unpack_header_extensions(self.extension_profile, self.extension))


def parse_header(packet: bytes) -> RtpHeader:
    """Read a packet's header. Raises ValueError when the packet is not RTP or is cut short."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        raise ValueError("not an RTP packet")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
    position = 12 + 4 * (first & 0x0F)
    profile, extension = 0, b""
    if first & 0x10:
        if len(packet) < position + 4:
            raise ValueError("truncated RTP header extension")
        profile, words = struct.unpack_from("!HH", packet, position)
        extension = packet[position + 4 : position + 4 + 4 * words]
        position += 4 + 4 * words
    if len(packet) < position:
        raise ValueError("truncated RTP packet")
    return RtpHeader(
        bool(first & 0x20),
        bool(second & 0x80),
        second & 0x7F,
        sequence,
        timestamp,
        ssrc,
        profile,
        extension,
        position,
    )


def rewrite(packet: bytes, header: RtpHeader, *, payload_type: int, sequence: int, ssrc: int) -> bytes:
    """Return the packet under another payload type, sequence number and SSRC, without header extensions."""
    first = 0x80 | (0x20 if header.padding else 0)
    second = (0x80 if header.marker else 0) | payload_type
    head = _HEADER.pack(first, second, sequence & 0xFFFF, header.timestamp, ssrc)
    return head + packet[header.payload :]


def starts_vp8_key_frame(packet: bytes, header: RtpHeader) -> bool:
    """Tell whether the packet begins a VP8 key frame (payload descriptor and header: RFC 7741 §4.2, §4.3)."""
    payload = packet[header.payload :]
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:
        return False  # not the start of the first partition
    position = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return False
        flags = payload[1]
        position = 2
        if flags & 0x80:
            if len(payload) < 3:
                return False
            position += 2 if payload[2] & 0x80 else 1
        position += bool(flags & 0x40) + bool(flags & 0x30)
    return len(payload) > position and not payload[position] & 0x01


class ReceiveStats:
    """Loss and jitter of one received stream, as receiver reports carry them (RFC 3550 §6.4.1, A.3, A.8)."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._first: int | None = None
        self.highest = 0
        self._received = 0
        self._expected_before = 0
        self._received_before = 0
        self._transit: float | None = None
        self._jitter = 0.0
        self._last_sender_report = 0
        self._last_sender_report_at = 0.0
        self.fraction_lost = 0.0

    def add(self, sequence: int, timestamp: int, now: float) -> int:
        """Count a packet that arrived at `now` (seconds); return its number extended past 16 bits."""
        if self._first is None:
            # Counting begins above zero so that a packet older than the first one stays positive.
            self._first = self.highest = 0x10000 + sequence
        difference = (sequence - self.highest) & 0xFFFF
        extended = self.highest + (difference if difference < 0x8000 else difference - 0x10000)
        self.highest = max(self.highest, extended)
        self._received += 1
        transit = now * self._clock_rate - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < 10 * self._clock_rate:  # not across a wrap of the 32-bit timestamp
                self._jitter += (change - self._jitter) / 16
        self._transit = transit
        return extended

    def sender_report(self, ntp_timestamp: int, now: float) -> None:
        """Note a sender report, whose age the next receiver report states."""
        self._last_sender_report = (ntp_timestamp >> 16) & 0xFFFFFFFF
        self._last_sender_report_at = now

    def report(self, ssrc: int, now: float) -> RtcpReceiverInfo | None:
        """Return a report block about the time since the last one; None before the first packet."""
        if self._first is None:
            return None
        expected = self.highest - self._first + 1
        expected_now = expected - self._expected_before
        received_now = self._received - self._received_before
        self._expected_before, self._received_before = expected, self._received
        lost_now = max(0, expected_now - received_now)
        self.fraction_lost = lost_now / expected_now if expected_now > 0 else 0.0
        age = now - self._last_sender_report_at if self._last_sender_report else 0.0
        return RtcpReceiverInfo(
            ssrc=ssrc,
            fraction_lost=min(255, int(self.fraction_lost * 256)),
            packets_lost=clamp_packets_lost(expected - self._received),
            highest_sequence=self.highest & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=self._last_sender_report,
            dlsr=int(age * 65536) & 0xFFFFFFFF,
        )
