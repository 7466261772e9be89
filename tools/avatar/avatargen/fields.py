"""Signed distance fields and the ways to walk on them.

Axes everywhere: +x the character's left, +y up, +z forward. The unit is about the skull's radius. Points are
float64 arrays of shape (n, 3); fields map them to (n,) distances, negative inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Field = Callable[[Array], Array]


def length(v: Array) -> Array:
    """Euclidean length along the last axis."""
    return np.sqrt(np.einsum("...i,...i->...", v, v))


def unit(v: Array) -> Array:
    """Vectors scaled to length one; a zero vector stays zero."""
    return v / np.maximum(length(v), 1e-12)[..., None]


def smoothstep(edge0: ArrayLike, edge1: ArrayLike, x: ArrayLike) -> Array:
    """Hermite step from 0 at ``edge0`` to 1 at ``edge1``; the edges may be in either order."""
    low = np.asarray(edge0, float)
    t = np.clip((np.asarray(x, float) - low) / (np.asarray(edge1, float) - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def gauss(p: Array, centre: Sequence[float], radii: Sequence[float]) -> Array:
    """exp(-|(p - centre) / radii|²): the soft brush of every colour zone and expression."""
    q = (p - np.asarray(centre)) / np.asarray(radii)
    return np.exp(-np.einsum("...i,...i->...", q, q))


def union(a: Array, b: Array, k: float) -> Array:
    """Polynomial smooth minimum with blending width ``k``."""
    h = np.maximum(k - np.abs(a - b), 0.0) / k
    return np.minimum(a, b) - h * h * (k * 0.25)


def carve(a: Array, b: Array, k: float) -> Array:
    """``a`` with ``b`` taken away, the edge rounded over ``k``."""
    return -union(-a, b, k)


def ellipsoid(p: Array, centre: Sequence[float], radii: Sequence[float]) -> Array:
    """First-order distance to an ellipsoid."""
    q = p - np.asarray(centre)
    r = np.asarray(radii)
    k0 = length(q / r)
    k1 = length(q / (r * r))
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-6)


def sphere(p: Array, centre: ArrayLike, radius: float) -> Array:
    """Distance to a sphere."""
    return length(p - np.asarray(centre)) - radius


def capsule(p: Array, a: Sequence[float], b: Sequence[float], ra: float, rb: float) -> Array:
    """Distance to a rod from ``a`` to ``b`` whose radius runs from ``ra`` to ``rb``."""
    start = np.asarray(a, float)
    axis = np.asarray(b, float) - start
    h = np.clip((p - start) @ axis / (axis @ axis), 0.0, 1.0)
    return length(p - start - h[..., None] * axis) - (ra + (rb - ra) * h)


def polyline(p: Array, points: Array, radii: Array) -> Array:
    """Distance to a chain of capsules."""
    best = np.full(p.shape[0], np.inf)
    for i in range(len(points) - 1):
        best = np.minimum(best, capsule(p, points[i], points[i + 1], radii[i], radii[i + 1]))
    return best


def fold_x(p: Array) -> Array:
    """Points reflected onto the left half, for symmetric parts."""
    q = p.copy()
    q[:, 0] = np.abs(q[:, 0])
    return q


def march(origin: Array, direction: ArrayLike, field: Field, steps: int = 90, reach: float = 4.5) -> Array:
    """Sphere-traces rays to the field's surface. Rays that converged are left out of later steps."""
    rays = np.broadcast_to(np.asarray(direction, float), origin.shape)
    travelled = np.zeros(len(origin))
    live = np.arange(len(origin))
    for _ in range(steps):
        gap = field(origin[live] + rays[live] * travelled[live, None])
        travelled[live] = np.clip(travelled[live] + gap * 0.85, 0.0, reach)
        live = live[(np.abs(gap) > 1e-4) & (travelled[live] < reach)]
        if not len(live):
            break
    return origin + rays * travelled[:, None]


_TETRA = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], float)


def gradient(p: Array, field: Field, eps: float = 2e-3) -> Array:
    """Unit outward normals of the field (tetrahedral differences)."""
    total = np.zeros_like(p)
    for corner in _TETRA:
        total += corner * field(p + eps * corner)[:, None]
    return unit(total)


def project(p: Array, field: Field, rounds: int = 3) -> Array:
    """Points pulled to the field's surface along its gradient."""
    for _ in range(rounds):
        p = p - gradient(p, field) * (field(p) * 0.9)[:, None]
    return p


def rotate_x(p: Array, angle: float | Array, centre: Sequence[float]) -> Array:
    """Points turned about the x axis through ``centre``: positive angles lower what lies in front."""
    q = p - np.asarray(centre)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack(
        [q[..., 0], q[..., 1] * c - q[..., 2] * s, q[..., 1] * s + q[..., 2] * c], -1
    ) + np.asarray(centre)
