"""Puts a character together from its parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from avatargen.bake import key_visibility, occlusion, spread
from avatargen.body import ears, garment, glasses
from avatargen.character import Character
from avatargen.eye_shapes import eye_shapes
from avatargen.eyelids import Lids
from avatargen.features import EYE_CENTRES, Follower, brow, eyeball, freckles, lashes
from avatargen.fields import Array, Field, gradient
from avatargen.hair import Hair, grow_hair
from avatargen.mouth_parts import teeth, tongue
from avatargen.mouth_shapes import mouth_shapes
from avatargen.paint import inner_mask, lip_mask, paint_skin
from avatargen.part import Part, Target, merge, shade_of
from avatargen.regions import Regions
from avatargen.sculpt import EYE_RADIUS, Sculpt
from avatargen.topology import BAG_TAG, FaceMesh, Index, build_face, vertex_normals

CORRECTIVES = [
    {"target": "eyeBlinkMidLeft", "between": "eyeBlinkLeft"},
    {"target": "eyeBlinkMidRight", "between": "eyeBlinkRight"},
    {"target": "tongueOutMid", "between": "tongueOut"},
]
"""Targets outside of ARKit's 52: an in-between is driven at 4w(1-w) of its shape's weight w."""


def skin_targets(face: FaceMesh, shapes: dict[str, Array]) -> dict[str, Target]:
    """Displacements with the change of normals that they bring."""
    rest = vertex_normals(face.points, face.triangles)
    targets = {}
    for name, delta in shapes.items():
        quiet = np.where(np.abs(delta) < 2e-4, 0.0, delta)
        turned = vertex_normals(face.points + quiet, face.triangles) - rest
        touched = (np.abs(quiet).max(1) > 0) | (np.abs(turned).max(1) > 0.01)
        targets[name] = Target(quiet, np.where(touched[:, None], turned, 0.0))
    return targets


def _skin(
    character: Character, sculpt: Sculpt, r: Regions, hair: Hair, scene: Field, targets: dict[str, Target]
) -> Part:
    face = r.face
    mesh_normals = vertex_normals(face.points, face.triangles)
    smooth = gradient(face.points, sculpt.head)
    agree = (np.einsum("ij,ij->i", smooth, mesh_normals) > 0.8) & (face.tag != BAG_TAG)
    normals = np.where(agree[:, None], smooth, mesh_normals)
    in_mouth = face.tag == BAG_TAG
    inner = inner_mask(r)
    open_sky = spread(occlusion(face.points, normals, scene), face.adjacency)
    lit = spread(key_visibility(face.points, normals, scene), face.adjacency)
    for rings in (face.left_eye, face.right_eye):
        for ring in rings[:5]:
            open_sky[ring] = np.maximum(open_sky[ring], 0.72)
    open_sky = np.where(in_mouth, 0.42 + 0.4 * (1 - inner), open_sky)
    lit = np.where(in_mouth, 0.25 * (1 - inner), lit)
    distance = cKDTree(hair.mass).query(face.points)[0]
    tone = paint_skin(character, r, distance)
    shade = shade_of(len(face.points), open_sky, lit, lip_mask(r) * (1 - inner), inner)
    return Part(
        "skin", "skin", face.points, _visible(face, distance, character), normals, tone, shade, None, targets
    )


def _visible(face: FaceMesh, hair_distance: Array, character: Character) -> Index:
    """Triangles not buried under hair at the back of the head."""
    if character.hair.style == "short":
        return face.triangles
    p = face.points
    buried = (hair_distance < 0.09) & ((p[:, 2] < 0.0) | (p[:, 1] > 0.85)) & (p[:, 1] > -0.1)
    return face.triangles[~buried[face.triangles].all(1)]


def build_character(character: Character) -> tuple[dict[str, Any], list[Part]]:
    """Everything the page needs to draw a character: a header for the file and the parts."""
    sculpt = Sculpt(character)
    lids = Lids(character.eyes)
    face = build_face(sculpt, lids, seed=character.seed)
    r = Regions(sculpt, face)
    shapes = mouth_shapes(r) | eye_shapes(r, lids)
    targets = skin_targets(face, shapes)
    hair = grow_hair(character, sculpt)
    strands = cKDTree(hair.mass)

    def hair_field(p: Array) -> Array:
        return np.clip(strands.query(p, distance_upper_bound=1.5)[0], 0.0, 1.5) - hair.thickness

    def scene(p: Array) -> Array:
        return np.minimum(sculpt.head(p), hair_field(p))

    follower = Follower(face)
    skin = _skin(character, sculpt, r, hair, scene, targets)
    skin_parts = [skin]
    if character.hair.style != "bob":
        skin_parts.append(ears(character, scene))
    spots = freckles(character, sculpt, follower, targets, skin.colour, skin.shade)
    if spots:
        skin_parts.append(spots)
    brows = [brow(character, sculpt, follower, shapes, side) for side in (1, -1)]
    for part in hair.parts:
        if part.material in ("hair", "curl"):
            part.shade[:, 3] = occlusion(
                part.points,
                part.normals,
                lambda p: np.minimum(hair_field(p) + 0.02, sculpt.head(p)),
                rays=16,
                offset=0.03,
            )
    linings = [part for part in hair.parts if part.material == "lining"]
    parts = [
        *(part for part in hair.parts if part.material != "lining"),
        merge("brows", brows),
        merge("lashes", [lashes(character, face, shapes, side) for side in (1, -1)]),
        merge("skin", skin_parts),
        eyeball(1),
        eyeball(-1),
        merge("mouth", [teeth(upper=True), teeth(upper=False), tongue()]),
        garment(character, scene),
        *linings,
    ]
    if character.glasses:
        parts.append(glasses())
    header = {
        "id": character.id,
        "name": character.name,
        "eyes": {
            "centres": EYE_CENTRES,
            "radius": EYE_RADIUS,
            "iris": character.eyes.iris,
            "pupil": character.eyes.pupil,
            "upperLid": float(lids.upper),
            "irisOuter": "#" + character.palette.iris_outer,
            "irisInner": "#" + character.palette.iris_inner,
        },
        "gloss": character.hair.gloss,
        "correctives": CORRECTIVES,
    }
    return header, parts
