"""A lip-sync engine that is easy to predict: the jaw follows the loudness, one frame of 20 ms late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatardesk.driving.motion import ARKIT_52, MotionFrame

_JAW = ARKIT_52.index("jawOpen")


class FakeLipSync:
    """Gives ceil(samples / 20 ms) frames in all; a frame leaves when the next one has begun."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._step = sample_rate // 50
        self._pcm = np.zeros(0, dtype=np.int16)

    def push(self, pcm: NDArray[np.int16]) -> list[MotionFrame]:
        self._pcm = np.concatenate((self._pcm, pcm))
        count = max(0, (self._pcm.size - 1) // self._step)
        return self._take(count)

    def finish(self) -> list[MotionFrame]:
        frames = self._take(-(-self._pcm.size // self._step))
        self.reset()
        return frames

    def reset(self) -> None:
        self._pcm = self._pcm[:0]

    def _take(self, count: int) -> list[MotionFrame]:
        frames = []
        for index in range(count):
            loudness = np.abs(self._pcm[index * self._step : (index + 1) * self._step]).max(initial=0)
            weights = np.zeros(52, dtype=np.float32)
            weights[_JAW] = float(loudness) / 32768.0
            frames.append(MotionFrame(weights))
        self._pcm = self._pcm[count * self._step :]
        return frames
