"""Hair as sheets: smooth families of strands over the scalp, from which locks are cut.

A sheet maps (u, t) to space: u counts strands, t runs along each one from root to tip. It is sampled once
on a grid and interpolated afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import map_coordinates

from avatargen.fields import Array, march, smoothstep, unit
from avatargen.sculpt import Sculpt

CENTRE = np.array([0.0, 0.15, -0.12])
"""Middle of the skull: strands are laid out as directions from here."""
_LEAVE = 0.62
"""Where along a bob's strand it leaves the skull and hangs."""


@dataclass(frozen=True)
class Sheet:
    """Grids (strands, steps, 3): curves on the scalp from root to tip, how far and which way hair lifts."""

    base: Array
    lift: Array
    outward: Array
    closed: bool = False
    """True if the last strand is the neighbour of the first one."""

    def at(self, u: Array, t: Array, height: Array) -> Array:
        """Points at strand ``u`` and length ``t`` (0..1), ``height`` above the scalp in lifts."""
        return self._sample(self.base, u, t) + self._sample(self.outward, u, t) * (
            self._sample(self.lift[..., None], u, t) * height[:, None]
        )

    def out(self, u: Array, t: Array) -> Array:
        """Unit vectors away from the head."""
        return unit(self._sample(self.outward, u, t))

    def _sample(self, values: Array, u: Array, t: Array) -> Array:
        strands, steps = values.shape[:2]
        rows = (u % 1.0) * strands if self.closed else np.clip(u, 0, 1) * (strands - 1)
        columns = np.clip(t, 0, 1) * (steps - 1)
        if self.closed:
            values = np.concatenate([values, values[:1]])
        where = np.stack([rows, columns])
        return np.stack([map_coordinates(values[..., k], where, order=1) for k in range(values.shape[2])], -1)


def _slerp(a: Array, b: Array, t: Array) -> Array:
    """Great-circle paths: a, b (n, 3), t (m,) -> (n, m, 3)."""
    angle = np.arccos(np.clip(np.einsum("ij,ij->i", a, b), -1, 1))[:, None]
    wa = np.sin((1 - t) * angle) / np.sin(angle)
    wb = np.sin(t * angle) / np.sin(angle)
    return wa[..., None] * a[:, None] + wb[..., None] * b[:, None]


def _on_scalp(sculpt: Sculpt, rays: Array) -> Array:
    flat = rays.reshape(-1, 3)
    return march(CENTRE + flat * 2.2, -flat, sculpt.scalp).reshape(rays.shape)


def bob_sheet(sculpt: Sculpt, side: int, lift: float) -> Sheet:
    """One side of a chin-length cut: from a side parting down over the skull, then hanging."""
    u = np.linspace(0, 1, 49)
    t = np.linspace(0, 1, 33)
    front = np.deg2rad(54.0 if side > 0 else 60.0)
    azimuth = side * (front + (np.deg2rad(184.0) - front) * u)
    tilt = np.deg2rad(55.0 - 93.0 * u)
    roots = unit(np.stack([0.26 * (1 - 0.6 * u), np.cos(tilt), np.sin(tilt)], -1))
    ends = unit(np.stack([np.sin(azimuth), np.full_like(u, 0.06), np.cos(azimuth)], -1))
    along = np.clip(t / _LEAVE, 0, 1)
    rays = _slerp(roots, ends, along)
    base = _on_scalp(sculpt, rays)
    height = lift * smoothstep(0.0, 0.34, along) * (0.80 + 0.42 * np.sin(along * np.pi * 0.80)) + 0.016
    lifted = np.broadcast_to(height, base.shape[:2]).copy()
    # The front edge lies closer to the face than the mass behind it.
    lifted *= (0.62 + 0.38 * smoothstep(0.0, 0.14, u))[:, None]
    hanging = t > _LEAVE
    fall = (t[hanging] - _LEAVE) / (1 - _LEAVE)
    leave = int(np.argmax(hanging)) - 1
    from_point = base[:, leave]
    tip_y = -0.80 - 0.07 * np.cos(u * np.pi) - 0.04 * u
    curl = 1 + 0.04 * np.sin(fall * np.pi) - 0.20 * fall**2.2
    base[:, hanging, 0] = from_point[:, None, 0] * curl
    base[:, hanging, 1] = from_point[:, None, 1] + (tip_y - from_point[:, 1])[:, None] * fall
    base[:, hanging, 2] = (from_point[:, None, 2] - CENTRE[2]) * curl + CENTRE[2]
    outward = rays.copy()
    outward[:, hanging] = unit(outward[:, hanging] * np.array([1.0, 0.2, 1.0]))
    # Where skull turns into hang, curves are eased.
    for _ in range(4):
        base[:, 1:-1] = 0.25 * base[:, :-2] + 0.5 * base[:, 1:-1] + 0.25 * base[:, 2:]
    return Sheet(base, lifted, outward)


