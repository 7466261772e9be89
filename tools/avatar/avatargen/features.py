"""What rides on the skin: brows, lashes, freckles, eyeballs."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from avatargen.character import Character, colour
from avatargen.eyelids import direction, to_angles
from avatargen.fields import Array, gradient, march, smoothstep, unit
from avatargen.part import Part, Target, grid, shade_of
from avatargen.sculpt import EYE, EYE_RADIUS, Sculpt
from avatargen.topology import BAG_TAG, EYE_COUNT, FaceMesh, Index, vertex_normals

Shapes = dict[str, Array]
_BACK = np.array([0.0, 0.0, -1.0])


class Follower:
    """Copies values of the nearest skin vertices onto points that ride on the skin."""

    def __init__(self, face: FaceMesh) -> None:
        self.ids = np.flatnonzero(face.tag != BAG_TAG)
        self.tree = cKDTree(face.points[self.ids])

    def weights(self, points: Array, count: int = 6) -> tuple[Index, Array]:
        """Indices (n, count) and weights of the skin vertices near each point."""
        distance, near = self.tree.query(points, k=count)
        w = 1.0 / (distance + 1e-3) ** 2
        return self.ids[near], w / w.sum(1, keepdims=True)

    @staticmethod
    def gather(values: Array, near: Index, weights: Array) -> Array:
        """Weighted means of per-vertex values, (n,) or (n, k)."""
        picked = values[near]
        return np.einsum("ij,ij...->i...", weights, picked)


def facing(points: Array, triangles: Index, outward: Array) -> Index:
    """Triangles turned so that they face along ``outward`` (n, 3)."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    inside = np.einsum("ij,ij->i", np.cross(b - a, c - a), outward[triangles].sum(1)) < 0
    out = triangles.copy()
    out[inside] = out[inside][:, ::-1]
    return out


def brow(character: Character, sculpt: Sculpt, follower: Follower, shapes: Shapes, side: int) -> Part:
    """One eyebrow: a soft core and single hairs that break its edge."""
    style = character.brows
    rng = np.random.default_rng(500 + character.seed)
    t = np.linspace(0, 1, 26)
    bow = 0.088 * style.arch * np.sin(np.clip(t * 1.18, 0, 1.2) * np.pi * 0.62)
    x = side * (0.125 + 0.470 * t)
    y = 0.352 + style.height + bow - 0.055 * t**2.2
    spine = march(np.stack([x, y, np.full_like(t, 2.0)], -1), _BACK, sculpt.head)
    out = gradient(spine, sculpt.head)
    along = unit(np.gradient(spine, axis=0))
    up = unit(np.cross(out, along) * side)
    taper = np.sqrt(np.clip(t / 0.16 + 0.02, 0, 1))
    width = 0.036 * style.thickness * taper * (1 - 0.80 * smoothstep(0.25, 1.0, t))
    height = 0.020 * taper * (1 - 0.6 * t)
    angles = np.linspace(-0.15 * np.pi, 1.15 * np.pi, 9)
    core = (
        spine[:, None]
        - out[:, None] * 0.004
        + np.cos(angles)[None, :, None] * up[:, None] * width[:, None, None]
        + np.sin(angles)[None, :, None] * out[:, None] * height[:, None, None]
    ).reshape(-1, 3)
    roots = [np.repeat(spine, 9, 0)]
    points, tangents, triangles = [core], [np.repeat(along, 9, 0)], [grid(26, 9)]
    count = len(core)
    for s in np.linspace(0.0, 0.97, 46):
        i = s * 25
        k = min(int(i), 24)
        root = spine[k] * (1 - i + k) + spine[k + 1] * (i - k)
        edge = 1 if rng.random() < 0.5 else -1
        # Hairs rise at the inner end and lie down along the arch further out.
        lean = 1.1 + 2.4 * smoothstep(0.0, 0.35, s)
        ray = unit(along[k] * lean + up[k] * (edge if s > 0.12 else 1.0) * 0.8 + out[k] * 0.06)
        size = (0.050 + 0.022 * rng.random()) * style.thickness**0.5 * (1 - 0.35 * s)
        start = root + up[k] * edge * width[k] * 0.55 + out[k] * (height[k] * 0.5)
        wide = unit(np.cross(ray, out[k])) * 0.0085 * style.thickness**0.5
        blade = np.stack(
            [start - wide, start + wide, start + ray * size * 0.6 + wide * 0.5, start + ray * size]
        )
        points.append(blade)
        roots.append(np.tile(root, (4, 1)))
        tangents.append(np.tile(ray, (4, 1)))
        triangles.append(np.array([[0, 1, 2], [0, 2, 3]]) + count)
        count += 4
    p = np.concatenate(points)
    tri = np.concatenate(triangles)
    near, weights = follower.weights(np.concatenate(roots))
    # Every triangle faces away from the skin, and the blades borrow the skin's normal.
    skin = gradient(np.concatenate(roots), sculpt.head)
    tri = facing(p, tri, skin)
    normals = vertex_normals(p, tri)
    normals[len(core) :] = skin[len(core) :]
    normals[: len(core)] = unit(normals[: len(core)] * 0.6 + skin[: len(core)] * 0.4)
    targets = {}
    for name, delta in shapes.items():
        if name.startswith(("brow", "noseSneer")):
            moved = follower.gather(delta, near, weights)
            if np.abs(moved).max() > 1e-3:
                targets[name] = Target(moved)
    shade = shade_of(len(p), 0.5, 0.5, 0.3, 1.0)
    tone = np.tile(colour(character.palette.brow), (len(p), 1))
    return Part("brow", "hair", p, tri, normals, tone, shade, np.concatenate(tangents), targets)


