"""Media forwarding: a published track and its copies to subscribers, at the level of RTP packets."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from aiortc import rtp as rtcp
from livekit.protocol import models

from avatardesk.room import sdp
from avatardesk.room.rtp import ReceiveStats, RtpHeader, rewrite, starts_vp8_key_frame

KEY_FRAME_INTERVAL_S = 0.5
"""A publisher is asked for a key frame at most this often, however many subscribers want one."""
_MAX_SSRCS = 8
_SPEAKING_DBOV = 35
"""A packet louder than -35 dBov counts as speech, as with livekit-server."""
_SPEAKING_SHARE = 0.4


class PacketSink(Protocol):
    """Where packets to a subscriber go: its transport."""

    def send_rtp(self, packet: bytes) -> None:
        """Send an RTP packet."""

    def send_rtcp(self, packet: bytes) -> None:
        """Send a compound RTCP packet."""


class Forwarder:
    """A published track's copy to one subscriber: SSRC, payload type and sequence numbers of its own."""

    def __init__(self, track: PublishedTrack, sink: PacketSink) -> None:
        self.track = track
        self.ssrc = secrets.randbits(32) or 1
        self.fraction_lost = 0.0
        self._sink = sink
        self._payload_type = sdp.PAYLOAD_TYPES[track.kind]
        self._paused = False
        self._rebase = True
        self._start = 0
        self._offset = 0
        self._last = secrets.randbits(15)

    @property
    def paused(self) -> bool:
        """Whether nothing is sent at the subscriber's wish."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Stop or go on sending. Video goes on with a key frame."""
        if self._paused and not paused:
            self.interrupted()
            self.track.request_key_frame()
        self._paused = paused

    def interrupted(self) -> None:
        """Note a gap in what is sent: numbering goes on without one, else it looks like loss."""
        self._rebase = True

    def forward(self, packet: bytes, header: RtpHeader, extended: int) -> None:
        """Send the packet on; `extended` is its sequence number past 16 bits."""
        if self._paused:
            return
        if self._rebase:
            if self.track.kind == "video" and not starts_vp8_key_frame(packet, header):
                self.track.request_key_frame()
                return
            self._rebase = False
            self._start = extended
            self._offset = self._last + 1 - extended
        elif extended < self._start:
            return
        sequence = extended + self._offset
        self._last = max(self._last, sequence)
        self._sink.send_rtp(
            rewrite(packet, header, payload_type=self._payload_type, sequence=sequence, ssrc=self.ssrc)
        )

    def report(self, report: rtcp.RtcpSrPacket, cname: str) -> None:
        """Send the publisher's sender report on: it ties the unchanged timestamps to a clock."""
        if not self._paused:
            source = rtcp.RtcpSourceInfo(ssrc=self.ssrc, items=[(1, cname.encode()[:255])])
            forwarded = rtcp.RtcpSrPacket(ssrc=self.ssrc, sender_info=report.sender_info)
            self._sink.send_rtcp(bytes(forwarded) + bytes(rtcp.RtcpSdesPacket(chunks=[source])))


class PublishedTrack:
    """A track that is received from its publisher and forwarded to any number of subscribers."""

    def __init__(
        self,
        info: models.TrackInfo,
        cid: str,
        media: sdp.Media,
        *,
        payload_type: int,
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.info = info
        self.cid = cid
        self.kind = media.kind
        self.mid = media.mid
        self.stereo = info.stereo
        self.payload_type = payload_type
        self.forwarders: list[Forwarder] = []
        self.last_packet_at = 0.0
        self._send_rtcp = send_rtcp
        self._level_extension = media.extensions.get(sdp.AUDIO_LEVEL_EXTENSION)
        self._clock_rate = 48_000 if media.kind == "audio" else 90_000
        self._streams: dict[int, ReceiveStats] = {}
        self._current_ssrc = 0
        self._key_frame_asked = 0.0
        self._levels: list[int] = []

    @property
    def sid(self) -> str:
        """The track's id in the room."""
        return self.info.sid

    @property
    def ssrcs(self) -> list[int]:
        """The streams heard so far."""
        return list(self._streams)

    @property
    def fraction_lost(self) -> float:
        """Share of packets lost on the way here since the last report, 0 to 1."""
        return max((stats.fraction_lost for stats in self._streams.values()), default=0.0)

    def receive(self, packet: bytes, header: RtpHeader) -> None:
        """Take a packet from the publisher and forward it, unless the track is muted."""
        if header.payload_type != self.payload_type:
            return
        stats = self._streams.get(header.ssrc)
        if stats is None:
            if len(self._streams) >= _MAX_SSRCS:
                self._streams.pop(next(iter(self._streams)))
            stats = self._streams[header.ssrc] = ReceiveStats(self._clock_rate)
        if header.ssrc != self._current_ssrc:
            self._current_ssrc = header.ssrc
            self._interrupt()
        now = time.monotonic()
        self.last_packet_at = now
        extended = stats.add(header.sequence, header.timestamp, now)
        if self.info.muted:
            return
        if self._level_extension is not None:
            level = header.extensions().get(self._level_extension)
            if level and len(self._levels) < 200:
                self._levels.append(level[0] & 0x7F)
        for forwarder in self.forwarders:
            forwarder.forward(packet, header, extended)

    def set_muted(self, muted: bool) -> None:
        """Mute or unmute: packets of a muted track are not forwarded, whatever the client sends."""
        if self.info.muted != muted:
            self.info.muted = muted
            self._levels.clear()
            self._interrupt()

    def _interrupt(self) -> None:
        for forwarder in self.forwarders:
            forwarder.interrupted()

    def take_level(self) -> float:
        """Return how loud the track was since the last call: 0 for silence (not speech), else up to 1."""
        levels, self._levels = self._levels, []
        spoken = [level for level in levels if level <= _SPEAKING_DBOV]
        if not levels or len(spoken) < _SPEAKING_SHARE * len(levels):
            return 0.0
        return float(10 ** (-(sum(spoken) / len(spoken)) / 20))

    def request_key_frame(self) -> None:
        """Ask the publisher for a key frame (PLI, RFC 4585 §6.3.1), throttled."""
        now = time.monotonic()
        if self.kind != "video" or not self._current_ssrc:
            return
        if now - self._key_frame_asked >= KEY_FRAME_INTERVAL_S:
            self._key_frame_asked = now
            request = rtcp.RtcpPsfbPacket(fmt=rtcp.RTCP_PSFB_PLI, ssrc=1, media_ssrc=self._current_ssrc)
            self._send_rtcp(bytes(rtcp.RtcpRrPacket(ssrc=1)) + bytes(request))

    def sender_report(self, report: rtcp.RtcpSrPacket, cname: str) -> None:
        """Take the publisher's sender report, if it is about this track, and send it on."""
        stats = self._streams.get(report.ssrc)
        if stats is not None:
            stats.sender_report(report.sender_info.ntp_timestamp, time.monotonic())
            for forwarder in self.forwarders:
                forwarder.report(report, cname)

    def report_blocks(self, now: float) -> list[rtcp.RtcpReceiverInfo]:
        """Return what the publisher is told about its streams."""
        blocks = (stats.report(ssrc, now) for ssrc, stats in self._streams.items())
        return [block for block in blocks if block is not None]
