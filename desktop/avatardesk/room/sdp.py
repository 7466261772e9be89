"""Session descriptions (RFC 8866, JSEP RFC 9429), as far as LiveKit clients use them."""

from __future__ import annotations

from dataclasses import dataclass, field

from avatardesk.errors import InputError

OPUS = "opus"
VP8 = "vp8"
CODEC_OF_KIND = {"audio": OPUS, "video": VP8}
PAYLOAD_TYPES = {"audio": 111, "video": 96}
"""What we offer to subscribers; the numbers libwebrtc uses itself."""

MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
AUDIO_LEVEL_EXTENSION = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_WANTED_EXTENSIONS = (MID_EXTENSION, RID_EXTENSION, AUDIO_LEVEL_EXTENSION)

MAX_SDP = 131_072
MAX_MEDIA = 64


class SdpError(InputError):
    """A session description cannot be used."""

    code = "bad_sdp"


@dataclass(slots=True)
class Codec:
    """One `a=rtpmap` line with its `a=fmtp`."""

    payload_type: int
    name: str
    clock_rate: int
    parameters: str = ""


@dataclass(slots=True)
class Media:
    """One m-line of a client's description."""

    kind: str
    port: int
    mid: str = ""
    direction: str = "sendrecv"
    track_id: str = ""
    """The second word of `a=msid`; empty when the sender has no track."""
    codecs: list[Codec] = field(default_factory=list)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)
    rids: list[str] = field(default_factory=list)
    max_message_size: int = 65_536

    @property
    def sends(self) -> bool:
        """Whether the client sends (or is ready to send) a track here."""
        return self.kind in CODEC_OF_KIND and self.direction in ("sendrecv", "sendonly") and self.port > 0

    def codec(self) -> Codec | None:
        """Return the codec this room forwards for the m-line's kind, if it is there."""
        name = CODEC_OF_KIND.get(self.kind)
        return next((codec for codec in self.codecs if codec.name == name), None)


@dataclass(slots=True)
class Description:
    """A parsed session description."""

    ufrag: str = ""
    password: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of hash name and value of the DTLS certificate."""
    media: list[Media] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of a transport, as it is written into each m-line."""

    ufrag: str
    password: str
    fingerprint: str
    host: str
    port: int
    max_message_size: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One media m-line of an offer to a subscriber. `track` empty means inactive."""

    mid: str
    kind: str
    stream: str = ""
    track: str = ""
    ssrc: int = 0
    cname: str = ""
    stereo: bool = False


def parse(text: str) -> Description:
    """Parse a client's session description. Raises SdpError when it is malformed or incomplete."""
    if len(text) > MAX_SDP:
        raise SdpError("the session description is too long")
    found = Description()
    media: Media | None = None
    try:
        for line in text.splitlines():
            key, _, value = line.partition("=")
            if key == "m":
                kind, port, *_ = value.split(" ")
                media = Media(kind, int(port))
                found.media.append(media)
            elif key == "a":
                name, _, rest = value.partition(":")
                _transport_attribute(found, name, rest)
                if media is not None:
                    _media_attribute(media, name, rest)
    except (ValueError, IndexError) as error:
        raise SdpError(f"malformed session description: {error}") from None
    if not found.ufrag or not found.password or not found.fingerprints:
        raise SdpError("the session description has no ICE credentials or no DTLS fingerprint")
    mids = [media.mid for media in found.media]
    if len(mids) > MAX_MEDIA or len(set(mids)) != len(mids) or "" in mids:
        raise SdpError("the session description has too many media sections, or mids that are no names")
    return found


def _transport_attribute(found: Description, name: str, value: str) -> None:
    # Everything is bundled, so the first m-line's transport is everybody's.
    if name == "ice-ufrag" and not found.ufrag:
        found.ufrag = value.strip()
    elif name == "ice-pwd" and not found.password:
        found.password = value.strip()
    elif name == "fingerprint" and not found.fingerprints:
        algorithm, digest = value.split(" ", 1)
        found.fingerprints.append((algorithm.lower(), digest.strip()))


def _media_attribute(media: Media, name: str, value: str) -> None:
    if name in ("sendrecv", "sendonly", "recvonly", "inactive"):
        media.direction = name
    elif name == "mid":
        media.mid = value.strip()
        if not media.mid.isalnum() and not media.mid.replace("-", "").replace("_", "").isalnum():
            raise ValueError("mid")
    elif name == "msid":
        _, _, track = value.partition(" ")
        media.track_id = track.strip()
    elif name == "rtpmap":
        number, encoding = value.split(" ", 1)
        codec, clock_rate, *_ = encoding.split("/")
        media.codecs.append(Codec(_payload_type(number), codec.lower(), int(clock_rate)))
    elif name == "fmtp":
        number, _, parameters = value.partition(" ")
        for known in media.codecs:
            if known.payload_type == int(number):
                known.parameters = parameters
    elif name == "extmap":
        number, uri, *_ = value.split(" ")
        media.extensions[uri.strip()] = int(number.partition("/")[0])
    elif name == "ssrc":
        ssrc = int(value.split(" ", 1)[0]) & 0xFFFFFFFF
        if ssrc not in media.ssrcs:
            media.ssrcs.append(ssrc)
    elif name == "rid":
        rid, direction, *_ = value.split(" ")
        if direction.startswith("send") and rid.isalnum():
            media.rids.append(rid)
    elif name == "max-message-size":
        media.max_message_size = int(value)