_LASH_ROWS = 4


def lashes(character: Character, face: FaceMesh, shapes: Shapes, side: int) -> Part:
    """The liner along the upper lid and single lashes growing out of it."""
    style = character.eyes
    rings = face.left_eye if side > 0 else face.right_eye
    angle = np.arange(EYE_COUNT) / EYE_COUNT * 2 * np.pi + np.pi / EYE_COUNT
    ids = rings[1][np.sin(angle) > 0][::-1]
    count = 61
    s = np.linspace(0, len(ids) - 1.001, count)
    low = s.astype(int)
    blend = (s - low)[:, None]
    root = face.points[ids[low]] * (1 - blend) + face.points[ids[low + 1]] * blend
    u = s / (len(ids) - 1)
    az, el, _ = to_angles(root, side)
    out = direction(az, el) * np.array([side, 1, 1])
    up, sideways = np.array([0.0, 1.0, 0.0]), np.array([side * 1.0, 0.0, 0.0])
    body = smoothstep(0.02, 0.5, u) * smoothstep(1.06, 0.93, u)
    liner = (0.012 + 0.022 * body)[:, None] * style.liner
    # The band runs a little past the outer corner, lifted.
    wing = (sideways * 0.9 + up * 0.5) * (0.020 * style.lash * smoothstep(0.90, 1.0, u))[:, None]
    offsets = [
        np.stack(
            [
                -out * 0.012,
                out * (0.012 + 0.5 * liner) + up * 0.5 * liner + wing,
                out * 0.016 + up * liner + wing,
            ],
            1,
        ).reshape(-1, 3)
    ]
    near = [np.repeat(np.arange(count), 3)]
    triangles = [grid(count, 3)]
    total = count * 3
    for k, at in enumerate(np.linspace(0.16, 0.985, 15)):
        i = min(int(at * count), count - 2)
        size = style.lash * (0.026 + 0.044 * smoothstep(0.1, 0.9, at)) * (0.90 + 0.20 * (k % 2))
        fan = sideways * (0.95 * (at - 0.42)) + up * 0.62 + out[i] * 0.75
        tip = fan + up * 0.42 + sideways * 0.30 * (at - 0.3)
        wide = unit(root[i + 1] - root[i - 1]) * 0.011
        steps = [
            (-wide, 0.0),
            (wide, 0.0),
            (fan * size * 0.6 - wide * 0.6, 1),
            (fan * size * 0.6 + wide * 0.6, 1),
        ]
        offsets.append(np.stack([step for step, _ in steps] + [unit(tip) * size * 1.25]))
        near.append(np.full(5, i))
        triangles.append(np.array([[0, 1, 3], [0, 3, 2], [2, 3, 4]]) + total)
        total += 5
    offset = np.concatenate(offsets)
    source = np.concatenate(near)
    p = root[source] + offset
    tri = np.concatenate(triangles)
    normals = vertex_normals(p, tri)
    targets = {}
    for name, delta in shapes.items():
        if not (name.startswith("eye") and name.endswith("Left" if side > 0 else "Right")):
            continue
        moved = delta[ids[low]] * (1 - blend) + delta[ids[low + 1]] * blend
        shift = moved[source]
        if not name.startswith("eyeBlinkMid"):
            # Lashes turn with the lid they grow from.
            turn = ((to_angles(root + moved, side)[1] - el) * 0.9)[source]
            cos, sin = np.cos(turn), np.sin(turn)
            y, z = offset[:, 1], offset[:, 2]
            shift = shift + np.stack([0 * y, y * cos + z * sin - y, z * cos - y * sin - z], -1)
        targets[name] = Target(shift)
    tone = np.tile(colour("2a1611") if character.id != "iris" else colour("3b302c"), (len(p), 1))
    return Part("lashes", "lining", p, tri, normals, tone, shade_of(len(p)), None, targets)


