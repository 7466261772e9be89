"""From any of the service's sample rates to the 16 kHz of the recogniser, with 2 ms of delay.

The usual streaming resamplers hold back 20 to 100 ms (soxr at its lowest quality with a filter: 20 to 61),
which is more than the whole lip-sync may take. This one is a plain windowed sinc over blocks of 20 ms: at
every supported rate such a block has a whole number of samples, so one table of taps serves all blocks.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.front_end import RATE

Float = npt.NDArray[np.float32]

SAMPLE_RATES: Final = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

BLOCKS_PER_SECOND: Final = 50
_BLOCK: Final = RATE // BLOCKS_PER_SECOND
_HALF: Final = 32  # half the length of the filter, in samples at 16 kHz
_PASS_BAND: Final = 0.92
_KAISER_BETA: Final = 7.0
# Rates of few filter phases (8, 24, 32, 48 kHz) need no gathering of samples.
_FEW_PHASES: Final = 2
_ZERO: Final = np.zeros(1, np.float32)


@functools.cache
def _taps(rate: int) -> tuple[npt.NDArray[np.intp], Float, int]:
    """Return input indices and weights of a block's 320 outputs, and how far back they reach."""
    step = rate / RATE
    half = _HALF * step  # in input samples
    history = math.ceil(2 * half) + 1
    centres = (np.arange(_BLOCK) - _HALF) * step  # input position of each output, 0 = first of the block
    first = np.ceil(centres - half).astype(np.intp)
    indices = first[:, None] + np.arange(math.floor(2 * half) + 1)
    distance = (indices - centres[:, None]) / half
    cut = min(1.0, RATE / rate) * _PASS_BAND
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(1 - distance**2, 0))) / np.i0(_KAISER_BETA)
    weights = np.where(np.abs(distance) < 1, np.sinc((indices - centres[:, None]) * cut) * window, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return indices + history, weights.astype(np.float32), history


class BlockResampler:
    """Streaming resampler of whole 20 ms blocks; 16 kHz passes through untouched."""

    def __init__(self, sample_rate: int) -> None:
        """Raise ValueError when `sample_rate` is none of `SAMPLE_RATES`."""
        if sample_rate not in SAMPLE_RATES:
            raise ValueError(f"sample rate {sample_rate} is none of {SAMPLE_RATES}")
        self.block = sample_rate // BLOCKS_PER_SECOND
        self._rate = sample_rate
        self.reset()

    def reset(self) -> None:
        """Begin a new stream."""
        self._first = True
        if self._rate != RATE:
            self._history = np.zeros(_taps(self._rate)[2], np.float32)

    def process(self, block: Float) -> Float:
        """Take one block (`self.block` samples); return 16 kHz samples: 320, the first time 32 fewer."""
        if self._rate == RATE:
            return block
        indices, weights, history = _taps(self._rate)
        # One zero more: a tap of weight zero may lie just beyond the block.
        samples = np.concatenate([self._history, block, _ZERO])
        self._history = samples[-history - 1 : -1]
        phases = RATE // math.gcd(RATE, self._rate)
        if phases <= _FEW_PHASES:
            output = np.empty(_BLOCK, np.float32)
            windows = np.lib.stride_tricks.sliding_window_view(samples, weights.shape[1])
            for phase in range(phases):
                chosen = windows[indices[phase, 0] :: phases * self._rate // RATE][: _BLOCK // phases]
                output[phase::phases] = np.vecdot(chosen, weights[phase])
        else:
            output = np.einsum("ij,ij->i", samples[indices], weights)
        if self._first:
            self._first = False
            return output[_HALF:]
        return output
