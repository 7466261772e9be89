"""Which ARKit blendshapes make which viseme, and how far a viseme insists on them.

Amounts are for a stylised head: vowels differ in size first (aa wide open … ih narrow), then in the lips.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.visemes import VISEMES
from avatardesk.driving.motion import ARKIT_52

Float = npt.NDArray[np.float32]

# "mouthStretch" and the like stand for both sides.
_SHAPES: Final[dict[str, dict[str, float]]] = {
    "sil": {},
    "PP": {
        "mouthPress": 0.5,
        "mouthRollLower": 0.35,
        "mouthRollUpper": 0.35,
        "jawOpen": 0.03,
        "mouthClose": 0.03,
    },
    "FF": {"mouthRollLower": 0.65, "mouthUpperUp": 0.28, "mouthStretch": 0.12, "jawOpen": 0.06},
    "TH": {"tongueOut": 0.5, "jawOpen": 0.16, "mouthLowerDown": 0.28, "mouthUpperUp": 0.16},
    "DD": {"jawOpen": 0.13, "mouthLowerDown": 0.28, "mouthUpperUp": 0.14, "mouthStretch": 0.1},
    "kk": {"jawOpen": 0.2, "mouthLowerDown": 0.22, "mouthUpperUp": 0.12},
    "CH": {
        "mouthFunnel": 0.5,
        "mouthPucker": 0.35,
        "jawOpen": 0.07,
        "mouthLowerDown": 0.3,
        "mouthUpperUp": 0.28,
    },
    "SS": {
        "mouthStretch": 0.32,
        "mouthSmile": 0.12,
        "jawOpen": 0.04,
        "mouthLowerDown": 0.38,
        "mouthUpperUp": 0.26,
    },
    "nn": {"jawOpen": 0.14, "mouthLowerDown": 0.22, "mouthUpperUp": 0.12, "mouthStretch": 0.08},
    "RR": {"mouthPucker": 0.4, "mouthFunnel": 0.35, "jawOpen": 0.14, "mouthLowerDown": 0.18},
    "aa": {"jawOpen": 0.62, "mouthLowerDown": 0.36, "mouthUpperUp": 0.22, "mouthStretch": 0.06},
    "E": {
        "jawOpen": 0.36,
        "mouthStretch": 0.32,
        "mouthSmile": 0.18,
        "mouthLowerDown": 0.36,
        "mouthUpperUp": 0.24,
    },
    "ih": {
        "jawOpen": 0.22,
        "mouthStretch": 0.38,
        "mouthSmile": 0.26,
        "mouthLowerDown": 0.3,
        "mouthUpperUp": 0.2,
    },
    "oh": {
        "jawOpen": 0.44,
        "mouthFunnel": 0.6,
        "mouthPucker": 0.4,
        "jawForward": 0.15,
        "mouthLowerDown": 0.12,
    },
    "ou": {"jawOpen": 0.18, "mouthFunnel": 0.35, "mouthPucker": 0.9, "jawForward": 0.2},
}

# (lips, jaw): the rest of a consonant's shape is borrowed from the vowels around it.
_DOMINANCE: Final[dict[str, tuple[float, float]]] = {
    "PP": (0.0, 0.6),  # closed lips are laid over everything else; what is under them comes from the vowels
    "FF": (0.0, 0.6),
    "TH": (0.8, 0.8),
    "DD": (0.5, 0.7),
    "kk": (0.35, 0.6),
    "CH": (0.95, 0.95),
    "SS": (0.75, 1.0),  # sibilants narrow the jaw whatever stands beside them
    "nn": (0.4, 0.6),
    "RR": (0.8, 0.7),
}

JAW: Final = ARKIT_52.index("jawOpen")
_JAW_NAMES: Final = frozenset({"jawOpen", "jawForward"})


def _expand(shape: dict[str, float]) -> Float:
    row = np.zeros(len(ARKIT_52), np.float32)
    for name, amount in shape.items():
        for full in (name, f"{name}Left", f"{name}Right"):
            if full in ARKIT_52:
                row[ARKIT_52.index(full)] = amount
    return row


VISEME_SHAPES: Final[Float] = np.stack([_expand(_SHAPES[viseme]) for viseme in VISEMES])
"""(15, 52) ARKit weights of each viseme at full strength."""

DOMINANCE: Final[Float] = np.stack(
    [
        [_DOMINANCE.get(viseme, (1.0, 1.0))[1 if name in _JAW_NAMES else 0] for name in ARKIT_52]
        for viseme in VISEMES
    ]
).astype(np.float32)
"""(15, 52) share of each weight that a viseme decides by itself."""

IS_CONTEXT: Final[Float] = np.array([viseme not in _DOMINANCE for viseme in VISEMES], np.float32)
"""(15,) 1 for the visemes consonants borrow from: the vowels and silence."""

DRIVEN: Final = np.flatnonzero(VISEME_SHAPES.any(axis=0))
"""The weights that any viseme moves."""
