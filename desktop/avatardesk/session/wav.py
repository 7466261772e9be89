"""Recordings for the avatar: read a WAV file of whatever PCM kind into samples the avatar service takes.

Format: RIFF/WAVE, chunk `fmt ` with format codes 1 (PCM), 3 (IEEE float) and 0xFFFE (extensible, whose real
code begins the sub-format GUID); Multimedia Programming Interface 1.0, and Microsoft's WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatardesk.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Rates of raw PCM an avatar service takes, Hz. It refuses others and never resamples.
SERVICE_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)

_LONGEST_SECONDS = 600
_LARGEST_BYTES = 256 * 1024 * 1024
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_RATES = range(4000, 384001)
_MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono speech: s16le samples at `sample_rate`, one of SERVICE_RATES."""

    pcm: bytes
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / 2 / self.sample_rate


@dataclass(frozen=True, slots=True)
class _Format:
    code: int
    channels: int
    rate: int
    bits: int


def read_wav(path: Path) -> Recording:
    """Read a recording, mix its channels to one, and resample it where the service does not take its rate.

    Raises:
        InputError: the file is missing, no WAV, compressed, empty, damaged or too long; says which.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise _wrong(path, f"is larger than {_LARGEST_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as problem:
        raise InputError(
            f"{path} cannot be read: {problem.strerror}.", code="no_file", field="wav"
        ) from problem
    found, samples = _chunks(path, data)
    mono = _mono(path, found, samples)
    if len(mono) == 0:
        raise _wrong(path, "holds no sound")
    if len(mono) / found.rate > _LONGEST_SECONDS:
        raise _wrong(path, f"is longer than {_LONGEST_SECONDS // 60} minutes")
    return _fit(mono, found.rate)


def service_rate(rate: int) -> int:
    """Return the rate at which a recording of `rate` Hz goes to the service: its own, or the next better
    one.
    """
    return next((known for known in SERVICE_RATES if known >= rate), SERVICE_RATES[-1])


def _chunks(path: Path, data: bytes) -> tuple[_Format, bytes]:
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _wrong(path, "is not a WAV file")
    found: _Format | None = None
    position = 12
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = data[position + 8 : position + 8 + size]
        if name == b"fmt ":
            found = _format(path, body)
        elif name == b"data":
            if found is None:
                raise _wrong(path, "has its sound before its format")
            # A recorder that was cut off leaves a size of 0 or of 4 GiB: what is there counts.
            return found, body if size else data[position + 8 :]
        position += 8 + size + (size & 1)
    raise _wrong(path, "holds no sound")


def _format(path: Path, body: bytes) -> _Format:
    if len(body) < 16:
        raise _wrong(path, "has a damaged format chunk")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE and len(body) >= 26:
        code = struct.unpack_from("<H", body, 24)[0]
    if (code, bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}:
        raise _wrong(path, f"is compressed or of an unusual kind (format {code}, {bits} bits)")
    if not 1 <= channels <= _MOST_CHANNELS:
        raise _wrong(path, f"has {channels} channels")
    if rate not in _RATES:
        raise _wrong(path, f"has a sample rate of {rate} Hz")
    return _Format(code, channels, rate, bits)


def _mono(path: Path, found: _Format, raw: bytes) -> NDArray[np.float32]:
    import numpy as np

    frame = found.channels * found.bits // 8
    raw = raw[: len(raw) // frame * frame]
    samples: NDArray[Any]
    if found.code == _FLOAT:
        samples = np.frombuffer(raw, f"<f{found.bits // 8}").astype(np.float32)
        if not np.all(np.isfinite(samples)):
            raise _wrong(path, "holds samples that are no numbers")
    elif found.bits == 8:
        samples = (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    elif found.bits == 24:
        bytes_of = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = bytes_of[:, 0] << 8 | bytes_of[:, 1] << 16 | bytes_of[:, 2] << 24
        samples = whole.astype(np.float32) / 2**31
    else:
        samples = np.frombuffer(raw, f"<i{found.bits // 8}").astype(np.float32) / 2.0 ** (found.bits - 1)
    return np.ascontiguousarray(samples.reshape(-1, found.channels).mean(axis=1), dtype=np.float32)


def _fit(mono: NDArray[np.float32], rate: int) -> Recording:
    import numpy as np

    wanted = service_rate(rate)
    if wanted != rate:
        import soxr

        mono = soxr.resample(mono, rate, wanted)
    pcm = (np.clip(mono, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    return Recording(pcm, wanted)


def _wrong(path: Path, what: str) -> InputError:
    return InputError(
        f"{path.name} {what}.",
        hint="Use an uncompressed WAV file (PCM or float), at most 10 minutes long.",
        code="bad_wav",
        field="wav",
    )
