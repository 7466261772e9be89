"""Sound to cepstra: the front end of the acoustic model (PocketSphinx's `fe_*.c` and live mean), as a stream.

Frames of 10 ms; frame t looks at samples 160·t … 160·t + 410. Frames leave in pairs, always the same pairs,
so that the result doesn't depend on how the sound was cut into pieces.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

RATE: Final = 16_000
HOP: Final = 160
WINDOW: Final = 410
CEPSTRA: Final = 13
PAIR: Final = 2

_FFT: Final = 512
_MELS: Final = 25
_LOWEST_HZ: Final = 130.0
_HIGHEST_HZ: Final = 6800.0
_PRE_EMPHASIS: Final = np.float32(0.97)
_LIFTER: Final = 22
_LEAST_POWER: Final = np.float32(1e-4)

# Automatic gain: the held peak of the 10 ms level is brought to this level (16-bit scale).
_TARGET_LEVEL: Final = 6000.0
_LEVEL_DECAY: Final = 0.5 ** (1 / 300)  # half-life 3 s
_LEAST_LEVEL: Final = 60.0
_GAIN_RANGE: Final = (0.25, 30.0)
# Digital silence has no spectrum: a little noise keeps logarithms and differences calm. Repeats every 3 s.
_DITHER_LSB: Final = 5.0
_DITHER_LENGTH: Final = 3 * RATE

_PRIOR_MEAN: Final = (50, 5, -2, 12, -8, 2, -3, -5, 2, -2, 1, -2, 0)
_PRIOR_FRAMES: Final = 100.0
_MEAN_WINDOW: Final = 500.0


@functools.cache
def _dither() -> Float:
    noise = np.random.default_rng(0).normal(0, _DITHER_LSB, _DITHER_LENGTH).astype(np.float32)
    # A piece that begins near the end runs on into the beginning.
    return np.concatenate([noise, noise[:HOP]])


@functools.cache
def _window() -> Float:
    return np.hamming(WINDOW).astype(np.float32)


@functools.cache
def _mel_bank() -> Float:
    """Return 25 triangles of unit area between 130 and 6800 Hz, edges on FFT bins, (257, 25)."""
    bin_hz = RATE / _FFT
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, _MELS + 2) / 2595) - 1)
    edges = np.floor(edges / bin_hz + 0.5) * bin_hz
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    hz = np.arange(_FFT // 2 + 1)[:, None] * bin_hz
    triangles = np.minimum((hz - left) / (centre - left), (right - hz) / (right - centre))
    bank: Float = (np.maximum(triangles, 0) * 2 / (right - left)).astype(np.float32)
    return bank


@functools.cache
def _cosines() -> Float:
    """Return the orthonormal DCT-II with the lifter folded in, (25, 13)."""
    order = np.arange(CEPSTRA)
    matrix = np.cos(np.pi * order[:, None] * (np.arange(_MELS) + 0.5) / _MELS) * np.sqrt(2 / _MELS)
    matrix[0] *= np.sqrt(0.5)
    lifter = 1 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER)
    lifted: Float = (matrix * lifter[:, None]).T.astype(np.float32)
    return lifted


@functools.cache
def _spread() -> Float:
    """Return the smoothing of gains over neighbouring bands (mean of up to nine), (25, 25)."""
    distance = np.abs(np.arange(_MELS)[:, None] - np.arange(_MELS))
    near = (distance <= 4).astype(np.float32)
    spread: Float = near / near.sum(axis=0)
    return spread


class NoiseRemoval:
    """PocketSphinx's causal noise removal: slow tracking of each band's floor, and temporal masking."""

    def __init__(self) -> None:
        self._power: Float | None = None
        self._noise: Float
        self._floor: Float
        self._peak: Float

    def clean(self, mel: Float) -> Float:
        """Return one frame of mel powers (25,) with the steady noise taken out."""
        if self._power is None:
            self._power = mel.copy()
            self._noise = self._floor = mel / np.float32(20)
            self._peak = np.zeros_like(mel)
        power: Float = np.float32(0.7) * self._power + np.float32(0.3) * mel
        self._power = power
        self._noise = _lower_envelope(power, self._noise)
        signal = np.maximum(power - self._noise, np.float32(1))
        self._floor = _lower_envelope(signal, self._floor)
        decayed: Float = self._peak * np.float32(0.85)
        masked = np.where(signal < np.float32(0.85) * decayed, decayed * np.float32(0.2), signal)
        peak: Float = np.maximum(signal, decayed)
        self._peak = peak
        gain = np.maximum(masked, self._floor) / np.maximum(power, np.float32(1e-9))
        limited: Float = np.minimum(np.maximum(gain, np.float32(0.05)), np.float32(20))
        cleaned: Float = mel * (limited @ _spread())
        return cleaned


def _lower_envelope(value: Float, envelope: Float) -> Float:
    # Rises slowly, falls quickly.
    share = np.where(value >= envelope, np.float32(0.995), np.float32(0.5))
    result: Float = value + share * (envelope - value)
    return result


class FrontEnd:
    """Streaming cepstra with automatic gain, dither, noise removal and running mean."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._raw = np.zeros(0, np.float32)
        self._samples = np.zeros(0, np.float32)
        self._last: np.float32 | None = None
        self._position = 0
        self._level = _TARGET_LEVEL
        self._noise = NoiseRemoval()
        self._mean_sum = np.array(_PRIOR_MEAN, np.float32) * np.float32(_PRIOR_FRAMES)
        self._mean_count = _PRIOR_FRAMES

    def push(self, samples: Float) -> list[Float]:
        """Take 16 kHz samples on the 16-bit scale; return the finished pairs of cepstra, each (2, 13)."""
        raw = np.concatenate([self._raw, samples])
        # The gain changes every 10 ms, on the stream's own grid: where windows end, so that none waits for
        # it.
        pieces = [self._samples]
        while len(raw) >= (size := HOP if self._position else WINDOW % HOP):
            pieces.append(self._level_and_dither(raw[:size]))
            raw = raw[size:]
        self._raw = raw
        self._samples = np.concatenate(pieces)
        pairs = []
        start = 0
        while start + HOP + WINDOW <= len(self._samples):
            pairs.append(self._cepstra(self._samples[start : start + HOP + WINDOW]))
            start += PAIR * HOP
        self._samples = self._samples[start:]
        return pairs

    def _level_and_dither(self, piece: Float) -> Float:
        level = float(np.sqrt(np.dot(piece, piece) / len(piece)))
        self._level = max(self._level * _LEVEL_DECAY, level, _LEAST_LEVEL)
        gain = np.float32(min(_GAIN_RANGE[1], max(_GAIN_RANGE[0], _TARGET_LEVEL / self._level)))
        start = self._position % _DITHER_LENGTH
        self._position += len(piece)
        noisy = piece * gain + _dither()[start : start + len(piece)]
        emphasised = noisy.copy()
        emphasised[1:] -= _PRE_EMPHASIS * noisy[:-1]
        if self._last is not None:
            emphasised[0] -= _PRE_EMPHASIS * self._last
        self._last = noisy[-1]
        return emphasised

    def _cepstra(self, samples: Float) -> Float:
        frames = np.stack([samples[:WINDOW], samples[HOP:]]) * _window()
        spectrum = np.fft.rfft(frames, _FFT)
        mel = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ _mel_bank()
        cleaned = np.stack([self._noise.clean(row) for row in mel])
        cepstra = np.log(np.maximum(cleaned, _LEAST_POWER)) @ _cosines()
        for index in range(PAIR):
            self._mean_sum += cepstra[index]
            self._mean_count += 1
            if self._mean_count > _MEAN_WINDOW:
                self._mean_sum *= np.float32(_MEAN_WINDOW / self._mean_count)
                self._mean_count = _MEAN_WINDOW
            cepstra[index] -= self._mean_sum / np.float32(self._mean_count)
        result: Float = cepstra
        return result
