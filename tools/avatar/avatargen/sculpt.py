"""The head as a distance field: masses, features, lips."""

from __future__ import annotations

import numpy as np

from avatargen.character import Character
from avatargen.fields import (
    Array,
    capsule,
    carve,
    ellipsoid,
    fold_x,
    march,
    polyline,
    smoothstep,
    sphere,
    union,
)

EYE = np.array([0.385, 0.0, 0.450])
"""Centre of the left eyeball."""
EYE_RADIUS = 0.305
LID = 0.030
"""Thickness of the lids over the ball."""
MOUTH_Y = -0.590
STAR = np.array([0.0, -0.10, 0.0])
"""A point that sees the whole outer skin: the topology is triangulated as seen from here."""
JAW_HINGE = (0.0, -0.30, -0.02)
JAW_ANGLE = np.deg2rad(21.0)
_BACK = np.array([0.0, 0.0, -1.0])


class Sculpt:
    """The distance field of one character's head."""

    def __init__(self, character: Character) -> None:
        self.character = character
        self.mouth_width = character.mouth.half_width
        self._lips = self._place_lips()

    def mouth_line(self, x: Array) -> Array:
        """Height of the line where the lips meet, at distance ``x`` from the middle."""
        u = np.clip(np.abs(x) / self.mouth_width, 0.0, 1.5)
        return MOUTH_Y + self.character.mouth.corner_lift * u**2.2 - 0.008 * np.exp(-((x / 0.06) ** 2))

    def scalp(self, p: Array) -> Array:
        """Skull and face mass without features: what hair lies on."""
        w = self.character.head.face_width
        skull = ellipsoid(p, (0, 0.40, -0.14), (0.86, 0.84, 0.97))
        return union(skull, ellipsoid(p, (0, -0.18, 0.10), (0.735 * w, 0.78, 0.66)), 0.30)

    def _masses(self, p: Array) -> Array:
        """The head without lips."""
        h = self.character.head
        m = fold_x(p)
        w, jaw, chin, drop = h.face_width, h.jaw_width, h.chin_width, h.chin_drop
        d = ellipsoid(p, (0, 0.40, -0.14), (0.86, 0.84, 0.97))
        d = union(d, ellipsoid(p, (0, -0.14, 0.16), (0.735 * w, 0.74, 0.66)), 0.30)
        d = union(d, ellipsoid(m, (0.37 * w, -0.31, 0.46), (0.32 * h.cheek, 0.27 * h.cheek, 0.30)), 0.22)
        d = union(d, ellipsoid(p, (0, -0.62 - drop, 0.34), (0.36 * jaw, 0.36, 0.44)), 0.24)
        # The jaw's edge from ear to chin: without it the profile has no plane break under the cheek.
        edge = 0.085 + 0.035 * h.jaw_drop
        d = union(
            d,
            capsule(
                m,
                (0.49 * jaw, -0.46 - 0.10 * h.jaw_drop, 0.02),
                (0.16 * chin, -0.86 - drop, 0.55),
                edge,
                0.09,
            ),
            0.16,
        )
        d = union(d, ellipsoid(p, (0, -0.855 - drop, 0.57), (0.16 * chin, 0.13, 0.175)), 0.20)
        d = union(d, ellipsoid(p, (0, -0.57, 0.60), (0.27, 0.20, 0.225)), 0.14)
        d = union(d, capsule(m, (0.10, 0.30, 0.70), (0.54, 0.27, 0.50), h.brow_ridge, h.brow_ridge), 0.20)
        neck = h.neck
        d = union(d, capsule(p, (0, -0.7, -0.16), (0, -2.3, -0.34), 0.298 * neck, 0.36 * neck), 0.22)
        # The two cords that run from behind the ear to the collar bone.
        d = union(d, capsule(m, (0.30 * neck, -0.75, -0.12), (0.09, -1.75, 0.10), 0.05, 0.06), 0.14)
        d = carve(d, ellipsoid(m, (EYE[0] + 0.015, 0.02, 0.93), (0.27, 0.22, 0.24)), 0.16)
        d = union(d, sphere(m, EYE, EYE_RADIUS + LID), 0.055)
        d = union(d, ellipsoid(m, (0.150, -0.015, 0.635), (0.090, 0.14, 0.105)), 0.09)
        d = union(d, self._nose(p, m), 0.13)
        nd = h.nose_drop
        d = carve(d, ellipsoid(m, (0.050 * h.nose_width, -0.350 - nd, 0.905), (0.028, 0.022, 0.042)), 0.030)
        d = carve(d, capsule(p, (0, -0.40 - nd, 0.91), (0, -0.48, 0.92), 0.010, 0.014), 0.05)
        d = carve(d, capsule(p, (-0.06, -0.735, 0.895), (0.06, -0.735, 0.895), 0.025, 0.025), 0.09)
        if h.fold:
            # From outside the surface into it and out again: the line has no beginning and no end.
            r = 0.010 + 0.012 * h.fold
            line = np.array([[0.185, -0.335, 0.930], [0.270, -0.455, 0.822], [0.345, -0.585, 0.765]])
            d = carve(d, polyline(m, line, np.array([0.2 * r, r, 0.3 * r])), 0.05 + 0.03 * h.fold)
        return d

    def _nose(self, p: Array, m: Array) -> Array:
        h = self.character.head
        w, tip, nd = h.nose_width, h.nose_tip, h.nose_drop
        n = capsule(
            p,
            (0, 0.12, 0.68 + 0.02 * (h.nose_bridge - 1)),
            (0, -0.22 - nd, 0.925),
            0.055 * h.nose_bridge,
            0.080,
        )
        n = union(n, ellipsoid(p, (0, -0.265 - nd, 0.945), (0.108 * tip, 0.092 * tip, 0.098 * tip)), 0.07)
        return union(n, ellipsoid(m, (0.098 * w, -0.300 - nd, 0.865), (0.062 * w, 0.057, 0.075)), 0.06)

    def _place_lips(self) -> tuple[Array, Array, Array, Array]:
        """Two tapered tubes along the mouth line: points and radii, upper then lower."""
        shape = self.character.mouth
        width = self.mouth_width
        x = np.linspace(-width * 1.03, width * 1.03, 25)
        u = np.abs(x) / width
        line = self.mouth_line(x)
        profile = np.sqrt(np.clip(1.0 - (u / 1.06) ** 2, 0.0, 1.0))
        bow = 0.010 * np.exp(-(((np.abs(x) - 0.065) / 0.05) ** 2)) - 0.004 * np.exp(-((x / 0.03) ** 2))
        upper = (0.010 + 0.026 * profile + 0.6 * bow) * shape.upper
        lower = (0.009 + 0.040 * profile) * shape.lower
        front = march(np.stack([x, line, np.full_like(x, 2.0)], -1), _BACK, self._masses)[:, 2]
        # The ends sink into the cheek, or the corner becomes a bead.
        sink = 0.030 * np.clip((u - 0.72) / 0.31, 0.0, 1.0) ** 1.5
        top = np.stack([x, line + upper * 0.92, front - upper * 0.45 + 0.006 - sink], -1)
        low = np.stack([x, line - lower * 0.92, front - lower * 0.55 + 0.004 - sink], -1)
        return top, upper, low, lower

    def head(self, p: Array) -> Array:
        """Distance to the whole skin."""
        d = self._masses(p)
        near = (np.abs(p[:, 0]) < 0.45) & (p[:, 1] > -0.92) & (p[:, 1] < -0.36) & (p[:, 2] > 0.4)
        if near.any():
            top, upper, low, lower = self._lips
            q = p[near]
            lips = union(polyline(q, top, upper), polyline(q, low, lower), 0.012)
            # Blended out towards the box, so that the smooth union leaves no step on its faces.
            e = d[near]
            d[near] = np.where(lips > e + 0.05, e, union(e, lips, 0.048))
        return d

    def lip_heights(self, x: Array) -> tuple[Array, Array]:
        """How far the red of the upper and of the lower lip reaches from the mouth line."""
        a = np.abs(x)
        profile = np.sqrt(np.clip(1.0 - (np.clip(a / self.mouth_width, 0, 1.2) / 1.04) ** 2, 0.0, 1.0))
        bow = 0.016 * np.exp(-(((a - 0.07) / 0.05) ** 2)) - 0.010 * np.exp(-((x / 0.03) ** 2))
        shape = self.character.mouth
        return (0.008 + 0.052 * profile + 0.8 * bow) * shape.upper, (0.008 + 0.078 * profile) * shape.lower


def front_weight(p: Array) -> Array:
    """1 on the face, 0 behind the ears."""
    return smoothstep(0.15, 0.55, p[:, 2])
