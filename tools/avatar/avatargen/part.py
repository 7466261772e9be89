"""A piece of a character: a mesh with what its material needs, and its blend shapes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from avatargen.fields import Array
from avatargen.topology import Index


@dataclass
class Target:
    """One blend shape of a part: displacement of points and change of normals, both (n, 3)."""

    points: Array
    normals: Array | None = None


@dataclass
class Part:
    """A drawable mesh.

    ``colour`` is linear RGB (n, 3). ``shade`` (n, 4), 0..1, is read by the part's material:
    skin (occlusion, key visibility, lip, inner mouth) - hair (across, along, strand id, occlusion) -
    cloth (occlusion, key visibility, -, -) - mouth (depth shade, -, -, -) - plain: unused.
    ``tangent`` (n, 3) runs along hair strands.
    """

    name: str
    material: str
    points: Array
    triangles: Index
    normals: Array
    colour: Array
    shade: Array
    tangent: Array | None = None
    targets: dict[str, Target] = field(default_factory=dict)


def shade_of(count: int, *channels: Array | float) -> Array:
    """Shade columns from arrays or constants; missing ones are 0."""
    out = np.zeros((count, 4))
    for k, channel in enumerate(channels):
        out[:, k] = channel
    return np.clip(out, 0.0, 1.0)


def grid(rows: int, columns: int) -> Index:
    """Triangles of a grid of vertices stored row after row."""
    i = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).ravel()
    return np.concatenate(
        [np.stack([i, i + columns, i + 1], -1), np.stack([i + 1, i + columns, i + columns + 1], -1)]
    )


def merge(name: str, parts: list[Part]) -> Part:
    """Parts of one material as one, so that they take one draw call. Targets are joined by name."""
    offset = 0
    triangles = []
    names = list(dict.fromkeys(key for part in parts for key in part.targets))
    for part in parts:
        triangles.append(part.triangles + offset)
        offset += len(part.points)
    targets = {}
    for key in names:
        moved, turned = [], []
        for part in parts:
            target = part.targets.get(key)
            empty = np.zeros_like(part.points)
            moved.append(target.points if target else empty)
            turned.append(target.normals if target and target.normals is not None else empty)
        targets[key] = Target(np.concatenate(moved), np.concatenate(turned))
    has_tangent = parts[0].tangent is not None
    return Part(
        name,
        parts[0].material,
        np.concatenate([part.points for part in parts]),
        np.concatenate(triangles),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colour for part in parts]),
        np.concatenate([part.shade for part in parts]),
        np.concatenate([part.tangent for part in parts if part.tangent is not None]) if has_tangent else None,
        targets,
    )
