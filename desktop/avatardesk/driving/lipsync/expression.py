"""What else moves in speech: brows that follow the pitch, nods that follow the stress, a little sway.

Everything begins and ends at rest and depends on the voice alone, so the same words always look the same.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.prosody import Prosody
from avatardesk.driving.motion import ARKIT_52

Float = npt.NDArray[np.float32]

_STEP_S: Final = 0.02
# Speeds of first-order followers, 1/s.
_ENGAGE: Final = 2.5  # how soon the head takes part in speaking
_STRESS: Final = 14.0
_USUAL: Final = 2.5
_BROWS: Final = 9.0

_NOD_RAD: Final = 0.10  # per unit of stress above the usual
_NOD_LIMIT_RAD: Final = 0.05
_RAISED_SEMITONES: Final = 7.0
_BROW_INNER: Final = 0.32
_BROW_OUTER: Final = 0.22
# Sway: slow, small, of periods that don't fit each other. (amplitude in rad, period in s)
_YAW: Final = (0.035, 5.3)
_ROLL: Final = (0.018, 3.7)
_STILL_RAD: Final = 5e-4

_BROW_COLUMNS: Final = tuple(
    ARKIT_52.index(name) for name in ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
)


def _share(speed: float) -> float:
    return 1 - math.exp(-speed * _STEP_S)


class Expression:
    """Brows and head of the speaking avatar; `step` once per 20 ms."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Look straight, brows at rest."""
        self._engaged = self._stress = self._usual = self._raised = self._raised_slow = 0.0
        self._time = 0.0

    def step(self, voice: Prosody, speech: float) -> None:
        """Move on by 20 ms; `speech` is the probability that somebody speaks (0..1)."""
        loudness = voice.loudness * speech
        raised = min(1.0, max(0.0, voice.pitch / _RAISED_SEMITONES)) * speech
        self._engaged += _share(_ENGAGE) * (speech - self._engaged)
        self._stress += _share(_STRESS) * (loudness - self._stress)
        self._usual += _share(_USUAL) * (loudness - self._usual)
        # Two followers in a row: brows start and stop softly.
        self._raised += _share(_BROWS) * (raised - self._raised)
        self._raised_slow += _share(_BROWS) * (self._raised - self._raised_slow)
        self._time += _STEP_S

    def head(self) -> tuple[float, float, float]:
        """Return (pitch, yaw, roll) in rad; exactly at rest once the voice has been silent for a while."""
        if self._engaged < 0.01:
            return (0.0, 0.0, 0.0)
        nod = max(-_NOD_LIMIT_RAD, min(_NOD_LIMIT_RAD, _NOD_RAD * (self._stress - self._usual)))
        yaw, roll = (
            self._engaged * amplitude * math.sin(2 * math.pi * self._time / period)
            for amplitude, period in (_YAW, _ROLL)
        )
        pitch, yaw, roll = (0.0 if abs(angle) < _STILL_RAD else angle for angle in (nod, yaw, roll))
        return (pitch, yaw, roll)

    def add_brows(self, weights: Float) -> None:
        """Lift the brows in `weights` (52,) in place."""
        inner, left, right = _BROW_COLUMNS
        weights[inner] = _BROW_INNER * self._raised_slow
        # One brow a little higher: faces are not symmetrical.
        weights[left] = _BROW_OUTER * self._raised_slow
        weights[right] = 0.85 * _BROW_OUTER * self._raised_slow
