"""The eye opening in the ball's own angles: azimuth (+ outward) and elevation."""

from __future__ import annotations

import numpy as np

from avatargen.character import EyeShape
from avatargen.fields import Array, length
from avatargen.sculpt import EYE

AZ_INNER = np.deg2rad(-45.0)
AZ_OUTER = np.deg2rad(49.0)


def direction(az: Array, el: Array) -> Array:
    """Unit vectors of eye angles on the left eye."""
    return np.stack([np.sin(az) * np.cos(el), np.sin(el), np.cos(az) * np.cos(el)], -1)


def to_angles(p: Array, side: int) -> tuple[Array, Array, Array]:
    """Azimuth, elevation and radius of points about the eye on ``side`` (+1 left, -1 right)."""
    q = (p - EYE * np.array([side, 1, 1])) * np.array([side, 1, 1])
    r = length(q)
    return np.arctan2(q[:, 0], q[:, 2]), np.arcsin(np.clip(q[:, 1] / np.maximum(r, 1e-9), -1, 1)), r


def from_angles(az: Array, el: Array, r: Array, side: int) -> Array:
    """Inverse of :func:`to_angles`."""
    mirror = np.array([side, 1, 1])
    return direction(az, el) * r[:, None] * mirror + EYE * mirror


class Lids:
    """Upper and lower margin of one character's eye opening."""

    def __init__(self, shape: EyeShape) -> None:
        self.upper = np.deg2rad(shape.upper)
        self.lower = np.deg2rad(shape.lower)
        self.lift = np.deg2rad(shape.outer_lift)

    def margins(self, az: Array) -> tuple[Array, Array]:
        """Elevation of the upper and the lower margin at azimuth ``az``."""
        t = np.clip((az - AZ_INNER) / (AZ_OUTER - AZ_INNER), 0.0, 1.0)
        c = 2.0 * t - 1.0
        axis = np.deg2rad(-5.0) + self.lift * t
        # The upper arch peaks a little inside of the middle, the lower one outside of it.
        top = np.sqrt(np.clip(1.0 - np.abs(c) ** 2.3, 0.0, 1.0)) * (1.0 - 0.06 * c)
        bottom = np.sqrt(np.clip(1.0 - np.abs(c) ** 2.0, 0.0, 1.0)) * (0.93 + 0.07 * c)
        return axis + self.upper * top, axis - self.lower * bottom
