"""Light that does not move: ambient occlusion and the key light's shadow, per vertex."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from avatargen.fields import Array, Field, unit

KEY_LIGHT = unit(np.array([-0.50, 0.62, 0.80]))
"""Direction towards the key light; the page's shaders use the same one."""


def _sphere_directions(count: int) -> Array:
    i = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * i / count)
    turn = np.pi * (1 + 5**0.5) * i
    return np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], -1)


def occlusion(points: Array, normals: Array, scene: Field, rays: int = 28, offset: float = 0.012) -> Array:
    """1 = sees the open sky, 0 = buried. Five field samples along each of ``rays`` directions."""
    start = points + normals * offset
    seen = np.zeros(len(points))
    total = np.zeros(len(points))
    for ray in _sphere_directions(rays):
        facing = normals @ ray
        use = facing > 0.05
        if not use.any():
            continue
        open_ = np.ones(int(use.sum()))
        t = 0.035
        for _ in range(5):
            gap = scene(start[use] + ray * t)
            open_ = np.minimum(open_, np.clip(0.5 + gap / (t * 0.55), 0.0, 1.0))
            t *= 1.9
        seen[use] += facing[use] * open_
        total[use] += facing[use]
    return seen / np.maximum(total, 1e-6)


def key_visibility(
    points: Array, normals: Array, scene: Field, offset: float = 0.015, steps: int = 26
) -> Array:
    """1 = lit by the key light, 0 = in its shadow; soft edges."""
    start = points + normals * offset
    t = np.full(len(points), 0.03)
    seen = np.ones(len(points))
    for _ in range(steps):
        gap = scene(start + KEY_LIGHT * t[:, None])
        seen = np.minimum(seen, np.clip(0.5 + 3.5 * gap / t, 0.0, 1.0))
        t = t + np.clip(gap, 0.02, 0.12)
    return seen * seen * (3.0 - 2.0 * seen)


def spread(values: Array, adjacency: sparse.csr_matrix, rounds: int = 3) -> Array:
    """Values smoothed over the mesh."""
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1.0)
    for _ in range(rounds):
        values = 0.5 * values + 0.5 * (adjacency @ values) / degree
    return values
