"""How loud and how high the voice is: what stress, nods and brows follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.front_end import RATE

Float = npt.NDArray[np.float32]

_HALF: Final = RATE // 100
_WINDOW: Final = 640  # 40 ms: three periods of a deep voice
_FFT: Final = 1024  # at least the window and the longest lag, so that nothing wraps
_PITCH_HZ: Final = (75, 400)
_VOICED: Final = 0.45
_AS_GOOD: Final = 0.9
_SILENCE_DB: Final = -90.0
_QUIET_DB: Final = -62.0
_LONGEST_STOP: Final = 8  # blocks of 20 ms
_FALL_DB: Final = 0.04  # per 20 ms: the reference level forgets a loud word in half a minute
_RANGE_DB: Final = 16.0
_PITCH_SHARE: Final = 0.02


@dataclass(frozen=True)
class Prosody:
    """The voice during one block of 20 ms."""

    loudness: float
    """0 (quiet or silent) … 1 (as loud as this voice's loudest syllables)."""
    strength: float
    """How loud the voice speaks on the whole: 0 (murmur) … 1 (shout)."""
    audible: bool
    """False when it has been too quiet for speech for longer than a stop consonant keeps silent."""
    pitch: float
    """Semitones above this voice's usual pitch; 0 when unvoiced."""


class ProsodyTracker:
    """Streaming loudness and pitch against what is usual for this voice."""

    def __init__(self) -> None:
        window = np.hanning(_WINDOW)
        self._window = window.astype(np.float32)
        own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)
        low, high = (RATE // hz for hz in reversed(_PITCH_HZ))
        self._lags = slice(low, high + 1)
        self._compensation = (own[0] / own[self._lags]).astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Begin with a voice of ordinary loudness."""
        self._samples = np.zeros(_WINDOW, np.float32)
        self._reference = -24.0
        self._usual_pitch = 0.0
        self._quiet_blocks = _LONGEST_STOP  # nobody has spoken yet

    def process(self, block: Float) -> Prosody:
        """Take the next 320 samples (16 kHz, 16-bit scale)."""
        self._samples = np.concatenate([self._samples[len(block) :], block])
        power = float(np.dot(block, block)) / max(1, len(block)) / 32768.0**2
        level = 10 * float(np.log10(power)) if power > 1e-9 else _SILENCE_DB
        self._reference = max(self._reference - _FALL_DB, level, -45.0)
        heard = level > max(_QUIET_DB, self._reference - 40)
        self._quiet_blocks = 0 if heard else self._quiet_blocks + 1
        return Prosody(
            loudness=min(1.0, max(0.0, 1 + (level - self._reference) / _RANGE_DB)),
            strength=min(1.0, max(0.0, (self._reference + 40) / 34)),
            audible=self._quiet_blocks <= _LONGEST_STOP,
            pitch=self._pitch() if heard else 0.0,
        )

    def _pitch(self) -> float:
        spectrum = np.fft.rfft(self._samples * self._window, _FFT)
        correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
        if correlation[0] <= 0:
            return 0.0
        similarity = correlation[self._lags] * self._compensation / correlation[0]
        if similarity.max() < _VOICED:
            return 0.0
        best = _first_peak(similarity)
        semitones = 12 * float(np.log2(RATE / (best + self._lags.start)))
        if self._usual_pitch == 0.0:
            self._usual_pitch = semitones
        self._usual_pitch += _PITCH_SHARE * (semitones - self._usual_pitch)
        return semitones - self._usual_pitch


def _first_peak(similarity: Float) -> int:
    """Return the shortest lag that fits nearly as well as the best: twice a period fits as well as one."""
    good = np.concatenate([[False], similarity >= _AS_GOOD * similarity.max(), [False]])
    edges = np.flatnonzero(good[1:] != good[:-1])
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        peak = int(start + np.argmax(similarity[start:end]))
        # A run that only falls is the end of the peak at lag zero.
        if peak > 0:
            return peak
    return int(np.argmax(similarity))
