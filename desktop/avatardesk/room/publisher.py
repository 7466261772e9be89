"""The publisher peer connection: what one participant sends. The client offers, the server answers."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable

from aiortc import rtp as rtcp
from aiortc.rtcdtlstransport import RTCCertificate
from livekit.protocol import models, rtc

from avatardesk.room import sdp
from avatardesk.room.forwarding import PublishedTrack
from avatardesk.room.ice import IceSocket
from avatardesk.room.limits import RoomLimits
from avatardesk.room.rtp import RtpHeader, parse_header
from avatardesk.room.transport import PeerTransport

logger = logging.getLogger(__name__)

MAX_BITRATE = 4_000_000
"""What we tell publishers they may send (REMB), in bits per second; nothing on loopback needs less."""
_MAX_SSRCS = 64
_REPORT_SSRC = 1


class Publisher:
    """Tracks of one publisher connection, bound by mid to the m-lines of the client's offer.

    The client announces a track (AddTrackRequest with a `cid`) and offers it (`a=msid` with that id), in
    either order.
    """

    def __init__(
        self,
        socket: IceSocket,
        certificate: RTCCertificate,
        limits: RoomLimits,
        *,
        participant_sid: str,
        on_published: Callable[[PublishedTrack], None],
        on_unpublished: Callable[[PublishedTrack], None],
        on_message: Callable[[str, bytes], None],
    ) -> None:
        self._limits = limits
        self._participant_sid = participant_sid
        self._on_published = on_published
        self._on_unpublished = on_unpublished
        self.transport = PeerTransport(
            socket,
            certificate,
            on_connected=lambda: None,
            on_rtp=self._receive,
            on_rtcp=self._sender_reports,
            on_message=on_message,
        )
        self.tracks: dict[str, PublishedTrack] = {}
        self._announced: dict[str, models.TrackInfo] = {}
        self._offer: sdp.Description | None = None
        self._by_ssrc: dict[int, PublishedTrack] = {}

    def announce(self, request: rtc.AddTrackRequest) -> models.TrackInfo | None:
        """Note a track the client is about to offer; return its description, None when there are too many."""
        if request.cid in self._announced:
            return self._announced[request.cid]
        if len(self.tracks) + len(self._announced) >= self._limits.max_tracks:
            return None
        audio = request.type == models.TrackType.AUDIO
        mime = "audio/opus" if audio else "video/vp8"
        # The two letters after TR_ are livekit-server's habit; clients only need the TR.
        info = models.TrackInfo(
            sid=f"TR_{'A' if audio else 'V'}{secrets.token_hex(6)}",
            type=request.type,
            name=request.name,
            muted=request.muted,
            width=request.width,
            height=request.height,
            disable_dtx=request.disable_dtx,
            source=request.source,
            layers=request.layers,
            mime_type=mime,
            stereo=request.stereo or models.AudioTrackFeature.TF_STEREO in request.audio_features,
            disable_red=True,
            encryption=request.encryption,
            # This goes into session descriptions for others, where a line break would be an attack.
            stream=re.sub(r"[^\w.-]", "", request.stream, flags=re.ASCII)[:64],
            audio_features=request.audio_features,
            codecs=[models.SimulcastCodecInfo(mime_type=mime, cid=request.cid, layers=request.layers)],
        )
        self._announced[request.cid] = info
        return info

    def offered(self, description: rtc.SessionDescription, *, may_publish: bool) -> rtc.SessionDescription:
        """Take the client's offer, return the answer; `bind` must follow. Raises SdpError when malformed."""
        offer = sdp.parse(description.sdp)
        if self._offer is not None and (offer.ufrag, offer.password) != (
            self._offer.ufrag,
            self._offer.password,
        ):
            self.transport.ice.restart()
        self._offer = offer
        for media in offer.media:
            if media.kind == "application":
                self.transport.start_data(media.max_message_size)
        self.transport.start(offer.fingerprints)
        accept = {media.mid for media in offer.media if may_publish and media.sends and media.track_id}
        text = sdp.answer(offer, self.transport.local(self._limits.max_data_packet), accept=accept)
        return rtc.SessionDescription(type="answer", sdp=text, id=description.id)

    def bind(self) -> None:
        """Match announced tracks with the last offer: publish what is in both, end what is not offered."""
        if self._offer is None:
            return
        sending = {media.mid: media for media in self._offer.media if media.sends and media.track_id}
        for track in list(self.tracks.values()):
            media = sending.get(track.mid)
            if media is None or media.track_id in self._announced:
                self.unpublish(track)
        for media in sending.values():
            codec = media.codec()
            if codec is not None and media.track_id in self._announced:
                self._publish(self._announced.pop(media.track_id), media, codec)

    def _publish(self, info: models.TrackInfo, media: sdp.Media, codec: sdp.Codec) -> None:
        info.mid = media.mid
        info.codecs[0].mid = media.mid
        track = PublishedTrack(
            info,
            media.track_id,
            media,
            payload_type=codec.payload_type,
            send_rtcp=self.transport.send_rtcp,
        )
        self.tracks[track.sid] = track
        for ssrc in media.ssrcs[:_MAX_SSRCS]:
            self._by_ssrc[ssrc] = track
        self._on_published(track)

    def unpublish(self, track: PublishedTrack) -> None:
        """Stop receiving a track."""
        self.tracks.pop(track.sid, None)
        self._by_ssrc = {ssrc: found for ssrc, found in self._by_ssrc.items() if found is not track}
        self._on_unpublished(track)

    def _receive(self, packet: bytes) -> None:
        try:
            header = parse_header(packet)
            track = self._by_ssrc.get(header.ssrc) or self._find(header)
            if track is not None:
                track.receive(packet, header)
        except ValueError as error:
            logger.debug("dropped a media packet: %s", error)

    def _find(self, header: RtpHeader) -> PublishedTrack | None:
        # Simulcast offers name no SSRCs; the packets name their m-line instead.
        extensions = header.extensions()
        for media in self._offer.media if self._offer is not None else ():
            number = media.extensions.get(sdp.MID_EXTENSION, 0)
            if extensions.get(number) == media.mid.encode():
                for track in self.tracks.values():
                    if track.mid == media.mid and len(self._by_ssrc) < _MAX_SSRCS:
                        self._by_ssrc[header.ssrc] = track
                        return track
        return None

    def _sender_reports(self, data: bytes) -> None:
        try:
            packets = rtcp.RtcpPacket.parse(data)
        except (ValueError, IndexError):
            return
        for packet in packets:
            if isinstance(packet, rtcp.RtcpSrPacket):
                for track in self.tracks.values():
                    track.sender_report(packet, self._participant_sid)

    def send_reports(self, now: float) -> None:
        """Tell the client what arrived and how much it may send; once a second."""
        blocks = [block for track in self.tracks.values() for block in track.report_blocks(now)][:31]
        if not blocks:
            return
        estimate = rtcp.RtcpPsfbPacket(
            fmt=rtcp.RTCP_PSFB_APP,
            ssrc=_REPORT_SSRC,
            media_ssrc=0,
            fci=rtcp.pack_remb_fci(MAX_BITRATE, [block.ssrc for block in blocks]),
        )
        self.transport.send_rtcp(bytes(rtcp.RtcpRrPacket(_REPORT_SSRC, blocks)) + bytes(estimate))

    async def close(self) -> None:
        """End the connection. Its tracks must be unpublished first."""
        await self.transport.close()
