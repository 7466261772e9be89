"""The subscriber peer connection: what one participant receives. The server offers, the client answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import rtp as rtcp
from aiortc.rtcdtlstransport import RTCCertificate
from livekit.protocol import rtc

from avatardesk.room import sdp
from avatardesk.room.forwarding import Forwarder, PublishedTrack
from avatardesk.room.ice import IceSocket
from avatardesk.room.limits import RoomLimits
from avatardesk.room.transport import PeerTransport

logger = logging.getLogger(__name__)

RELIABLE = "_reliable"
LOSSY = "_lossy"
"""LiveKit's names of the two data channels, the same on both peer connections."""


_MOST_FREE_SLOTS = 16


@dataclass(slots=True)
class _MediaSlot:
    mid: str
    kind: str
    publisher: str = ""
    forwarder: Forwarder | None = None
    vacant: bool = False
    """Whether the client knows that the last track has ended; a slot is not reused before."""
    last_track: str = ""
    """Sid of the track it carried last."""

    def describe(self) -> sdp.Slot:
        if self.forwarder is None:
            return sdp.Slot(self.mid, self.kind)
        track = self.forwarder.track
        return sdp.Slot(
            self.mid,
            self.kind,
            # libwebrtc puts tracks of one stream in lip-sync; LiveKit reads the participant before the bar.
            stream=f"{self.publisher}|{track.info.stream or track.sid}",
            track=track.sid,
            ssrc=self.forwarder.ssrc,
            cname=self.publisher,
            stereo=track.stereo,
        )


class Subscriber:
    """Offers, slots and feedback of one subscriber connection.

    An m-line is never removed or reordered: a track that goes leaves its slot to the next of its kind.
    """

    def __init__(
        self,
        socket: IceSocket,
        certificate: RTCCertificate,
        limits: RoomLimits,
        *,
        send_offer: Callable[[rtc.SessionDescription], None],
        on_connected: Callable[[], None],
        on_subscribed: Callable[[str], None],
    ) -> None:
        self._limits = limits
        self._send_offer = send_offer
        self._on_subscribed = on_subscribed
        self.transport = PeerTransport(
            socket,
            certificate,
            on_connected=on_connected,
            on_rtp=lambda packet: None,
            on_rtcp=self._feedback,
            on_message=lambda label, data: None,
        )
        self.transport.add_channel(RELIABLE, ordered=True, max_retransmits=None)
        self.transport.add_channel(LOSSY, ordered=False, max_retransmits=0)
        self._slots: list[_MediaSlot] = []
        self._offer_id = 0
        self._awaiting_answer = False
        self._changed = False
        self._offered: set[str] = set()
        self._emptied: list[_MediaSlot] = []
        self._subscribed: set[str] = set()

    def forwarder(self, track_sid: str) -> Forwarder | None:
        """Return the forwarder of a subscribed track."""
        return next((found for found in self.forwarders if found.track.sid == track_sid), None)

    @property
    def forwarders(self) -> list[Forwarder]:
        """The forwarders of all subscribed tracks."""
        return [slot.forwarder for slot in self._slots if slot.forwarder is not None]

    def add(self, track: PublishedTrack, publisher_sid: str) -> None:
        """Subscribe to a track; `negotiate` makes it known to the client."""
        if self.forwarder(track.sid) is not None:
            return
        slot = self._free_slot(track)
        if slot is None:
            slot = _MediaSlot(str(len(self._slots) + 1), track.kind)
            self._slots.append(slot)
        slot.vacant = False
        slot.last_track = track.sid
        slot.publisher = publisher_sid
        slot.forwarder = Forwarder(track, self.transport)
        track.forwarders.append(slot.forwarder)

    def _free_slot(self, track: PublishedTrack) -> _MediaSlot | None:
        """A slot to use again, or None: a new one.

        The Python client says nothing of a track that comes back in the slot that it had before, so it gets
        another one, unless it has come and gone so often that the offer would grow without end.
        """
        free = [slot for slot in self._slots if slot.kind == track.kind and slot.vacant]
        others = [slot for slot in free if slot.last_track != track.sid]
        if others:
            return others[0]
        return free[0] if len(free) >= _MOST_FREE_SLOTS else None

    def remove(self, track_sid: str) -> bool:
        """End a subscription; False when there was none."""
        for slot in self._slots:
            if slot.forwarder is not None and slot.forwarder.track.sid == track_sid:
                slot.forwarder.track.forwarders.remove(slot.forwarder)
                slot.forwarder = None
                self._subscribed.discard(track_sid)
                return True
        return False

    def negotiate(self) -> None:
        """Offer the present state; while an offer is unanswered, do so when it is."""
        if self._awaiting_answer:
            self._changed = True
            return
        self._awaiting_answer = True
        self._changed = False
        self._offer_id += 1
        self._offered = {found.track.sid for found in self.forwarders}
        self._emptied = [slot for slot in self._slots if slot.forwarder is None]
        text = sdp.offer(
            [slot.describe() for slot in self._slots], self.transport.local(self._limits.max_data_packet)
        )
        self._send_offer(rtc.SessionDescription(type="offer", sdp=text, id=self._offer_id))

    def restart(self) -> None:
        """Offer again with new ICE credentials, after the client's signalling came back."""
        self._awaiting_answer = False
        self.transport.ice.restart()
        self.negotiate()

    def answered(self, description: rtc.SessionDescription) -> None:
        """Take the client's answer. Raises SdpError when it is malformed."""
        if not self._awaiting_answer or description.id not in (0, self._offer_id):
            logger.debug("ignoring an answer to an offer of the past")
            return
        answer = sdp.parse(description.sdp)
        application = next((media for media in answer.media if media.kind == "application"), None)
        if application is not None:
            self.transport.start_data(application.max_message_size)
        self.transport.start(answer.fingerprints)
        self._awaiting_answer = False
        for slot in self._emptied:
            slot.vacant = slot.forwarder is None
        new = self._offered - self._subscribed
        self._subscribed |= {sid for sid in self._offered if self.forwarder(sid) is not None}
        for forwarder in self.forwarders:
            if forwarder.track.sid in new:
                forwarder.track.request_key_frame()
                self._on_subscribed(forwarder.track.sid)
        if self._changed:
            self.negotiate()

    def _feedback(self, data: bytes) -> None:
        try:
            packets = rtcp.RtcpPacket.parse(data)
        except (ValueError, IndexError):
            return
        for packet in packets:
            if isinstance(packet, rtcp.RtcpPsfbPacket):
                if packet.fmt == rtcp.RTCP_PSFB_PLI:
                    self._key_frame(packet.media_ssrc)
                elif packet.fmt == rtcp.RTCP_PSFB_FIR and len(packet.fci) >= 8:
                    self._key_frame(int.from_bytes(packet.fci[:4], "big"))
            elif isinstance(packet, (rtcp.RtcpRrPacket, rtcp.RtcpSrPacket)):
                for report in packet.reports:
                    for forwarder in self.forwarders:
                        if forwarder.ssrc == report.ssrc:
                            forwarder.fraction_lost = report.fraction_lost / 256

    def _key_frame(self, ssrc: int) -> None:
        for forwarder in self.forwarders:
            if forwarder.ssrc == ssrc:
                forwarder.track.request_key_frame()

    async def close(self) -> None:
        """End all subscriptions and the connection."""
        for forwarder in self.forwarders:
            self.remove(forwarder.track.sid)
        await self.transport.close()
