"""Ears, shoulders with a garment, glasses."""

from __future__ import annotations

import numpy as np
from skimage.measure import marching_cubes

from avatargen.bake import key_visibility, occlusion
from avatargen.character import Character, colour
from avatargen.features import facing
from avatargen.fields import (
    Array,
    Field,
    capsule,
    carve,
    ellipsoid,
    fold_x,
    gradient,
    project,
    rotate_x,
    union,
    unit,
)
from avatargen.part import Part, grid, shade_of
from avatargen.sculpt import EYE
from avatargen.topology import Index


def polygonise(
    field: Field, low: tuple[float, ...], high: tuple[float, ...], step: float
) -> tuple[Array, Index, Array]:
    """A closed surface of a field: points, triangles, normals."""
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    block = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    values = field(block.reshape(-1, 3)).reshape(block.shape[:3])
    points, tri, _, _ = marching_cubes(values, 0.0, spacing=(step,) * 3)
    points = project(points.astype(float) + np.array(low), field, rounds=2)
    normals = gradient(points, field)
    return points, facing(points, tri.astype(np.int64), normals), normals


def ear_field(p: Array) -> Array:
    """Both ears: a leaf with a rim, a hollow and a lobe, turned away from the skull."""
    m = fold_x(p) - np.array([0.795, -0.115, -0.13])
    turn = np.deg2rad(30.0)
    lean = np.deg2rad(-10.0)
    x = m[:, 0] * np.cos(turn) + m[:, 2] * np.sin(turn)
    z = -m[:, 0] * np.sin(turn) + m[:, 2] * np.cos(turn)
    q = np.stack(
        [x, m[:, 1] * np.cos(lean) - z * np.sin(lean), m[:, 1] * np.sin(lean) + z * np.cos(lean)], -1
    )
    leaf = ellipsoid(q, (0, 0, 0), (0.060, 0.215, 0.135))
    leaf = union(leaf, ellipsoid(q, (0.0, -0.175, 0.035), (0.045, 0.070, 0.058)), 0.07)
    hollow = ellipsoid(q, (0.080, 0.020, 0.015), (0.062, 0.150, 0.088))
    leaf = carve(leaf, hollow, 0.040)
    ridge = capsule(q, (0.022, -0.07, -0.050), (0.030, 0.10, -0.015), 0.020, 0.016)
    leaf = union(leaf, ridge, 0.035)
    return union(leaf, ellipsoid(q, (0.030, -0.02, 0.105), (0.026, 0.040, 0.026)), 0.035)


def ears(character: Character, scene: Field) -> Part:
    """Both ears, in the skin's material."""
    p, tri, normals = polygonise(ear_field, (0.58, -0.46, -0.42), (1.02, 0.22, 0.20), 0.021)
    mirror = np.array([-1.0, 1.0, 1.0])
    points = np.concatenate([p, p * mirror])
    outward = np.concatenate([normals, normals * mirror])
    triangles = np.concatenate([tri, tri[:, ::-1] + len(p)])

    def with_ears(q: Array) -> Array:
        return np.minimum(scene(q), ear_field(q))

    skin, blush = colour(character.palette.skin), colour(character.palette.blush)
    tone = np.tile(skin * 0.68 + blush * 0.32, (len(points), 1))
    shade = shade_of(
        len(points),
        occlusion(points, outward, with_ears, rays=18),
        key_visibility(points, outward, scene),
        0.0,
        0.0,
    )
    return Part("ears", "skin", points, triangles, outward, tone, shade)


_COLLARS = {"roll": (-1.42, -0.26), "crew": (-1.50, -0.20)}
"""Height and tilt of each collar's ring."""