def freckles(
    character: Character,
    sculpt: Sculpt,
    follower: Follower,
    shapes: dict[str, Target],
    colours: Array,
    shade: Array,
) -> Part | None:
    """Soft discs over cheeks and nose. Their rims take the skin's own colour, so they have no edge."""
    if not character.freckles:
        return None
    rng = np.random.default_rng(12 + character.seed)
    spots: list[tuple[float, float, float]] = []
    while len(spots) < character.freckles:
        x, y = rng.normal() * 0.26, -0.22 + rng.normal() * 0.06
        top = -0.12 - 0.09 * np.clip((abs(x) - 0.10) / 0.08, 0, 1)
        free = all(np.hypot(x - a, y - b) > 0.034 for a, b, _ in spots)
        if abs(x) < 0.50 and -0.36 < y < top and (abs(x) > 0.13 or y > -0.24) and free:
            spots.append((x, y, 0.006 + 0.007 * rng.random()))
    centre = np.array(spots)
    turn = np.arange(6) / 6 * 2 * np.pi
    star = np.concatenate([[[0.0, 0.0]], np.stack([np.cos(turn), np.sin(turn)], -1)])
    flat = (centre[:, None, :2] + star[None] * centre[:, None, 2:]).reshape(-1, 2)
    p = march(np.concatenate([flat, np.full((len(flat), 1), 2.0)], 1), _BACK, sculpt.head)
    normals = gradient(p, sculpt.head)
    near, weights = follower.weights(p)
    hub = np.arange(len(centre)) * 7
    tri = np.concatenate([np.stack([hub, hub + 1 + k, hub + 1 + (k + 1) % 6], -1) for k in range(6)])
    tone = follower.gather(colours, near, weights)
    tone[hub] = tone[hub] * 0.42 + colour("b4623c") * 0.58
    targets = {}
    for name, target in shapes.items():
        moved = follower.gather(target.points, near, weights)
        if np.abs(moved).max() > 1e-3 and target.normals is not None:
            targets[name] = Target(moved, follower.gather(target.normals, near, weights))
    riding = follower.gather(shade, near, weights)
    riding[:, 2:] = 0.0
    return Part("freckles", "skin", p + normals * 0.0045, tri, normals, tone, riding, None, targets)


def eyeball(side: int) -> Part:
    """A ball about its own centre, with a cornea bulging out of it; the page turns it and paints the iris."""
    rows, columns = 15, 25
    polar = (np.linspace(0, 1, rows) ** 1.15 * np.deg2rad(118.0))[:, None]
    turn = np.linspace(0, 2 * np.pi, columns)[None]
    ray = np.stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) * np.ones_like(turn)], -1
    ).reshape(-1, 3)
    tri = facing(ray, grid(rows, columns), ray)
    name = "eyeLeft" if side > 0 else "eyeRight"
    return Part(name, "eye", ray * EYE_RADIUS, tri, ray, np.ones_like(ray), shade_of(len(ray)))


EYE_CENTRES = {"eyeLeft": EYE.tolist(), "eyeRight": (EYE * np.array([-1, 1, 1])).tolist()}
