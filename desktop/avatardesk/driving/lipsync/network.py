"""A small causal network that corrects the phone loop: noise, music, unknown voices, closures.

It sees the frame's 126 senone likelihoods, the cepstra of the frame and of the three after it, and the phone
loop's own answer, which it is free to overrule: its output is added to that answer's logarithm. Three
residual layers of dilated causal convolution remember 270 ms. Weights and how they were made: data/,
assets/lipsync/README.md.
"""

from __future__ import annotations

import functools
import importlib.resources
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.phone_loop import PhoneFrame
from avatardesk.driving.lipsync.visemes import CLOSURE, SILENCE, VISEMES
from avatardesk.errors import PlatformError

Float = npt.NDArray[np.float32]

WEIGHTS_FILE: Final = "viseme_tcn.npz"

LAYERS: Final = ((5, 1), (3, 3), (3, 9))
"""(taps, dilation) of each convolution."""

_SENONE_FLOOR: Final = np.float32(-150)
_SENONE_SCALE: Final = np.float32(1 / 15)
_CEPSTRA_SCALE: Final = np.float32(1 / 12)
_PRIOR_SCALE: Final = np.float32(1 / 3)
_LEAST_PROBABILITY: Final = np.float32(1e-3)

# The answer mixes the network's and the phone loop's. Lips that don't close are what viewers notice first, so
# closures get a bonus.
_NETWORK_SHARE: Final = np.float32(0.85)
_CLOSURE_BONUS: Final = np.float32(0.5)


def log_prior(frame: PhoneFrame) -> Float:
    """Return the phone loop's log probabilities (15,), floored."""
    result: Float = np.log(frame.visemes + _LEAST_PROBABILITY)
    return result


def network_inputs(frame: PhoneFrame) -> Float:
    """Return what the network sees of one frame, (193,)."""
    senones = np.maximum(frame.senones, _SENONE_FLOOR) * _SENONE_SCALE
    cepstra = frame.cepstra.ravel() * _CEPSTRA_SCALE
    return np.concatenate([senones, cepstra, log_prior(frame) * _PRIOR_SCALE])


@dataclass(frozen=True)
class NetworkWeights:
    """The trained weights. Immutable: every session shares one."""

    entry: Float
    """(193 + 1, h): inputs and bias to the first layer."""
    layers: tuple[Float, ...]
    """(taps · h + 1, h) each, the oldest tap first."""
    exit: Float
    """(h + 1, 15)."""
    prior: np.float32
    """Weight of the phone loop's log probabilities in the output."""


@functools.cache
def load_network() -> NetworkWeights:
    """Read the weights once per process.

    Raises:
        PlatformError: the file is missing from this installation or damaged.
    """
    resource = importlib.resources.files("avatardesk.driving.lipsync") / "data" / WEIGHTS_FILE
    try:
        with resource.open("rb") as file, np.load(file) as arrays:
            layers = tuple(arrays[f"layer{index}"].astype(np.float32) for index in range(len(LAYERS)))
            return NetworkWeights(
                entry=arrays["entry"].astype(np.float32),
                layers=layers,
                exit=arrays["exit"].astype(np.float32),
                prior=np.float32(arrays["prior"]),
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PlatformError(
            f"The lip-sync network cannot be read: {error}.", hint="Install AvatarDesk again."
        ) from error


class VisemeNetwork:
    """Streaming network; keeps what its convolutions still need."""

    def __init__(self, weights: NetworkWeights) -> None:
        self._weights = weights
        self._indices = [[np.arange(taps) * dilation + row for row in range(2)] for taps, dilation in LAYERS]
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        width = self._weights.entry.shape[1]
        self._past = [np.zeros(((taps - 1) * dilation, width), np.float32) for taps, dilation in LAYERS]

    def push(self, frames: Sequence[PhoneFrame]) -> Float:
        """Return the final probabilities (n, 15) of one or two frames of the phone loop."""
        if not frames:
            return np.zeros((0, len(VISEMES)), np.float32)
        prior = np.stack([log_prior(frame) for frame in frames])
        hidden = _affine(np.stack([network_inputs(frame) for frame in frames]), self._weights.entry)
        np.maximum(hidden, 0, out=hidden)
        for index, weights in enumerate(self._weights.layers):
            history = np.concatenate([self._past[index], hidden])
            self._past[index] = history[len(hidden) :]
            windows = np.stack([history[self._indices[index][row]].ravel() for row in range(len(hidden))])
            hidden = hidden + np.maximum(_affine(windows, weights), 0)
        return _mix(_affine(hidden, self._weights.exit) + self._weights.prior * prior, prior)


def _affine(rows: Float, weights: Float) -> Float:
    result: Float = rows @ weights[:-1] + weights[-1]
    return result


def _mix(scores: Float, prior: Float) -> Float:
    """Join the network's scores and the phone loop's logarithms; silence is the network's word alone."""
    scores = scores - scores.max(axis=1, keepdims=True)
    own = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    mixed = _NETWORK_SHARE * own + (1 - _NETWORK_SHARE) * prior
    mixed[:, CLOSURE] += _CLOSURE_BONUS
    shares: Float = np.exp(mixed)
    shares[:, SILENCE] = 0
    silence = np.exp(own[:, SILENCE : SILENCE + 1])
    shares *= (1 - silence) / np.maximum(shares.sum(axis=1, keepdims=True), np.float32(1e-12))
    shares[:, SILENCE] = silence[:, 0]
    return shares
