"""The values that travel in motion messages: frames of face motion, and the messages themselves."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

VERSION = 1
"""Version byte of docs/protocols/motion.md."""

FRAME_MS = 20
"""Media time one frame covers."""

MAX_FRAMES = 12
"""The most frames (and energies) one message carries."""

HEAD_RANGE = 0.5
"""Head angle in radians that a full-scale byte (127) stands for."""

GAZE_RANGE = 0.6
"""Gaze angle in radians that a full-scale byte (127) stands for."""

SILENCE_DBFS = -72.0
"""Loudness that the energy byte 0 stands for; 255 is 0 dBFS."""

# ARKit's ARFaceAnchor.BlendShapeLocation names, in the order that docs/protocols/motion.md fixes.
ARKIT_52: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose",
    "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip

WEIGHT_COUNT = len(ARKIT_52)

Weights: TypeAlias = NDArray[np.float32]
Angles3: TypeAlias = tuple[float, float, float]
Angles2: TypeAlias = tuple[float, float]


class MotionKind(enum.IntEnum):
    """What a motion message says."""

    FRAMES = 1
    START = 2
    END = 3
    INTERRUPTED = 4
    PAUSED = 5
    RESUMED = 6


class MotionFlags(enum.IntFlag):
    """Bits of a message's flags; a receiver ignores those it does not know."""

    NONE = 0
    LAST = 1


@dataclass(frozen=True, slots=True, eq=False)
class MotionFrame:
    """The face during one frame of 20 ms.

    weights: 52 blendshape weights, 0..1, in the order of ARKIT_52.
    head: (pitch + down, yaw + to the avatar's left, roll + to its left shoulder) in radians;
        None = not driven.
    gaze: (pitch + down, yaw + to the avatar's left) in radians, None = not driven.
    """

    weights: Weights
    head: Angles3 | None = None
    gaze: Angles2 | None = None

    def __post_init__(self) -> None:
        if self.weights.shape != (WEIGHT_COUNT,):
            raise ValueError(f"a motion frame has {WEIGHT_COUNT} weights, not {self.weights.shape}")

    @classmethod
    def neutral(cls) -> MotionFrame:
        """Return the resting face: every weight zero, head and gaze not driven."""
        return cls(np.zeros(WEIGHT_COUNT, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class MotionMessage:
    """One message of docs/protocols/motion.md; `frame` and `track_samples` mean what the table there says.

    energies: bytes 0..255 (log RMS), frames: both with the newest, number `frame`, last.
    """

    kind: MotionKind
    round: int
    frame: int
    track_samples: int
    sequence: int
    flags: int = 0
    energies: tuple[int, ...] = ()
    frames: tuple[MotionFrame, ...] = field(default=())


def energy_byte(pcm: NDArray[np.int16]) -> int:
    """Return the RMS of one frame of s16 samples as the protocol's byte, 0 (<= -72 dBFS) .. 255 (0 dBFS)."""
    if pcm.size == 0:
        return 0
    samples = pcm.astype(np.float64)
    rms = math.sqrt(float(np.mean(samples * samples))) / 32768.0
    if rms <= 0.0:
        return 0
    decibels = 20.0 * math.log10(rms)
    return max(0, min(255, round((decibels - SILENCE_DBFS) / -SILENCE_DBFS * 255.0)))
