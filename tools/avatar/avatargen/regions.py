"""Soft masks over the skin that every expression is written in."""

from __future__ import annotations

import numpy as np

from avatargen.fields import Array, gauss, rotate_x, smoothstep
from avatargen.sculpt import JAW_ANGLE, JAW_HINGE, MOUTH_Y, Sculpt
from avatargen.topology import BAG_TAG, EYE_TAG, MOUTH_TAG, FaceMesh


class Regions:
    """Masks of shape (n,) for the n vertices of a neutral face."""

    def __init__(self, sculpt: Sculpt, face: FaceMesh) -> None:
        self.face = face
        self.sculpt = sculpt
        self.points = p = face.points
        self.x, self.y, self.z = p.T
        width = sculpt.mouth_width
        self.width = width
        self.below = sculpt.mouth_line(np.clip(self.x, -width, width)) - self.y
        """How far a vertex lies below the mouth line."""
        self.gap = np.abs(self.below)
        in_loops = face.tag >= MOUTH_TAG
        upper = np.where(face.side != 0, (face.side > 0) * 1.0, smoothstep(0.02, -0.02, self.below))
        upper = np.where((face.side == 0) & in_loops, 0.5, upper)
        beyond = smoothstep(0.0, 0.05, np.abs(self.x) - width * 0.97) * (face.tag == MOUTH_TAG)
        self.upper = upper * (1 - beyond) + beyond * smoothstep(0.06, -0.06, self.below)
        """1 above the mouth line, 0 below, by the lip a vertex belongs to."""
        self.lower = 1.0 - self.upper
        self.across = np.clip(np.abs(self.x) / width, 0.0, 1.0)
        """0 at the middle of the mouth, 1 at the corners and beyond."""
        self.arch = np.sqrt(1.0 - self.across**2)
        self.lips = gauss(p, (0, MOUTH_Y, 0.88), (0.34, 0.16, 0.30))
        self.ahead = (self.z > 0.3) * 1.0
        self.mouth_loop = (face.tag == MOUTH_TAG) * 1.0
        self.bag = (face.tag == BAG_TAG) * 1.0
        self.jaw = self._jaw_weight()
        self.jaw_swing = rotate_x(p, JAW_ANGLE, JAW_HINGE) - p

    def _jaw_weight(self) -> Array:
        """How much of the jaw's swing each vertex takes: the corners 0.42, so that the opening is round."""
        e = self.arch**0.8
        low = 0.42 + 0.58 * np.maximum(e, smoothstep(0.0, 0.34, self.below))
        high = 0.42 * (1.0 - np.maximum(e, smoothstep(0.0, 0.36, -self.below)))
        side = self.face.side
        w = np.where(side > 0, high, np.where(side < 0, low, np.where(self.below > 0, low, high)))
        back = smoothstep(-0.20, 0.42, self.z + 0.15 * np.clip(-self.y - 0.6, 0.0, 1.0))
        neck = smoothstep(-1.34, -1.00, self.y + 0.30 * np.clip(self.z - 0.1, 0.0, 1.0))
        w = w * back * neck * smoothstep(-0.20, -0.38, self.y)
        return np.where(self.face.tag == EYE_TAG, 0.0, w)

    def half(self, side: int) -> Array:
        """1 on one half of the face, blended over the middle."""
        return smoothstep(-0.10, 0.16, self.x * side)

    def corner(self, side: int, radii: tuple[float, float, float]) -> Array:
        """A soft ball round one mouth corner."""
        return gauss(self.points, (side * self.width, MOUTH_Y + 0.03, 0.80), radii)

    def around_line(self, width: float) -> Array:
        """1 on the mouth line, falling off above and below within ``width``."""
        return np.exp(-((self.gap / width) ** 2))

    def beside(self, width: float) -> Array:
        """1 between the corners, falling off outside of them."""
        return np.exp(-((np.clip(np.abs(self.x) - self.width, 0.0, 9.0) / width) ** 2))

    def zeros(self) -> Array:
        """No displacement."""
        return np.zeros_like(self.points)


def move(weight: Array, x: float, y: float, z: float) -> Array:
    """A mask times a direction."""
    return weight[:, None] * np.array([x, y, z])
