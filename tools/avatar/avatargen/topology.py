"""One skin mesh: designed loops round eyes and mouth, an even fill elsewhere, all lying on the sculpt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from avatargen.eyelids import AZ_INNER, AZ_OUTER, Lids, from_angles
from avatargen.fields import Array, gradient, length, march, project, unit
from avatargen.sculpt import EYE, EYE_RADIUS, LID, STAR, Sculpt

Index = NDArray[np.int64]

EYE_COUNT = 60
MOUTH_COUNT = 80
EYE_OFFSETS = np.deg2rad([-2.0, -0.4, 0.0, 2.2, 5.0, 8.5, 12.5, 17.0, 21.5, 26.0, 31.0])
"""Degrees outside the lid margin. The first two rings lie on the ball and make the wet rim."""
MOUTH_OFFSETS = np.array([0.0, 0.010, 0.022, 0.036, 0.052, 0.070, 0.092, 0.118, 0.150])
MOUTH_BAG = (
    (-0.02, 0.005, 0.985),
    (-0.05, 0.032, 0.95),
    (-0.10, 0.10, 1.0),
    (-0.22, 0.14, 0.95),
    (-0.40, 0.12, 0.6),
)
"""Rings behind the lips: depth, half height, width factor."""
MIRROR = np.array([-1.0, 1.0, 1.0])

SKIN, EYE_TAG, MOUTH_TAG, BAG_TAG = 0, 2, 3, 4


@dataclass(frozen=True)
class FaceMesh:
    """The neutral skin.

    Rings are lists of vertex indices, innermost first; ``side`` is +1 on the upper lip, -1 on the lower one,
    0 at the corners and away from the mouth; ``adjacency`` is the 0/1 neighbour matrix.
    """

    points: Array
    triangles: Index
    tag: Index
    side: Array
    left_eye: list[Index]
    right_eye: list[Index]
    lips: list[Index]
    bag: list[Index]
    adjacency: sparse.csr_matrix


def vertex_normals(points: Array, triangles: Index) -> Array:
    """Area-weighted vertex normals."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for k in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(triangles[:, k], face[:, axis], minlength=len(points))
    return unit(total)


