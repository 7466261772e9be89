"""The demo's microphone: one recording made of spoken questions with silence between them."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from avatardesk.errors import InputError

Samples = npt.NDArray[np.int16]

RATE = 48000
"""Hz of the composed recording: what Chromium's capture runs at, so that nothing is resampled twice."""

SPEECH_PEAK = 0.5
"""Every utterance is brought to this peak (of full scale): recordings differ by 20 dB, microphones do not."""


@dataclass(frozen=True)
class Utterance:
    """Something the user says.

    Attributes:
        name: what the report calls it.
        samples: mono speech at `RATE`.
        pause_after: seconds of silence after it; the avatar answers in it. Short = the next one barges in.
    """

    name: str
    samples: Samples
    pause_after: float

    @property
    def seconds(self) -> float:
        """Length of the speech without the pause."""
        return len(self.samples) / RATE


def read_wav(file: Path) -> Samples:
    """Read a mono or stereo 16-bit PCM WAV as mono at `RATE`.

    Raises:
        InputError: the file is missing or of another format.
    """
    try:
        with wave.open(str(file), "rb") as source:
            width, channels, rate = source.getsampwidth(), source.getnchannels(), source.getframerate()
            data = source.readframes(source.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(
            f"{file} could not be read: {error}.", hint="Give a 16-bit PCM WAV file.", field="speech"
        ) from error
    if width != 2 or channels not in (1, 2):
        raise InputError(
            f"{file} has {8 * width} bits and {channels} channels.",
            hint="Give a 16-bit PCM WAV with one or two channels.",
            field="speech",
        )
    samples = np.frombuffer(data, dtype="<i2").reshape(-1, channels).astype(np.float32).mean(axis=1)
    return to_rate(samples, rate)


def to_rate(samples: npt.NDArray[np.float32], rate: int) -> Samples:
    """Resample mono speech (int16 scale) to `RATE` and level it to `SPEECH_PEAK`."""
    resampled = soxr.resample(samples, rate, RATE, quality="HQ") if rate != RATE else samples
    peak = float(np.max(np.abs(resampled), initial=1.0))
    return np.asarray(np.round(resampled * (SPEECH_PEAK * 32767 / peak)), dtype=np.int16)


def compose(utterances: Sequence[Utterance], *, lead: float) -> Samples:
    """Join utterances: `lead` seconds of silence, then each with its pause."""
    parts: list[Samples] = [_silence(lead)]
    for utterance in utterances:
        parts += [utterance.samples, _silence(utterance.pause_after)]
    return np.concatenate(parts)


def write_wav(file: Path, samples: Samples) -> None:
    """Write mono samples at `RATE` as 16-bit PCM."""
    with wave.open(str(file), "wb") as sink:
        sink.setnchannels(1)
        sink.setsampwidth(2)
        sink.setframerate(RATE)
        sink.writeframes(samples.astype("<i2").tobytes())


def _silence(seconds: float) -> Samples:
    # A real microphone is never digitally silent, and voice detectors know rooms: -72 dBFS of noise.
    noise = np.random.default_rng(seed=7).normal(0.0, 8.0, round(seconds * RATE))
    return np.asarray(np.round(noise), dtype=np.int16)
