"""ARKit's lid and brow shapes as displacements of the skin."""

from __future__ import annotations

import numpy as np

from avatargen.eyelids import AZ_INNER, AZ_OUTER, Lids, from_angles, to_angles
from avatargen.fields import Array, gauss, smoothstep
from avatargen.mouth_shapes import SIDES
from avatargen.regions import Regions, move
from avatargen.sculpt import EYE_RADIUS, LID

_UPPER_REACH = np.deg2rad(18.0)
_LOWER_REACH = np.deg2rad(14.0)


def eye_shapes(r: Regions, lids: Lids) -> dict[str, Array]:
    """14 eye shapes, 5 brow shapes and the two blink in-betweens, by name, each (n, 3)."""
    shapes: dict[str, Array] = {}
    for name, side in SIDES:
        shapes |= {f"{key}{name}": delta for key, delta in _lid_shapes(r, lids, side).items()}
        shapes |= {f"{key}{name}": delta for key, delta in _brow_shapes(r, side).items()}
    inner = gauss(r.points, (0, 0.36, 0.75), (0.26, 0.20, 0.5)) * smoothstep(0.08, 0.26, r.y)
    shapes["browInnerUp"] = move(inner, 0, 0.115, 0)
    return shapes


def _brow_shapes(r: Regions, side: int) -> dict[str, Array]:
    above = smoothstep(0.10, 0.26, r.y)
    inner = gauss(r.points, (side * 0.25, 0.36, 0.7), (0.27, 0.20, 0.5)) * above
    outer = gauss(r.points, (side * 0.54, 0.36, 0.7), (0.22, 0.20, 0.5)) * above
    return {"browDown": move(inner, -side * 0.035, -0.095, 0.02), "browOuterUp": move(outer, 0, 0.105, 0)}


def _lid_shapes(r: Regions, lids: Lids, side: int) -> dict[str, Array]:
    p = r.points
    az, el, radius = to_angles(p, side)
    near = (p[:, 2] > 0.25) & (radius < 0.62) & (p[:, 0] * side > 0.02)
    inside = np.clip(az, AZ_INNER, AZ_OUTER)
    upper, lower = lids.margins(inside)
    c = 2.0 * (inside - AZ_INNER) / (AZ_OUTER - AZ_INNER) - 1.0
    height = upper - lower
    closed = lower + height * 0.14
    shell = EYE_RADIUS + LID
    reach = (
        np.exp(-((np.abs(az - inside) / np.deg2rad(8.0)) ** 2))
        * smoothstep(0.10, 0.02, radius - shell)
        * smoothstep(0.06, 0.17, p[:, 0] * side)
    )
    is_upper = el > (upper + lower) / 2

    def slide(upper_by: Array, lower_by: Array) -> Array:
        """Margins moved by these angles; the lid's skin slides along on the ball's shell."""
        w_up = (1 - np.clip((el - upper) / _UPPER_REACH, 0, 1)) ** 1.25 * is_upper * reach
        w_low = (1 - np.clip((lower - el) / _LOWER_REACH, 0, 1)) ** 1.4 * ~is_upper * reach
        travel = upper_by * w_up + lower_by * w_low
        on_shell = np.clip(w_up * smoothstep(0.0, 0.25, np.abs(travel)), 0, 1)
        new_radius = np.where(radius > shell, radius + (shell + 0.004 - radius) * on_shell, radius)
        return np.where(near[:, None], from_angles(az, el + travel, new_radius, side) - p, 0.0)

    bow = 1.0 - c**2
    blink = slide(closed - upper, (closed - lower) * 0.95)
    # A straight line between open and shut cuts through the ball, so half way has a shape of its own.
    half_way = slide((closed - upper) * 0.5, (closed - lower) * 0.475) - 0.5 * blink
    pouch = gauss(p, (side * 0.38, -0.25, 0.72), (0.22, 0.09, 0.3))
    drift = gauss(p, (side * 0.36, 0, 0.75), (0.2, 0.14, 0.3))
    return {
        "eyeBlink": blink,
        "eyeBlinkMid": half_way,
        "eyeWide": slide(0.16 * bow, -0.05 * bow),
        "eyeSquint": slide(-0.05 * height, 0.26 * height) + move(pouch, 0, 0.03, 0.022),
        "eyeLookDown": slide(-0.34 * height, -0.05 * bow),
        "eyeLookUp": slide(0.13 * bow, 0.05 * bow),
        "eyeLookIn": move(drift, -side * 0.006, 0, 0),
        "eyeLookOut": move(drift, side * 0.006, 0, 0),
    }
