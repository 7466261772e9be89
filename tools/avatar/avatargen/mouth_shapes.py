"""ARKit's jaw and mouth shapes as displacements of the skin."""

from __future__ import annotations

import numpy as np

from avatargen.fields import Array, gauss, smoothstep
from avatargen.regions import Regions, move
from avatargen.sculpt import MOUTH_Y

SIDES = (("Left", 1), ("Right", -1))


def mouth_shapes(r: Regions) -> dict[str, Array]:
    """The 27 jaw and mouth shapes and their correctives, by name, each (n, 3)."""
    shapes = _jaw(r)
    for name, side in SIDES:
        shapes |= {f"{key}{name}": delta for key, delta in _one_side(r, side).items()}
    return shapes | _round(r) | _rolls(r)


def _jaw(r: Regions) -> dict[str, Array]:
    swing = r.jaw_swing * r.jaw[:, None]
    swing[:, 0] -= r.x * 0.10 * r.jaw * r.lips
    # With the jaw down, mouthClose brings both lips to a common place between them.
    weight = r.around_line(0.13) * r.beside(0.10) * r.ahead
    weight = np.where(r.bag > 0, 1.0, weight)
    close = (0.45 * r.jaw_swing - swing) * weight[:, None]
    return {
        "jawOpen": swing,
        "jawForward": move(r.jaw, 0, -0.01, 0.075),
        "jawLeft": move(r.jaw, 0.09, 0, 0),
        "jawRight": move(r.jaw, -0.09, 0, 0),
        "mouthClose": close,
    }


def _one_side(r: Regions, side: int) -> dict[str, Array]:
    p = r.points
    half = r.half(side)
    tight = r.corner(side, (0.16, 0.15, 0.25))
    wide = r.corner(side, (0.24, 0.19, 0.40))
    lower_lip = (
        r.lower
        * half
        * np.exp(-((np.clip(r.below, 0, 9) / 0.16) ** 2))
        * np.exp(-(((r.x - side * 0.12) / 0.16) ** 2))
        * (r.face.tag != 2)
        * r.ahead
        * r.arch
    )
    upper_lip = (
        r.upper
        * half
        * np.exp(-((np.clip(-r.below, 0, 9) / 0.17) ** 2))
        * np.exp(-(((r.x - side * 0.12) / 0.16) ** 2))
        * r.ahead
        * r.arch
    )
    pressed = r.around_line(0.07) * r.lips * half
    together = np.where(r.upper > 0.5, -1.0, 1.0) * 0.020 * pressed * smoothstep(0.0, 0.05, r.gap)
    cheek = gauss(p, (side * 0.43, -0.27, 0.66), (0.22, 0.17, 0.35))
    return {
        "mouthSmile": _smile(r, side),
        "mouthFrown": move(wide, side * 0.015, -0.135, -0.035)
        + move(gauss(p, (side * 0.18, -0.79, 0.8), (0.12, 0.10, 0.3)), 0, -0.01, 0.012),
        "mouthDimple": move(tight, side * 0.05, 0.015, -0.085),
        "mouthStretch": move(wide, side * 0.11, -0.035, -0.07)
        + move(r.lips * half * (1 - wide), side * 0.03, 0, -0.01),
        "mouthPress": move(pressed, 0, 0, -0.02)
        + np.stack([0 * r.x, together, 0 * r.x], -1)
        + move(tight, side * 0.02, 0.01, -0.03),
        "mouthLowerDown": move(lower_lip, side * 0.01, -0.105, 0.005),
        "mouthUpperUp": move(upper_lip, side * 0.008, 0.085, 0.008),
        "mouth": move(r.lips, side * 0.11, 0, 0) + move(wide, side * 0.01, 0, -0.05),
        "noseSneer": move(
            gauss(p, (side * 0.11, -0.30, 0.88), (0.10, 0.12, 0.2)), side * 0.015, 0.050, -0.005
        )
        + move(upper_lip, 0, 0.030, 0)
        + move(gauss(p, (side * 0.10, 0.0, 0.72), (0.09, 0.12, 0.2)), 0, 0.02, 0.015),
        "cheekSquint": move(cheek, side * 0.01, 0.06, 0.045),
    }


