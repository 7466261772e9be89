"""The sending side of docs/protocols/motion.md: which messages a track's rounds need, and when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from avatardesk.driving.motion.codec import encode
from avatardesk.driving.motion.frames import MAX_FRAMES, MotionFlags, MotionFrame, MotionKind, MotionMessage

NEW_FRAMES = 2
"""Frames that a FRAMES message adds; it repeats the others."""


class TimedMotion(Protocol):
    """What the writer needs of a frame of speech."""

    @property
    def motion(self) -> MotionFrame:
        """The face."""

    @property
    def energy(self) -> int:
        """The energy byte."""


class MotionWriter:
    """Numbers and encodes a track's messages; the caller sends them, on the protocol's channels."""

    def __init__(self) -> None:
        self._sequence = 0

    def event(self, kind: MotionKind, round_: int, frame: int, track_samples: int) -> bytes:
        """Return a message without frames: START, END, INTERRUPTED, PAUSED or RESUMED."""
        return self._encode(kind, round_, frame, track_samples)

    def frames(
        self,
        round_: int,
        newest: int,
        track_samples: int,
        known: Sequence[TimedMotion],
        *,
        last: bool = False,
    ) -> bytes:
        """Return a FRAMES message whose newest frame is number `newest` and the last of `known`.

        known: the round's newest frames in order, at most 12 of which are sent.
        track_samples: track index of the newest frame's first sample. last: it is the round's last frame.
        """
        sent = list(islice(known, max(0, len(known) - MAX_FRAMES), None))
        return self._encode(
            MotionKind.FRAMES,
            round_,
            newest,
            track_samples,
            MotionFlags.LAST if last else MotionFlags.NONE,
            tuple(frame.energy for frame in sent),
            tuple(frame.motion for frame in sent),
        )

    def _encode(
        self,
        kind: MotionKind,
        round_: int,
        frame: int,
        track_samples: int,
        flags: int = 0,
        energies: tuple[int, ...] = (),
        frames: tuple[MotionFrame, ...] = (),
    ) -> bytes:
        sequence, self._sequence = self._sequence, (self._sequence + 1) & 0xFFFFFFFF
        return encode(MotionMessage(kind, round_, frame, track_samples, sequence, flags, energies, frames))
