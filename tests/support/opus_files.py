"""Ogg Opus made by FFmpeg, to be decoded by the code under test."""

from __future__ import annotations

import io
import struct

import av
import numpy as np

RATE = 48000


def opus_file(pcm: np.ndarray, layout: str = "mono") -> bytes:
    """Encode 48 kHz samples with FFmpeg's own Ogg muxer."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout=layout)
        stream.bit_rate = 64000
        samples = np.tile(pcm[:, None], (1, 1 if layout == "mono" else 2)).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = bytearray(buffer.getvalue())
    # The last page's granule position says where the sound ends: after the pre-skip and our samples.
    skip = struct.unpack_from("<H", data, data.index(b"OpusHead") + 10)[0]
    struct.pack_into("<q", data, data.rindex(b"OggS") + 6, skip + pcm.size)
    return bytes(data)
