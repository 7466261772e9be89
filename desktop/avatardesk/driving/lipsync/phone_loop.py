"""Phones from cepstra: a hidden Markov model over all phones, with a few frames of look-ahead.

To hear as much of the future as the look-ahead allows, a frame's own likelihood uses all three feature
streams, the frames after it only those streams that are complete already (differences need two frames more,
their differences three).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.acoustic_model import DIMENSIONS, STATES, AcousticModel
from avatardesk.driving.lipsync.visemes import NOT_A_SHAPE, SILENCE, VISEMES, viseme_of_phone

Float = npt.NDArray[np.float32]

LOOKAHEAD_FRAMES: Final = 3
"""Frame t needs the cepstra of frame t + 3; the first of a pair gets t + 4."""

# Senone likelihoods of neighbouring frames are far from independent; this scale makes up for it.
_ACOUSTIC_SCALE: Final = np.float32(0.3)
_HISTORY: Final = 8


@dataclass(frozen=True)
class PhoneFrame:
    """What the loop knows about one frame of 10 ms."""

    visemes: Float
    """(15,) posterior probabilities; /h/ is left out and the rest sums to one."""
    senones: Float
    """(126,) log-likelihoods of the frame itself, the best one 0."""
    cepstra: Float
    """(4, 13) cepstra of this frame and the three after it."""


@functools.cache
def _state_visemes(phones: tuple[str, ...]) -> Float:
    table = np.zeros((len(phones) * STATES, len(VISEMES)), np.float32)
    for index, phone in enumerate(phones):
        viseme = viseme_of_phone(phone)
        if viseme != NOT_A_SHAPE:
            table[STATES * index : STATES * (index + 1), viseme] = 1
    return table


@functools.cache
def _first_states(phones: tuple[str, ...]) -> Float:
    start = np.full(len(phones) * STATES, 1e-3, np.float32)
    start[STATES * phones.index("SIL")] = 1
    normalised: Float = start / start.sum()
    return normalised


class PhoneLoop:
    """Streaming forward-backward over the phone loop, two frames at a time."""

    def __init__(self, model: AcousticModel) -> None:
        self._model = model
        self._entering = np.ascontiguousarray(model.transitions.T)
        self._visemes = _state_visemes(model.phones)
        self.reset()

    def reset(self) -> None:
        """Start before the first frame."""
        self._count = 0
        # The last eight frames; the newest pair is at the end.
        self._cepstra = np.zeros((_HISTORY, DIMENSIONS), np.float32)
        self._static = np.zeros((4, self._model.senones), np.float32)
        self._partial = np.zeros((2, self._model.senones), np.float32)
        self._forward = _first_states(self._model.phones)

    def push(self, pair: Float) -> list[PhoneFrame]:
        """Take the next two frames of cepstra (2, 13); return the frames that are decided now (0, 1 or 2).

        After frames t - 1 and t (t odd), frames t - 4 and t - 3 are decided.
        """
        if self._count == 0:
            self._cepstra[:] = pair[0]
        self._cepstra[:-2] = self._cepstra[2:]
        self._cepstra[-2:] = pair
        self._count += 2
        c = self._cepstra
        # Rows of c: 0 is frame t - 7, 7 is frame t.
        difference = c[4:8] - c[0:4]  # of frames t - 5 … t - 2
        second = c[[6, 7]] - c[[2, 3]] - c[[4, 5]] + c[[0, 1]]  # of frames t - 4, t - 3
        features = np.stack([c[6:8], difference[2:4], second])
        static, delta, curve = self._model.log_likelihoods(features)
        # Older frames first: static t - 5 … t; partial (static + difference) t - 4 … t - 2.
        statics = np.concatenate([self._static, static])
        partial_new = statics[2:4] + delta  # frames t - 3, t - 2
        partials = np.concatenate([self._partial[-1:], partial_new])  # frames t - 4, t - 3, t - 2
        full = partials[:2] + curve  # frames t - 4, t - 3
        self._static, self._partial = statics[2:], partial_new
        return self._decide(full, partials[2], statics[4:])

    def _decide(self, full: Float, partial: Float, static: Float) -> list[PhoneFrame]:
        """Join the forward pass with the future: `full` are frames t - 4, t - 3; `static` t - 1, t."""
        full = full - full.max(axis=1, keepdims=True)
        own = np.exp(_ACOUSTIC_SCALE * full)
        transitions = self._model.transitions
        # np.vecdot, as a product of this size would wake BLAS's threads.
        backward = np.vecdot(transitions, _likelihood(static[1]))
        backward = np.vecdot(transitions, _likelihood(static[0]) * backward)
        backward = np.vecdot(transitions, _likelihood(partial) * backward)
        before = np.vecdot(transitions, own[1] * backward)
        frames = []
        first = self._count - 5  # the number of frame t - 4
        for index, future in ((0, before), (1, backward)):
            number = first + index
            if number < 0:
                continue
            entered = np.vecdot(self._entering, self._forward) if number else self._forward
            forward = entered * own[index]
            self._forward = forward / forward.sum()
            visemes = (self._forward * future) @ self._visemes
            total = visemes.sum()
            if total <= 0:  # nothing but /h/ within float precision
                visemes[SILENCE] = total = np.float32(1)
            cepstra = self._cepstra[3 + index : 7 + index]
            frames.append(PhoneFrame(visemes / total, full[index], cepstra.copy()))
        return frames


def _likelihood(log_likelihood: Float) -> Float:
    scaled: Float = np.exp(_ACOUSTIC_SCALE * (log_likelihood - log_likelihood.max()))
    return scaled
