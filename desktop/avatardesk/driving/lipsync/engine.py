"""The lip-sync: PCM in, one motion frame per 20 ms out."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.expression import Expression
from avatardesk.driving.lipsync.front_end import RATE
from avatardesk.driving.lipsync.mouth import Mouth
from avatardesk.driving.lipsync.prosody import Prosody, ProsodyTracker
from avatardesk.driving.lipsync.recognizer import VisemeRecognizer
from avatardesk.driving.lipsync.resample import BLOCKS_PER_SECOND, BlockResampler
from avatardesk.driving.lipsync.visemes import SILENCE
from avatardesk.driving.motion import MotionFrame

Float = npt.NDArray[np.float32]

_FRAME: Final = RATE // BLOCKS_PER_SECOND
_ROWS_AHEAD: Final = 2
"""Frame k is read when the mouth has seen row 2k + 2: with its filters' lag that is the frame's middle."""
_LEAST_WEIGHT: Final = 0.004
"""Less is invisible, and the message's bytes hold no less."""
# Jaw and lips are two dials; loudness moves the jaw more. (murmured and unstressed, + stressed, + loud)
_JAW_SIZE: Final = (0.68, 0.3, 0.16)
_LIP_SIZE: Final = (0.85, 0.1, 0.08)
_BLOCKS_AHEAD: Final = 3
"""Blocks after a frame's own that must be in before it can leave."""


class LipSyncEngine:
    """Streaming lip-sync of one voice.

    Frame k belongs to the media time [20·k, 20·k + 20) ms and leaves with the 20 ms block k + 3, so that
    speech that comes in real time is delayed by at most `lookahead_ms`; of speech that comes faster, every
    frame that can be known is returned at once. The frames don't depend on how the sound was cut into pieces.
    """

    lookahead_ms: Final = 1000 / BLOCKS_PER_SECOND * (_BLOCKS_AHEAD + 1)
    """From the start of a frame to the last sample that it needs."""

    def __init__(self, sample_rate: int) -> None:
        """Begin a voice of `sample_rate` Hz.

        Raises:
            ValueError: the rate is none of `SAMPLE_RATES`.
            PlatformError: the speech model is missing.
        """
        self._resampler = BlockResampler(sample_rate)
        self._recognizer = VisemeRecognizer()
        self._prosody = ProsodyTracker()
        self._mouth = Mouth()
        self._expression = Expression()
        self.sample_rate = sample_rate
        self.reset()

    def reset(self) -> None:
        """Drop what is unfinished and begin a new voice."""
        self._resampler.reset()
        self._recognizer.reset()
        self._prosody.reset()
        self._mouth.reset()
        self._expression.reset()
        self._pending = np.zeros(0, np.int16)
        self._sound = np.zeros(0, np.float32)
        self._voice: deque[Prosody] = deque()
        self._row = 0
        self._speech = 0.0
        self._samples = 0
        self._frames = 0

    def push(self, pcm: npt.NDArray[np.int16]) -> list[MotionFrame]:
        """Take the next mono samples, any number; return the frames that are known now."""
        self._samples += len(pcm)
        self._pending = np.concatenate([self._pending, pcm])
        block = self._resampler.block
        whole = len(self._pending) // block * block
        frames: list[MotionFrame] = []
        for start in range(0, whole, block):
            frames += self._process(self._pending[start : start + block].astype(np.float32))
        self._pending = self._pending[whole:]
        return frames

    def finish(self) -> list[MotionFrame]:
        """Return the frames still owed and begin a new voice; all frames together are ⌈samples / 20 ms⌉."""
        block = self._resampler.block
        total = -(-self._samples // block)
        frames: list[MotionFrame] = []
        padded = np.zeros(block, np.float32)
        padded[: len(self._pending)] = self._pending
        while self._frames < total:
            frames += self._process(padded)
            padded = np.zeros(block, np.float32)
        owed = len(frames) - (self._frames - total)
        self.reset()
        return frames[:owed]

    def _process(self, block: Float) -> list[MotionFrame]:
        sound = self._resampler.process(block)
        self._sound = np.concatenate([self._sound, sound])
        while len(self._sound) >= _FRAME:
            self._voice.append(self._prosody.process(self._sound[:_FRAME]))
            self._sound = self._sound[_FRAME:]
        frames = []
        for row in self._recognizer.push(sound):
            # Row r lies in block r // 2. A frame's block is dropped when the frame has left.
            self._move(row, self._voice[self._row // 2 - self._frames])
            if self._row >= _ROWS_AHEAD and self._row % 2 == 0:
                frames.append(self._frame())
                self._frames += 1
                self._voice.popleft()
            self._row += 1
        return frames

    def _move(self, row: Float, voice: Prosody) -> None:
        if not voice.audible:
            row = np.zeros_like(row)
            row[SILENCE] = 1
        jaw, lips = (
            least + stressed * voice.loudness + loud * voice.strength
            for least, stressed, loud in (_JAW_SIZE, _LIP_SIZE)
        )
        self._speech = 1 - float(row[SILENCE])
        self._mouth.step(row, jaw, lips)

    def _frame(self) -> MotionFrame:
        self._expression.step(self._voice[0], self._speech)
        weights = self._mouth.weights()
        self._expression.add_brows(weights)
        weights[weights < _LEAST_WEIGHT] = 0
        return MotionFrame(weights=weights, head=self._expression.head())