def garment_field(character: Character) -> Field:
    """Shoulders under a garment with the character's collar."""
    neck = character.head.neck

    def field(p: Array) -> Array:
        m = fold_x(p)
        d = capsule(m, (0, -1.80, -0.24), (0.80, -2.02, -0.30), 0.34, 0.30)
        d = union(d, ellipsoid(p, (0, -2.5, -0.2), (0.92, 0.85, 0.50)), 0.25)
        d = union(d, capsule(m, (0.82, -2.08, -0.30), (1.05, -3.2, -0.2), 0.29, 0.28), 0.12)
        d = union(d, capsule(p, (0, -1.45, -0.22), (0, -1.8, -0.24), 0.36 * neck, 0.48 * neck), 0.20)
        height, tilt = _COLLARS[character.collar]
        q = rotate_x(p - np.array([0.0, height, -0.20]), tilt, (0.0, 0.0, 0.0))
        around = np.hypot(q[:, 0], q[:, 2])
        if character.collar == "roll":
            d = carve(d, around - 0.325 * neck, 0.05)
            return union(d, np.hypot(around - 0.385 * neck, q[:, 1] * 0.60) - 0.072, 0.06)
        # Close collars: the cloth ends on the neck itself, under a band.
        d = carve(d, np.maximum(around - 0.60 * neck, 0.02 - q[:, 1]), 0.03)
        return union(d, np.hypot(around - 0.365 * neck, q[:, 1]) - 0.050, 0.025)

    return field


def garment(character: Character, scene: Field) -> Part:
    """The garment with its shadows."""
    field = garment_field(character)
    p, tri, normals = polygonise(field, (-1.6, -2.9, -1.0), (1.6, -1.15, 0.60), 0.080)

    def everything(q: Array) -> Array:
        return np.minimum(scene(q), field(q))

    shade = shade_of(
        len(p),
        occlusion(p, normals, everything, rays=20, offset=0.03),
        key_visibility(p, normals, scene, offset=0.03),
    )
    return Part(
        "garment", "cloth", p, tri, normals, np.tile(colour(character.palette.garment), (len(p), 1)), shade
    )


def _tube(path: Array, radius: float, sides: int, *, closed: bool) -> tuple[Array, Index, Array]:
    around = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    along = unit(around)
    side = unit(np.cross(along, np.array([0.0, 1.0, 0.15])))
    up = np.cross(side, along)
    turn = np.linspace(0, 2 * np.pi, sides)
    normals = np.cos(turn)[None, :, None] * side[:, None] + np.sin(turn)[None, :, None] * up[:, None]
    points = path[:, None] + normals * radius
    if closed:
        points, normals = np.concatenate([points, points[:1]]), np.concatenate([normals, normals[:1]])
    tri = grid(len(points), sides)
    p, n = points.reshape(-1, 3), normals.reshape(-1, 3)
    return p, facing(p, tri, n), n


def glasses() -> Part:
    """Round wire glasses: rims, bridge, arms."""
    turn = np.arange(48) / 48 * 2 * np.pi
    pieces = []
    for side in (1, -1):
        x = EYE[0] + 0.012 + 0.300 * np.cos(turn)
        y = -0.035 + 0.265 * np.sin(turn)
        z = 0.905 - 0.26 * np.clip(x - 0.30, 0, 1) ** 1.3 - 0.05 * np.clip(-y, 0, 1)
        pieces.append(_tube(np.stack([side * x, y, z], -1), 0.013, 7, closed=True))
        start = np.array([side * 0.690, 0.03, 0.795])
        end = np.array([side * 0.855, 0.02, -0.12])
        t = np.linspace(0, 1, 8)[:, None]
        arm = start + (end - start) * t + np.array([side * 0.05, 0, 0]) * np.sin(t * np.pi)
        pieces.append(_tube(arm, 0.013, 6, closed=False))
    t = np.linspace(-1, 1, 9)
    bridge = np.stack([0.105 * t, 0.045 - 0.03 * t**2 + 0.02, 0.935 - 0.02 * t**2], -1)
    pieces.append(_tube(bridge, 0.013, 6, closed=False))
    total = 0
    triangles = []
    for p, tri, _ in pieces:
        triangles.append(tri + total)
        total += len(p)
    points = np.concatenate([p for p, _, _ in pieces])
    normals = np.concatenate([n for _, _, n in pieces])
    tone = np.tile(colour("8a6a3a"), (total, 1))
    return Part(
        "glasses", "metal", points, np.concatenate(triangles), normals, tone, shade_of(total, 1.0, 1.0)
    )
