"""Viseme probabilities to a moving mouth: coarticulation, closures and the way back to rest.

Steps of 10 ms. Every path through here is late by the same 20 ms or so (filters lag, closures look at three
steps at once); the engine reads the mouth that much ahead, so what leaves is on time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.shapes import DOMINANCE, DRIVEN, IS_CONTEXT, JAW, VISEME_SHAPES
from avatardesk.driving.lipsync.visemes import CLOSURE, SILENCE, VISEME_INDEX
from avatardesk.driving.motion import ARKIT_52

Float = npt.NDArray[np.float32]

_STEP_S: Final = 0.01
# Critically damped second-order filters lag by 2 / ω: lips 18 ms, jaw 22 ms, lip closing 10 ms.
_LIPS: Final = 110.0
_JAW: Final = 90.0
_CLOSING: Final = 200.0
# Back to rest: 98 % of the way in some 200 ms.
_RESTING: Final = 29.0

_CONTEXT_SHARE: Final = 0.1  # per step: vowels are remembered for some 100 ms
# Probability at which lips begin to close, and at which they are closed.
_CLOSED: Final = {"PP": (0.15, 0.35), "FF": (0.25, 0.55)}
_WIDENED: Final = 3

_SHAPES: Final[Float] = np.ascontiguousarray(VISEME_SHAPES[:, DRIVEN])
_DOMINANCE: Final[Float] = np.ascontiguousarray(DOMINANCE[:, DRIVEN])
_OWN: Final[Float] = _SHAPES * _DOMINANCE
_BORROWED: Final[Float] = 1 - _DOMINANCE
_JAW_COLUMN: Final = int(np.flatnonzero(DRIVEN == JAW)[0])
_CLOSING_ROWS: Final = np.array([VISEME_INDEX[name] for name in _CLOSED])
_CLOSING_FROM: Final = np.array([low for low, _ in _CLOSED.values()], np.float32)
_CLOSING_SPAN: Final = np.array([high - low for low, high in _CLOSED.values()], np.float32)


class _Speed:
    """The constants of a step at natural frequencies `omega` (rad/s)."""

    def __init__(self, omega: Float) -> None:
        self.omega = omega.astype(np.float32)
        self.step = np.float32(_STEP_S)
        self.step_omega = self.step * self.omega
        self.decay = np.exp(-self.step_omega)

    def where(self, mask: npt.NDArray[np.bool_], other: _Speed) -> _Speed:
        """Return these speeds where `mask` is set, the other's elsewhere."""
        return _Speed(np.where(mask, self.omega, other.omega))


class _Damped:
    """A bank of critically damped filters with exact steps: no overshoot, continuous speed."""

    def __init__(self, size: int) -> None:
        self.value = np.zeros(size, np.float32)
        self._velocity = np.zeros(size, np.float32)

    def step(self, target: Float, speed: _Speed) -> None:
        offset = self.value - target
        slope = speed.omega * offset
        slope += self._velocity
        offset += speed.step * slope
        offset *= speed.decay
        self.value = target + offset
        self._velocity -= speed.step_omega * slope
        self._velocity *= speed.decay


_SPEAKING: Final = _Speed(np.where(DRIVEN == JAW, _JAW, _LIPS).astype(np.float32))
_RELAXING: Final = _Speed(np.full(len(DRIVEN), _RESTING, np.float32))
_PRESSING: Final = _Speed(np.full(len(_CLOSED), _CLOSING, np.float32))


class Mouth:
    """The mouth's state; `step` once per 10 ms of probabilities, `weights` whenever a frame is due."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Close the mouth and let it rest."""
        self._base = _Damped(len(DRIVEN))
        self._closing = _Damped(len(_CLOSED))
        self._recent = np.zeros((_WIDENED, len(_CLOSED)), np.float32)
        self._context = np.zeros(len(DRIVEN), np.float32)

    def step(self, probabilities: Float, jaw: float, lips: float) -> None:
        """Move on by 10 ms towards these visemes (15,), with jaw and lips sized by the voice's loudness."""
        sharp = probabilities * np.sqrt(probabilities)
        sharp /= sharp.sum()
        context = sharp * IS_CONTEXT
        share = float(context.sum())
        if share > 0.05:
            self._context += _CONTEXT_SHARE * (context @ _SHAPES - share * self._context)
        # Closed lips are laid over what the mouth does anyway (see `weights`).
        target: Float = sharp @ _OWN + (sharp @ _BORROWED) * self._context
        target *= lips
        target[_JAW_COLUMN] *= jaw / max(lips, 1e-3)
        silent = float(probabilities[SILENCE])
        resting = silent > 0.5
        if resting:
            # What little the recogniser half hears in a noise moves nothing.
            target *= np.float32(4 * (1 - silent) ** 2)
        speed = _RELAXING.where(target < self._base.value, _SPEAKING) if resting else _SPEAKING
        self._base.step(target, speed)
        closed = (probabilities[_CLOSING_ROWS] - _CLOSING_FROM) / _CLOSING_SPAN
        self._recent[:-1] = self._recent[1:]
        self._recent[-1] = np.minimum(np.maximum(closed, 0), 1)
        # A step more on either side: the shortest closure is seen, and complete when its sound begins.
        self._closing.step(self._recent.max(axis=0), _PRESSING)

    def weights(self) -> Float:
        """Return the 52 ARKit weights of this moment, each 0..1."""
        closed, bitten = (float(value) for value in self._closing.value)
        bitten *= 1 - closed
        driven = (
            self._base.value * (1 - closed) * (1 - bitten)
            + closed * _SHAPES[CLOSURE]
            + bitten * _SHAPES[VISEME_INDEX["FF"]]
        )
        result = np.zeros(len(ARKIT_52), np.float32)
        result[DRIVEN] = np.minimum(np.maximum(driven, 0), 1)
        return result