def _smile(r: Regions, side: int) -> Array:
    """Corner out, up and back; the lips thin, the cheek lifts, the fold deepens."""
    p = r.points
    half = r.half(side)
    corner = r.corner(side, (0.185, 0.19, 0.40))
    pull = move(corner, side * 0.112, 0.082, -0.088)
    rest = r.lips * half * (1 - corner) * r.around_line(0.15)
    middle = move(rest, side * 0.030, 0.014, -0.026)
    # Without lifting the middle of the upper lip the line bends into an M.
    centre = move(r.lips * half * r.upper * r.around_line(0.12) * np.exp(-((r.x / 0.13) ** 2)), 0, 0.016, 0)
    cheek = move(gauss(p, (side * 0.43, -0.27, 0.66), (0.22, 0.17, 0.35)), side * 0.035, 0.060, 0.050)
    fold = move(gauss(p, (side * 0.365, -0.42, 0.75), (0.05, 0.12, 0.3)), -side * 0.010, 0, -0.018)
    thin = r.below * np.where(r.upper > 0.5, 0.34, 0.16) * np.exp(-((r.gap / 0.085) ** 4))
    thin = thin * r.mouth_loop * half * 0.9 * (np.abs(r.x) < r.width * 1.02)
    return pull + middle + centre + cheek + fold + np.stack([0 * r.x, thin, 0 * r.x], -1)


def _round(r: Regions) -> dict[str, Array]:
    near = r.around_line(0.17) * r.beside(0.16) * r.ahead
    # The mouth line is flattened, or the lower lip becomes a V.
    flatten = -(r.sculpt.mouth_line(r.x) - MOUTH_Y) * near
    bulge = near * (0.055 + 0.070 * np.exp(-((r.x / 0.15) ** 2)))
    plump = np.where(r.upper > 0.5, 1.0, -0.55) * 0.016 * near * np.exp(-((r.x / 0.11) ** 2))
    plump = plump * smoothstep(0.0, 0.07, r.gap)
    # The upper lip comes down over the teeth, the lower one up to it.
    cover = np.where(r.upper > 0.5, -0.022, 0.016) * near * r.around_line(0.10) * r.arch
    pucker = np.stack([-r.x * 0.44 * near, 0.9 * flatten + plump + cover + 0.010 * near, bulge], -1)
    opened = near * r.arch * r.around_line(0.12) * np.where(r.upper > 0.5, 0.62, -1.05) * 0.066
    funnel = np.stack([-r.x * 0.36 * near, opened + 0.7 * flatten, bulge * 0.95], -1)
    puff = r.zeros()
    for _, side in SIDES:
        puff += move(gauss(r.points, (side * 0.42, -0.50, 0.55), (0.21, 0.21, 0.4)), side * 0.11, 0, 0.08)
    puff += move(r.lips * np.exp(-(((r.gap - 0.09) / 0.08) ** 2)), 0, 0, 0.03)
    return {"mouthPucker": pucker, "mouthFunnel": funnel, "cheekPuff": puff}


def _rolls(r: Regions) -> dict[str, Array]:
    """Lips rolled over the teeth and shrugged."""
    even = (1.0 - r.across**2) ** 0.35
    up = r.upper * np.exp(-((r.gap / 0.075) ** 2)) * r.lips * even
    low = r.lower * np.exp(-((r.gap / 0.085) ** 2)) * r.lips * even
    zero = 0 * r.x
    roll_upper = np.stack(
        [
            zero,
            -0.040 * up * smoothstep(0, 0.06, r.gap) - 0.008 * up,
            -0.075 * up * smoothstep(0.09, 0, r.gap) - 0.012 * up,
        ],
        -1,
    )
    roll_lower = np.stack(
        [
            zero,
            0.052 * low * smoothstep(0, 0.07, r.gap) + 0.042 * low,
            -0.105 * low * smoothstep(0.11, 0, r.gap) - 0.014 * low,
        ],
        -1,
    )
    shrug_up = r.upper * r.around_line(0.14) * r.lips
    shrug_low = np.exp(-((r.below / 0.16) ** 2)) * r.lips * np.maximum(r.lower, 0.55)
    chin = gauss(r.points, (0, -0.80, 0.8), (0.2, 0.15, 0.3))
    return {
        "mouthRollUpper": roll_upper,
        "mouthRollLower": roll_lower,
        "mouthShrugUpper": np.stack([zero, 0.030 * shrug_up, 0.025 * shrug_up], -1),
        "mouthShrugLower": np.stack(
            [zero, 0.045 * shrug_low + 0.03 * chin, 0.030 * shrug_low + 0.012 * chin], -1
        ),
        "tongueOut": r.zeros(),
    }
