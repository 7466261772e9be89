"""Teeth, gums and tongue."""

from __future__ import annotations

import numpy as np

from avatargen.character import colour
from avatargen.features import facing
from avatargen.fields import Array, rotate_x, smoothstep, unit
from avatargen.part import Part, Target, grid, shade_of
from avatargen.sculpt import JAW_ANGLE, JAW_HINGE, MOUTH_Y
from avatargen.topology import vertex_normals

_ARCH_CENTRE_Z = 0.43


def _jaw_targets(p: Array, share: float = 1.0) -> dict[str, Target]:
    """What is fixed to the jaw takes its whole swing."""
    steady = np.zeros_like(p)
    return {
        "jawOpen": Target((rotate_x(p, JAW_ANGLE, JAW_HINGE) - p) * share),
        "jawForward": Target(steady + np.array([0, -0.01, 0.075]) * share),
        "jawLeft": Target(steady + np.array([0.09, 0, 0]) * share),
        "jawRight": Target(steady + np.array([-0.09, 0, 0]) * share),
    }


def teeth(*, upper: bool) -> Part:
    """One row of teeth with its gum: an arch whose surface swells at each tooth and dips between them."""
    columns, rows = 103, 7
    u = np.linspace(-1, 1, columns)
    # Incisors are wider than what lies beside them; the arch hides the difference in depth.
    number = (10.0 if upper else 12.0) * (u * 0.5 + 0.5 + 0.018 * np.sin(u * np.pi) * (1 if upper else -0.3))
    within = number % 1.0
    seam = np.minimum(within, 1 - within)
    angle = u * np.deg2rad(74.0)
    cx, cz = 0.312 * np.sin(angle), 0.318 * np.cos(angle)
    groove = 0.050 * np.exp(-((seam / 0.085) ** 2))
    # Each tooth's edge is rounded; the canine is a little longer, the side incisor a little shorter.
    tooth = np.floor(np.abs(number - number[columns // 2]))
    edge = 0.010 * np.exp(-((seam / 0.13) ** 2)) + np.where(tooth == 1, 0.007, 0.0)
    height = (0.094 if upper else 0.076) * (1 - 0.12 * u**2)
    gum_y = MOUTH_Y + (0.058 if upper else -0.152)
    grid_points = []
    for j in range(rows):
        v = j / (rows - 1) * 1.65 - 0.65
        swell = 0.075 * np.clip(np.sin(np.clip(v + 0.12, 0.01, 0.99) * np.pi), 0, 1) ** 0.5
        scale = (1 + swell - groove * smoothstep(-0.2, 0.1, v)) * (0.93 if j == rows - 1 else 1.0)
        reach = v * height - edge * smoothstep(0.6, 1.0, v)
        y = gum_y - reach if upper else gum_y + reach
        push = 0.020 if upper else -0.008
        grid_points.append(
            np.stack([cx * scale, np.broadcast_to(y, cx.shape), _ARCH_CENTRE_Z + cz * scale + push], -1)
        )
    p = np.array(grid_points).transpose(1, 0, 2).reshape(-1, 3)
    forward = unit((p - np.array([0, 0, _ARCH_CENTRE_Z - 0.1])) * np.array([1, 0, 1]))
    tri = facing(p, grid(columns, rows), forward)
    v = np.tile(np.linspace(-0.65, 1, rows), columns)
    gum, enamel = colour("c9746f"), colour("f6efe4")
    mix = smoothstep(-0.30, -0.10, v)[:, None]
    depth = np.repeat(1 - 0.86 * np.abs(u) ** 2.2 - 0.28 * np.exp(-((seam / 0.06) ** 2)), rows)
    normals = vertex_normals(p, tri)
    part = Part(
        "teethUpper" if upper else "teethLower",
        "mouth",
        p,
        tri,
        normals,
        gum * (1 - mix) + enamel * mix,
        shade_of(len(p), depth),
    )
    if not upper:
        part.targets = _jaw_targets(p)
    return part


def tongue() -> Part:
    """The tongue, rooted in the jaw."""
    rows, columns = 17, 25
    polar = np.linspace(0, np.pi, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, columns)[None]
    ball = np.stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) * np.ones_like(turn)], -1
    ).reshape(-1, 3)
    p = ball * np.array([0.155, 0.055, 0.26])
    top = ball[:, 1] > 0
    p[:, 1] -= 0.024 * np.exp(-((p[:, 0] / 0.03) ** 2)) * top
    p += np.array([0.0, MOUTH_Y - 0.085, 0.45])
    p[:, 1] -= 0.05 * ((p[:, 2] - 0.45) / 0.25) ** 2
    tri = facing(p, grid(rows, columns), ball)
    targets = _jaw_targets(p, 0.92)
    tip = smoothstep(0.35, 0.70, p[:, 2])[:, None]
    targets["tongueOut"] = Target(tip * np.array([0, 0.13, 0.34]) + tip**2 * np.array([0, -0.15, 0]))
    # On its way out the tip goes up and over the lower teeth: at half way it lies between the rows (th).
    targets["tongueOutMid"] = Target(tip * np.array([0, 0.098, 0.02]))
    shade = shade_of(len(p), 0.62)
    return Part(
        "tongue",
        "mouth",
        p,
        tri,
        unit(ball / np.array([0.155, 0.055, 0.26])),
        np.tile(colour("d0605f"), (len(p), 1)),
        shade,
        None,
        targets,
    )
