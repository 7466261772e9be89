"""A request's audio, turned frame by frame into what is played: sound at 48 kHz, motion and loudness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from avatardesk.driving.motion import MotionFrame, energy_byte

TRACK_RATE = 48000
"""Sample rate of the avatar's audio track."""

FRAME_SAMPLES = TRACK_RATE // 50
"""Track samples in one motion frame of 20 ms."""

Pcm: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class SpeechFrame:
    """20 ms of a reply: 960 samples at 48 kHz, the face's motion, and the energy byte of the samples."""

    pcm: Pcm
    motion: MotionFrame
    energy: int


class Engine(Protocol):
    """A streaming lip-sync engine; avatardesk.driving.lipsync.LipSyncEngine is the one in use."""

    def push(self, pcm: Pcm, /) -> list[MotionFrame]:
        """Take s16 mono samples; return the frames that are now known, in order."""

    def finish(self) -> list[MotionFrame]:
        """Return the frames still owed: ceil(samples / 20 ms) in all."""

    def reset(self) -> None:
        """Forget everything, for the next reply."""


EngineFactory: TypeAlias = Callable[[int], Engine]


class SpeechAnalyser:
    """Turns s16 mono PCM of one sample rate into SpeechFrames, one reply after the other.

    Synchronous; a caller on an event loop feeds it slices that take no longer than it can spare.
    """

    def __init__(self, sample_rate: int, engine: Engine) -> None:
        self._rate = sample_rate
        self._engine = engine
        self._resampler = self._new_resampler()
        self._motion: list[MotionFrame] = []
        self._pcm: Pcm = np.zeros(0, dtype=np.int16)
        self._any = False

    def push(self, pcm: Pcm) -> list[SpeechFrame]:
        """Take the reply's next samples; return the frames that are complete, sound and motion."""
        if pcm.size == 0:
            return []
        self._any = True
        self._motion.extend(self._engine.push(pcm))
        self._append(pcm, last=False)
        return self._take()

    def finish(self) -> list[SpeechFrame]:
        """Return the reply's last frames, the very last padded with silence; begin a new reply."""
        if self._any:
            self._motion.extend(self._engine.finish())
            self._append(np.zeros(0, dtype=np.int16), last=True)
            # The resampler may be a sample or two long or short of the frames: frames rule.
            wanted = len(self._motion) * FRAME_SAMPLES
            self._pcm = np.pad(self._pcm, (0, max(0, wanted - self._pcm.size)))[:wanted]
        frames = self._take()
        self.reset()
        return frames

    def reset(self) -> None:
        """Drop what is left of a reply that will not be finished."""
        self._engine.reset()
        self._resampler = self._new_resampler()
        self._motion.clear()
        self._pcm = self._pcm[:0]
        self._any = False

    def _new_resampler(self) -> soxr.ResampleStream | None:
        if self._rate == TRACK_RATE:
            return None
        # Not int16: soxr would dither, and silence would not stay silence.
        return soxr.ResampleStream(self._rate, TRACK_RATE, 1, dtype="float32", quality="HQ")

    def _append(self, pcm: Pcm, *, last: bool) -> None:
        if self._resampler is not None:
            resampled = self._resampler.resample_chunk(pcm.astype(np.float32), last=last)
            pcm = np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)
        self._pcm = np.concatenate((self._pcm, pcm))

    def _take(self) -> list[SpeechFrame]:
        count = min(len(self._motion), self._pcm.size // FRAME_SAMPLES)
        frames = []
        for index in range(count):
            pcm = self._pcm[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
            frames.append(SpeechFrame(pcm, self._motion[index], energy_byte(pcm)))
        self._pcm = self._pcm[count * FRAME_SAMPLES :]
        del self._motion[:count]
        return frames
