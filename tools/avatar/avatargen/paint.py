"""The skin's colours: zones of warmth, lips, lids, stubble, the scalp under the hair."""

from __future__ import annotations

import numpy as np

from avatargen.character import Character, colour
from avatargen.fields import Array, gauss, smoothstep
from avatargen.regions import Regions
from avatargen.sculpt import EYE
from avatargen.topology import BAG_TAG, EYE_COUNT, MOUTH_TAG, SKIN


def blend(base: Array, over: Array, amount: Array) -> Array:
    """``base`` painted over with one colour, by a mask."""
    return base + (over - base) * amount[:, None]


def lip_mask(r: Regions) -> Array:
    """1 on the red of the lips and inside the mouth."""
    upper, lower = r.sculpt.lip_heights(r.x)
    height = np.where(r.face.side > 0, upper, lower)
    on_lip = smoothstep(1.22, 0.86, r.gap / np.maximum(height, 1e-3)) * (r.z > 0.4)
    on_lip = on_lip * smoothstep(1.09, 0.98, np.abs(r.x) / r.width)
    mask = np.where(r.face.tag == MOUTH_TAG, on_lip, 0.0)
    return np.where(r.face.tag == BAG_TAG, 1.0, mask)


def inner_mask(r: Regions) -> Array:
    """0 on the lips, growing to 1 in the depth of the mouth."""
    mask = np.zeros(len(r.points))
    for ring, depth in zip(r.face.bag, (0.25, 0.62, 1.0, 1.0, 1.0), strict=True):
        # The corners stay flesh: a dark bag there shows as a notch when the mouth widens.
        flesh = smoothstep(0.78, 0.97, np.abs(r.x[ring]) / r.width)
        mask[ring] = depth * (1 - 0.65 * flesh * (depth < 1.0))
    mask[r.face.bag[-1].max() + 1 :] = 1.0
    return mask


def paint_skin(character: Character, r: Regions, hair_distance: Array) -> Array:
    """Linear RGB per skin vertex. ``hair_distance``: distance to the hair's mass."""
    palette = character.palette
    p = r.points.copy()
    p[:, 0] = np.abs(p[:, 0])
    blush = colour(palette.blush)
    c = np.tile(colour(palette.skin), (len(p), 1))
    c = blend(c, blush, 0.46 * gauss(p, (0.44, -0.28, 0.62), (0.22, 0.15, 0.4)))
    c = blend(c, blush, 0.30 * gauss(p, (0, -0.27, 1.0), (0.14, 0.11, 0.2)))
    c = blend(c, c.max(0) * np.array([1.04, 1.08, 1.06]), 0.30 * gauss(p, (0, 0.55, 0.75), (0.5, 0.3, 0.5)))
    c = blend(c, colour(palette.lid), 0.26 * gauss(p, (EYE[0], 0.02, 0.78), (0.30, 0.22, 0.3)))
    c = blend(c, blush, 0.14 * gauss(p, (0, -0.87, 0.75), (0.16, 0.12, 0.3)))
    shape = character.head
    nostril = (0.050 * shape.nose_width, -0.352 - shape.nose_drop, 0.900)
    c = blend(c, colour(palette.lid) * 0.25, 0.85 * gauss(p, nostril, (0.026, 0.018, 0.045)))
    if character.hair.beard:
        c = blend(c, colour(palette.hair) * 1.25, character.hair.beard * beard_mask(r))
    c = blend(c, colour(palette.lip), 0.86 * lip_mask(r))
    c = blend(c, colour("6d2629"), inner_mask(r))
    c = _paint_lids(character, r, c)
    on_scalp = smoothstep(0.070, 0.025, hair_distance) * smoothstep(-0.55, -0.35, p[:, 1])
    # Hair that hangs beside the cheek does not grow out of it.
    on_scalp = on_scalp * np.maximum(smoothstep(0.22, 0.36, p[:, 1]), smoothstep(0.16, -0.02, p[:, 2]))
    return blend(c, colour(palette.hair) * 0.55, np.clip(on_scalp, 0, 1) * (r.face.tag == SKIN))


def beard_mask(r: Regions) -> Array:
    """Where a trimmed beard grows: jaw, chin, moustache; clear of lips and cheeks."""
    p = r.points.copy()
    p[:, 0] = np.abs(p[:, 0])
    x, y, z = p.T
    # The upper border runs from the sideburn in a curve below the cheek to the mouth corner.
    border = -0.60 + 0.42 * smoothstep(0.22, 0.66, x) ** 1.2
    jaw = smoothstep(border + 0.11, border - 0.10, y) * smoothstep(
        -1.24, -1.02, y - 0.25 * np.clip(0.4 - z, 0, 1)
    )
    jaw = np.maximum(
        jaw,
        smoothstep(0.60, 0.72, x)
        * smoothstep(-0.06, 0.04, z)
        * smoothstep(0.34, 0.20, z)
        * smoothstep(0.22, 0.0, y)
        * 0.9,
    )
    jaw = jaw * smoothstep(-0.16, 0.02, z + 0.15 * (y < -0.3))
    moustache = gauss(p, (0.10, -0.462, 0.90), (0.15, 0.042, 0.2))
    beside = gauss(p, (0.275, -0.60, 0.78), (0.055, 0.13, 0.25))
    bare = gauss(p, (0.0, -0.715, 0.9), (0.16, 0.030, 0.2)) * 0.35
    return np.clip(np.maximum.reduce([jaw, 1.1 * moustache, beside]) - bare, 0, 1) * (1 - lip_mask(r))


def _paint_lids(character: Character, r: Regions, c: Array) -> Array:
    """Crease and rims of the lids, ring by ring."""
    lid = colour(character.palette.lid)
    rim = 0.45 * colour("d58f80") + 0.55 * colour(character.palette.skin) * np.array([0.9, 0.66, 0.6])
    angle = np.arange(EYE_COUNT) / EYE_COUNT * 2 * np.pi + np.pi / EYE_COUNT
    above = np.clip(np.sin(angle), 0, 1) ** 0.5
    below = np.clip(-np.sin(angle), 0, 1)
    for rings in (r.face.left_eye, r.face.right_eye):
        for k, amount in ((2, 0.20), (3, 0.14), (4, 0.12), (5, 0.22), (6, 0.34), (7, 0.22), (8, 0.10)):
            c[rings[k]] = blend(c[rings[k]], lid, amount * above)
        for k, amount in ((2, 0.12), (3, 0.12), (4, 0.11), (5, 0.09), (6, 0.05)):
            c[rings[k]] = blend(c[rings[k]], lid, amount * below)
        for k, amount in ((0, 1.0), (1, 0.6)):
            c[rings[k]] = blend(c[rings[k]], rim, np.full(EYE_COUNT, amount))
    return c