def _hairline(knots: Sequence[tuple[float, float]], azimuth: Array) -> Array:
    """Unit directions of a hairline given as (azimuth from the front, elevation) in degrees, symmetric."""
    a, e = np.array(knots).T
    curve = PchipInterpolator(a, e)
    folded = np.abs((np.rad2deg(azimuth) + 180) % 360 - 180)
    el = np.deg2rad(curve(folded))
    return np.stack([np.sin(azimuth) * np.cos(el), np.sin(el), np.cos(azimuth) * np.cos(el)], -1)


SHORT_HAIRLINE = [
    (0, 37),
    (22, 38),
    (40, 40),
    (52, 33),
    (61, 17),
    (70, 3),
    (78, -13),
    (88, -10),
    (97, 4),
    (112, -4),
    (130, -22),
    (180, -30),
]
BUN_HAIRLINE = [
    (0, 40),
    (25, 38),
    (45, 31),
    (60, 18),
    (74, 2),
    (84, -6),
    (97, 2),
    (115, -10),
    (140, -28),
    (180, -33),
]


def short_sheet(sculpt: Sculpt, lift: float) -> Sheet:
    """Cropped hair: from the crown out to the hairline all round."""
    u = np.arange(96) / 96
    t = np.linspace(0, 1, 30)
    azimuth = u * 2 * np.pi
    crown = np.broadcast_to(unit(np.array([0.0, 0.90, -0.42])), (len(u), 3))
    rays = _slerp(crown, _hairline(SHORT_HAIRLINE, azimuth), t)
    base = _on_scalp(sculpt, rays)
    front = np.clip(np.cos(azimuth), 0, 1) ** 1.5
    top = smoothstep(0.05, 0.75, rays[..., 1])
    # Faded sides: hardly any length below the temples, most at the front of the top.
    height = lift * (0.20 + 0.80 * top + 0.35 * top * front[:, None] * smoothstep(0.3, 0.85, t))
    edge = (
        smoothstep(1.0, 0.80, t)[None] * (1 - front[:, None])
        + smoothstep(1.0, 0.93, t)[None] * front[:, None]
    )
    return Sheet(base, height * edge + 0.004, rays, closed=True)


BUN_DIRECTION = unit(np.array([0.0, 0.80, -0.62]))


def bun_sheet(sculpt: Sculpt, lift: float) -> Sheet:
    """Hair combed from the hairline to a knot high at the back."""
    u = np.arange(96) / 96
    t = np.linspace(0, 1, 30)
    azimuth = u * 2 * np.pi
    knot = np.broadcast_to(BUN_DIRECTION, (len(u), 3))
    rays = _slerp(_hairline(BUN_HAIRLINE, azimuth), knot, t)
    # Strands sweep sideways before they run up: straight ones look like a swim cap.
    sweep = 0.10 * np.sin(t * np.pi)[None] * np.cos(azimuth)[:, None] ** 2
    rays = unit(rays + np.stack([sweep, 0 * sweep, 0 * sweep], -1))
    base = _on_scalp(sculpt, rays)
    front = np.clip(np.cos(azimuth), 0, 1)[:, None]
    height = (
        lift
        * smoothstep(0.0, 0.30, t)[None]
        * (0.65 + 0.75 * front * np.sin(np.clip(t * 1.15, 0, 1) * np.pi)[None])
    )
    return Sheet(base, height + 0.006, rays, closed=True)