def _payload_type(number: str) -> int:
    value = int(number)
    if not 0 <= value <= 127:
        raise ValueError("payload type")
    return value


def answer(offer: Description, local: Local, *, accept: set[str]) -> str:
    """Write our answer to a publisher's offer. `accept` holds the mids of the tracks to receive."""
    sections = []
    bundled = []
    for media in offer.media:
        codec = media.codec()
        if media.kind == "application":
            sections.append(_application(media.mid, local, "passive"))
        elif codec is None or media.port == 0:
            # Port 0 rejects the section; it must then stay out of the bundle (RFC 9143).
            rejected = f"m={media.kind} 0 UDP/TLS/RTP/SAVPF 0"
            sections.append([rejected, "c=IN IP4 0.0.0.0", f"a=mid:{media.mid}", "a=inactive"])
            continue
        else:
            sections.append(_answer_media(media, codec, local, accepted=media.mid in accept))
        bundled.append(media.mid)
    return _join(bundled, sections)


def _answer_media(media: Media, codec: Codec, local: Local, *, accepted: bool) -> list[str]:
    lines = _media_head(media.kind, media.mid, codec.payload_type, local, "passive")
    stereo = media.kind == "audio" and "stereo=1" in codec.parameters.split(";")
    lines += _codec(media.kind, codec.payload_type, stereo=stereo)
    lines += [
        f"a=extmap:{media.extensions[uri]} {uri}" for uri in _WANTED_EXTENSIONS if uri in media.extensions
    ]
    lines.append("a=recvonly" if accepted else "a=inactive")
    if accepted and media.rids:
        # The best layer is named last. Taking one only makes the client send one.
        rid = media.rids[-1]
        lines += [f"a=rid:{rid} recv", f"a=simulcast:recv {rid}"]
    return lines


def offer(slots: list[Slot], local: Local) -> str:
    """Write our offer to a subscriber: the data channels at mid 0, then one m-line for each slot."""
    sections = [_application("0", local, "actpass")]
    for slot in slots:
        payload_type = PAYLOAD_TYPES[slot.kind]
        lines = _media_head(slot.kind, slot.mid, payload_type, local, "actpass")
        lines += _codec(slot.kind, payload_type, stereo=slot.stereo)
        if slot.track:
            msid = f"{slot.stream} {slot.track}"
            lines += ["a=sendonly", f"a=msid:{msid}"]
            lines += [f"a=ssrc:{slot.ssrc} cname:{slot.cname}", f"a=ssrc:{slot.ssrc} msid:{msid}"]
        else:
            lines.append("a=inactive")
        sections.append(lines)
    return _join(["0", *(slot.mid for slot in slots)], sections)


def _join(bundled: list[str], sections: list[list[str]]) -> str:
    head = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(bundled)}",
        "a=msid-semantic: WMS *",
    ]
    return "\r\n".join([*head, *(line for section in sections for line in section)]) + "\r\n"


def _application(mid: str, local: Local, setup: str) -> list[str]:
    lines = [f"m=application {local.port} UDP/DTLS/SCTP webrtc-datachannel"]
    lines += _transport(mid, local, setup)
    return [*lines, "a=sctp-port:5000", f"a=max-message-size:{local.max_message_size}"]


def _media_head(kind: str, mid: str, payload_type: int, local: Local, setup: str) -> list[str]:
    lines = [f"m={kind} {local.port} UDP/TLS/RTP/SAVPF {payload_type}"]
    return lines + _transport(mid, local, setup) + ["a=rtcp-mux", "a=rtcp-rsize"]


def _transport(mid: str, local: Local, setup: str) -> list[str]:
    return [
        f"c=IN IP4 {local.host}",
        f"a=mid:{mid}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
        f"a=candidate:1 1 udp 2130706431 {local.host} {local.port} typ host generation 0",
        "a=end-of-candidates",
    ]


def _codec(kind: str, payload_type: int, *, stereo: bool) -> list[str]:
    if kind == "audio":
        # No usedtx=1: a steady 50 packets a second keeps the receivers' playout clock exact.
        channels = ";stereo=1;sprop-stereo=1" if stereo else ""
        return [
            f"a=rtpmap:{payload_type} opus/48000/2",
            f"a=fmtp:{payload_type} minptime=10;useinbandfec=1{channels}",
        ]
    feedback = ["goog-remb", "ccm fir", "nack pli"]
    return [
        f"a=rtpmap:{payload_type} VP8/90000",
        *(f"a=rtcp-fb:{payload_type} {kind_of}" for kind_of in feedback),
    ]