def adjacency_of(triangles: Index, count: int) -> sparse.csr_matrix:
    """Symmetric 0/1 matrix of vertices that share an edge."""
    e = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    a = sparse.coo_matrix((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(count, count)).tocsr()
    return ((a + a.T) > 0).astype(float)


def ring_strip(inner: Index, outer: Index, *, flip: bool = False) -> Index:
    """Triangles between two closed rings of equal size."""
    i = np.arange(len(inner))
    j = (i + 1) % len(inner)
    quads = np.concatenate(
        [np.stack([inner[i], outer[i], outer[j]], -1), np.stack([inner[i], outer[j], inner[j]], -1)]
    )
    return quads[:, ::-1] if flip else quads


def _eye_rings(sculpt: Sculpt, lids: Lids) -> Array:
    """Rings of the left eye, shape (rings, EYE_COUNT, 3)."""
    angle = np.arange(EYE_COUNT) / EYE_COUNT * 2 * np.pi + np.pi / EYE_COUNT
    cos, sin = np.cos(angle), np.sin(angle)
    az = (AZ_INNER + AZ_OUTER) / 2 + (AZ_OUTER - AZ_INNER) / 2 * cos
    upper, lower = lids.margins(az)
    el = np.where(sin > 0, upper, lower)
    shell = EYE_RADIUS + LID
    rings = []
    for k, offset in enumerate(EYE_OFFSETS):
        if k < 2:
            radius = EYE_RADIUS - 0.012 if k == 0 else EYE_RADIUS + LID * 0.45
            rings.append(
                from_angles(az + offset * cos, el + offset * sin * 0.95, np.full(EYE_COUNT, radius), 1)
            )
            continue
        # Positions in the front plane, marched straight back (slanted on the temple side): rays aimed at the
        # eye's centre would run into the nose.
        spread = (offset - EYE_OFFSETS[2]) * shell
        margin = from_angles(az, el, np.full(EYE_COUNT, shell), 1)
        inward = np.clip(-cos, 0.0, 1.0)
        xy = margin[:, :2] + np.stack([spread * cos * (1 - 0.72 * inward), spread * sin * 0.95], -1)
        slant = np.clip((xy[:, 0] - EYE[0]) / 0.3, 0.0, 1.3)
        ray = unit(np.stack([-0.75 * slant, np.zeros(EYE_COUNT), -np.ones(EYE_COUNT)], -1))
        depth = margin[:, 2] - spread * np.clip(cos, 0.0, 1.0) * 0.9
        start = np.concatenate([xy, depth[:, None]], -1) - ray * 0.6
        rings.append(march(start, ray, sculpt.head))
    return np.array(rings)


def _mouth_rings(sculpt: Sculpt) -> tuple[list[Array], list[Array], list[Array], Array]:
    """Outer rings, their stand-ins for triangulation (slightly opened), bag rings, each position's side."""
    angle = np.arange(MOUTH_COUNT) / MOUTH_COUNT * 2 * np.pi
    cos, sin = np.cos(angle), np.sin(angle)
    side = np.where(np.abs(sin) < 1e-9, 0.0, np.sign(sin))
    width = sculpt.mouth_width
    outer, opened, bag = [], [], []
    for offset in MOUTH_OFFSETS:
        x = (width + offset * 0.9) * cos
        reach = offset * side * np.abs(sin) ** 0.8 * np.where(side > 0, 0.86, 1.05)
        y = sculpt.mouth_line(np.clip(x, -width, width)) + reach
        p = march(np.stack([x, y, np.full_like(x, 2.0)], -1), np.array([0.0, 0.0, -1.0]), sculpt.head)
        outer.append(p)
        stand_in = p.copy()
        stand_in[:, 1] += 0.10 * sin * np.exp(-offset / 0.1)
        opened.append(stand_in)
    for depth, half_height, factor in MOUTH_BAG:
        p = outer[0].copy()
        p[:, 0] *= factor
        p[:, 2] += depth
        p[:, 1] += half_height * side * np.abs(sin) ** 0.6
        bag.append(p)
    return outer, opened, bag, side


def _spacing(p: Array) -> Array:
    """Wanted distance between fill vertices: fine at the nose, coarse at the back of the head."""
    h = 0.034 + 0.06 * np.clip((0.25 - p[:, 2]) / 0.6, 0.0, 1.0)
    h = np.where(p[:, 1] > 0.45, np.maximum(h, 0.036 + 0.06 * np.clip((p[:, 1] - 0.45) / 0.4, 0, 1)), h)
    nose = length(p - np.array([0.0, -0.29, 0.94]))
    h = np.minimum(h, 0.0135 + 0.05 * np.clip((nose - 0.10) / 0.4, 0.0, 1.0))
    return np.where(p[:, 1] < -1.05, np.maximum(h, 0.045), h)


def _gnomonic(p: Array) -> Array:
    """Front-plane projection as seen from STAR: straight lines stay straight, as in the hull."""
    q = p - STAR
    return q[:, :2] / np.maximum(q[:, 2:], 0.05)


def _inside(points: Array, polygon: Array) -> NDArray[np.bool_]:
    """Which 2-d points lie inside a closed polygon (even-odd rule)."""
    x, y = points.T[:, :, None]
    ax, ay = polygon.T[:, None, :]
    bx, by = np.roll(polygon, -1, 0).T[:, None, :]
    spans = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = ax + (y - ay) * (bx - ax) / (by - ay)
    return (np.count_nonzero(spans & (x < crossing), axis=1) % 2).astype(bool)


def _fill(sculpt: Sculpt, eye: Array, mouth: Array, fixed: Array, seed: int) -> Array:
    """Evenly spread points outside the loops, mirrored in x (points on the middle line have x = 0)."""
    rng = np.random.default_rng(seed)
    everywhere = rng.normal(size=(42000, 3))
    ahead = rng.normal(size=(26000, 3)) * np.array([0.42, 0.42, 0.1]) + np.array([0.0, -0.15, 0.9])
    rays = unit(np.concatenate([everywhere, ahead]))
    rays[:, 0] = np.abs(rays[:, 0])
    p = march(STAR + rays * 2.4, -rays, sculpt.head, steps=60)
    p = p[p[:, 1] > -1.78]
    flat = _gnomonic(p)
    in_front = p[:, 2] > 0.1
    inside = _inside(flat, _gnomonic(eye)) | _inside(flat, _gnomonic(mouth))
    p = p[~(inside & in_front)]
    h = _spacing(p)
    p[p[:, 0] < h * 0.5, 0] = 0.0
    clear = cKDTree(fixed).query(p)[0] > h * 0.62
    # As seen from STAR nothing may stand so close to a loop's edge that the hull prefers another edge to it.
    for loop in (eye, mouth):
        seen = unit(np.concatenate([loop, (loop + np.roll(loop, -1, 0)) / 2]) - STAR)
        clear &= cKDTree(seen).query(unit(p - STAR))[0] > 0.030
    p, h = p[clear], h[clear]
    # Dart throwing: the middle line first; a point that is taken forbids its neighbourhood.
    order = np.argsort(p[:, 0] != 0.0, kind="stable")
    neighbours = cKDTree(p).query_ball_point(p, h * 0.894)
    dead = (p[:, 0] != 0.0) & (p[:, 0] < h * 0.5)
    taken = []
    for i in order:
        if not dead[i]:
            taken.append(i)
            dead[neighbours[i]] = True
    half = p[taken]
    middle = half[:, 0] == 0.0
    return np.concatenate([half[middle], half[~middle], half[~middle] * MIRROR])


def build_face(sculpt: Sculpt, lids: Lids, seed: int = 1) -> FaceMesh:
    """The character's neutral skin mesh."""
    eye = _eye_rings(sculpt, lids)
    lips, opened, bag, sides = _mouth_rings(sculpt)
    fill = _fill(sculpt, eye[-1], opened[-1], np.concatenate([eye.reshape(-1, 3), *lips]), seed)

    parts: list[Array] = []
    seen_as: list[Array] = []
    tags: list[Index] = []

    def add(points: Array, stand_in: Array, tag: int) -> Index:
        first = sum(len(part) for part in parts)
        parts.append(points)
        seen_as.append(stand_in)
        tags.append(np.full(len(points), tag))
        return np.arange(first, first + len(points))

    left = [add(ring, ring, EYE_TAG) for ring in eye]
    right = [add(ring * MIRROR, ring * MIRROR, EYE_TAG) for ring in eye]
    mouth = [add(ring, seen, MOUTH_TAG) for ring, seen in zip(lips, opened, strict=True)]
    loose = add(fill, fill, SKIN)
    base_count = sum(len(part) for part in parts)
    inner = [add(ring, ring, BAG_TAG) for ring in bag]
    cap = add(bag[-1].mean(0, keepdims=True), bag[-1].mean(0, keepdims=True), BAG_TAG)
    points = np.concatenate(parts)
    tag = np.concatenate(tags)

    skin = _hull_triangles(np.concatenate(seen_as)[:base_count], points, (left, right, mouth), loose)
    strips = [skin]
    for k in range(len(EYE_OFFSETS) - 1):
        strips += [ring_strip(left[k], left[k + 1]), ring_strip(right[k], right[k + 1], flip=True)]
    strips += [ring_strip(mouth[k], mouth[k + 1]) for k in range(len(MOUTH_OFFSETS) - 1)]
    for ring, before in zip(inner, [mouth[0], *inner[:-1]], strict=True):
        strips.append(ring_strip(ring, before))
    i = np.arange(MOUTH_COUNT)
    strips.append(
        np.stack([np.full(MOUTH_COUNT, cap[0]), inner[-1][i], inner[-1][(i + 1) % MOUTH_COUNT]], -1)
    )
    triangles = np.concatenate(strips)

    side = np.zeros(len(points))
    for ring in mouth + inner:
        side[ring] = sides
    adjacency = adjacency_of(triangles, len(points))
    points = _relax(sculpt, points, adjacency, loose)
    return FaceMesh(points, triangles, tag, side, left, right, mouth, inner, adjacency)


def _hull_triangles(seen: Array, points: Array, loops: tuple[list[Index], ...], loose: Index) -> Index:
    """Triangles of the outermost loops and the fill: the convex hull of their directions from STAR.

    Guards, each loop shrunk a little, stand inside the holes while the hull is made: with neighbours on both
    sides the loops' own edges become edges of the hull. Triangles that touch a guard lie in a hole and are
    dropped.
    """
    guards = np.concatenate(
        [(ring := seen[loop[-1]]).mean(0) + 0.93 * (ring - ring.mean(0)) for loop in loops]
    )
    used = np.concatenate([*(loop[-1] for loop in loops), loose, len(seen) + np.arange(len(guards))])
    rays = unit(np.concatenate([seen, guards]) - STAR)
    tri = used[ConvexHull(rays[used]).simplices]
    tri = tri[(tri < len(seen)).all(1)]
    normal = np.cross(rays[tri[:, 1]] - rays[tri[:, 0]], rays[tri[:, 2]] - rays[tri[:, 0]])
    inward = np.einsum("ij,ij->i", normal, rays[tri].mean(1)) < 0
    tri[inward] = tri[inward][:, ::-1]
    loop_of = np.full(len(seen), -1)
    for number, loop in enumerate(loops):
        for ring in loop:
            loop_of[ring] = number
    owner = loop_of[tri]
    hole = (owner[:, 0] >= 0) & (owner[:, 0] == owner[:, 1]) & (owner[:, 1] == owner[:, 2])
    centre = rays[tri].mean(1)
    under = (points[tri][:, :, 1].max(1) < -1.66) & (np.hypot(centre[:, 0], centre[:, 2]) < 0.16)
    return tri[~hole & ~under]


def _relax(sculpt: Sculpt, points: Array, adjacency: sparse.csr_matrix, loose: Index) -> Array:
    """Laplacian smoothing of the fill within the surface."""
    degree = np.maximum(np.asarray(adjacency.sum(1)).ravel(), 1.0)[:, None]
    free = loose[points[loose, 1] > -1.70]
    for _ in range(6):
        pull = (adjacency @ points / degree - points)[free]
        normal = gradient(points[free], sculpt.head)
        pull -= np.einsum("ij,ij->i", pull, normal)[:, None] * normal
        points = points.copy()
        points[free] = project(points[free] + 0.5 * pull, sculpt.head, rounds=2)
    return points
