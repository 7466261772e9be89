"""Ogg Opus input: pages to packets (RFC 3533), packets to 48 kHz mono PCM (RFC 7845, decoded by FFmpeg)."""

from __future__ import annotations

import struct

import av
import numpy as np

from avatardesk.driving.speech import TRACK_RATE, Pcm
from avatardesk.errors import InputError

_PAGE_HEADER = struct.Struct("<4sBBqIIIB")
_CONTINUED = 1
_END_OF_STREAM = 4
_UNKNOWN_GRANULE = -1


class OggOpusDecoder:
    """Decodes one Ogg Opus stream that arrives in pieces of any size.

    Raises InputError for bytes that are no Ogg Opus. Two channels are mixed to one.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._packet = bytearray()
        self._packets = 0
        self._codec: av.AudioCodecContext | None = None
        self._skip = 0
        self._decoded = 0

    def push(self, data: bytes) -> Pcm:
        """Take the stream's next bytes; return the 48 kHz mono samples they complete."""
        self._buffer += data
        found: list[Pcm] = []
        while (page := self._take_page()) is not None:
            found.extend(self._page(*page))
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int16)

    def _take_page(self) -> tuple[int, int, bytes, bytes] | None:
        """Return the next whole page's flags, granule position, segment table and body, if any."""
        if self._buffer[:4] != b"OggS"[: len(self._buffer)]:
            raise InputError("The audio is no Ogg stream.", hint="Send Ogg Opus, or PCM and say so.")
        if len(self._buffer) < _PAGE_HEADER.size:
            return None
        _, _, flags, granule, _, _, _, count = _PAGE_HEADER.unpack_from(self._buffer)
        body = _PAGE_HEADER.size + count
        table = bytes(self._buffer[_PAGE_HEADER.size : body])
        end = body + sum(table)
        if len(table) < count or len(self._buffer) < end:
            return None
        data = bytes(self._buffer[body:end])
        del self._buffer[:end]
        return flags, granule, table, data

    def _page(self, flags: int, granule: int, table: bytes, body: bytes) -> list[Pcm]:
        if not flags & _CONTINUED:
            self._packet.clear()
        found: list[Pcm] = []
        at = 0
        for length in table:  # a packet ends with the first segment shorter than 255 bytes
            self._packet += body[at : at + length]
            at += length
            if length < 255:
                found.append(self._decode(bytes(self._packet)))
                self._packet.clear()
        if flags & _END_OF_STREAM and granule != _UNKNOWN_GRANULE and found:
            # The last granule position counts the stream's real samples; the encoder's padding comes after.
            excess = self._decoded - granule
            if 0 < excess <= found[-1].size:
                found[-1] = found[-1][:-excess]
        return found

    def _decode(self, packet: bytes) -> Pcm:
        self._packets += 1
        if self._packets == 1:
            self._open(packet)
        if self._packets <= 2 or self._codec is None:  # OpusHead, OpusTags
            return np.zeros(0, dtype=np.int16)
        try:
            frames = self._codec.decode(av.Packet(packet))
        except av.error.FFmpegError as error:
            raise InputError("An Opus packet could not be decoded.") from error
        pcm = np.concatenate([_mono(frame) for frame in frames]) if frames else np.zeros(0, dtype=np.int16)
        self._decoded += pcm.size
        skipped = min(self._skip, pcm.size)
        self._skip -= skipped
        return pcm[skipped:]

    def _open(self, head: bytes) -> None:
        if head[:8] != b"OpusHead" or len(head) < 19:
            raise InputError("The Ogg stream holds no Opus.", hint="Send Ogg Opus, or PCM and say so.")
        channels, self._skip = struct.unpack_from("<BH", head, 9)
        if channels not in (1, 2):
            raise InputError(f"The Opus stream has {channels} channels.", hint="Send one channel.")
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, av.AudioCodecContext)
        codec.sample_rate = TRACK_RATE
        codec.layout = "mono" if channels == 1 else "stereo"
        codec.format = av.AudioFormat("s16")
        self._codec = codec


def _mono(frame: av.AudioFrame) -> Pcm:
    samples = np.asarray(frame.to_ndarray(), dtype=np.float64)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    if "flt" in frame.format.name:
        samples = np.clip(samples, -1.0, 1.0) * 32767.0
    mono: Pcm = samples.mean(axis=0).astype(np.int16)
    return mono
