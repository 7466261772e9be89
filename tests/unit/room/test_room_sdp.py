"""Session descriptions: what is read from the clients' and what is written into ours."""

from __future__ import annotations

import pytest

from avatardesk.room import sdp

LOCAL = sdp.Local("frag", "pass", "AA:BB", "127.0.0.1", 7000, 65_536)

HEAD = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=ice-ufrag:them
a=ice-pwd:theirs
a=fingerprint:sha-256 11:22
"""
DATA = """m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
"""
AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111 63
a=mid:1
a=sendonly
a=msid:stream mic-track
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1;stereo=1
a=rtpmap:63 red/48000/2
a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:9 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=ssrc:1234 cname:x
a=ssrc:1234 msid:stream mic-track
"""
VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=mid:2
a=sendrecv
a=msid:- cam-track
a=rtpmap:97 H264/90000
a=rtpmap:96 VP8/90000
a=rid:q send
a=rid:h send
a=rid:f send
a=simulcast:send q;h;f
"""
OFFER = HEAD + DATA + AUDIO + VIDEO


def _section(text: str, mid: str) -> list[str]:
    sections = text.replace("\r\n", "\n").split("\nm=")
    return next(f"m={found}".split("\n") for found in sections if f"a=mid:{mid}\n" in found)


def test_an_offer_is_read() -> None:
    found = sdp.parse(OFFER)
    assert (found.ufrag, found.password, found.fingerprints) == ("them", "theirs", [("sha-256", "11:22")])
    data, audio, video = found.media
    assert data.max_message_size == 262_144
    assert audio.sends
    assert (audio.mid, audio.track_id, audio.ssrcs) == ("1", "mic-track", [1234])
    assert audio.extensions[sdp.MID_EXTENSION] == 3
    codec = video.codec()
    assert codec is not None
    assert (codec.name, codec.payload_type) == ("vp8", 96)
    assert video.rids == ["q", "h", "f"]


def test_line_ends_may_be_of_either_kind() -> None:
    assert sdp.parse(OFFER.replace("\n", "\r\n")) == sdp.parse(OFFER)


def test_the_answer_takes_what_is_accepted_and_names_our_end() -> None:
    text = sdp.answer(sdp.parse(OFFER), LOCAL, accept={"1"})
    assert "a=ice-lite\r\n" in text
    assert "a=group:BUNDLE 0 1 2\r\n" in text
    audio = _section(text, "1")
    assert audio[0] == "m=audio 7000 UDP/TLS/RTP/SAVPF 111"
    assert "a=recvonly" in audio
    assert "a=setup:passive" in audio
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1" in audio
    assert "a=candidate:1 1 udp 2130706431 127.0.0.1 7000 typ host generation 0" in audio
    assert f"a=extmap:1 {sdp.AUDIO_LEVEL_EXTENSION}" in audio
    assert not any("abs-send-time" in line or "red/" in line or "usedtx" in line for line in audio)
    assert "a=inactive" in _section(text, "2")


def test_the_answer_takes_one_layer_of_simulcast() -> None:
    video = _section(sdp.answer(sdp.parse(OFFER), LOCAL, accept={"2"}), "2")
    assert "a=rid:f recv" in video
    assert "a=simulcast:recv f" in video
    assert not any("nack" in line and "pli" not in line for line in video)


def test_a_section_without_our_codec_is_rejected_and_not_bundled() -> None:
    text = sdp.answer(sdp.parse(OFFER.replace("VP8", "AV1")), LOCAL, accept={"1", "2"})
    assert "a=group:BUNDLE 0 1\r\n" in text
    assert _section(text, "2")[0] == "m=video 0 UDP/TLS/RTP/SAVPF 0"


def test_our_offer_keeps_the_data_channels_first_and_an_ended_track_as_inactive() -> None:
    slots = [
        sdp.Slot("1", "audio", stream="PA_1|TR_1", track="TR_1", ssrc=77, cname="PA_1"),
        sdp.Slot("2", "video"),
    ]
    text = sdp.offer(slots, LOCAL)
    assert "a=group:BUNDLE 0 1 2\r\n" in text
    assert text.index("m=application") < text.index("m=audio") < text.index("m=video")
    audio = _section(text, "1")
    assert "a=msid:PA_1|TR_1 TR_1" in audio
    assert "a=ssrc:77 cname:PA_1" in audio
    assert "a=sendonly" in audio
    assert "a=inactive" in _section(text, "2")
    assert "a=setup:actpass" in audio


def test_our_own_descriptions_can_be_read() -> None:
    found = sdp.parse(sdp.offer([sdp.Slot("1", "audio", "s", "TR_1", 5, "c")], LOCAL))
    assert [media.kind for media in found.media] == ["application", "audio"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        OFFER.replace("a=ice-pwd:theirs\n", ""),
        OFFER.replace("a=fingerprint:sha-256 11:22\n", ""),
        OFFER.replace("a=fingerprint:sha-256 11:22", "a=fingerprint:sha-256"),
        OFFER.replace("a=mid:2", "a=mid:1"),
        OFFER.replace("a=mid:2", "a=mid:2 a"),
        OFFER.replace("a=rtpmap:111", "a=rtpmap:511"),
        OFFER.replace("a=ssrc:1234", "a=ssrc:many"),
        OFFER.replace("m=audio 9", "m=audio nine"),
        HEAD + DATA.replace("m=application 9", "m=application"),
        OFFER + "a=x\n" * 100_000,
        HEAD + "".join(AUDIO.replace("a=mid:1", f"a=mid:{number}") for number in range(65)),
    ],
    ids=range(13),
)
def test_what_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.parse(text)
