"""What makes one character differ from another. Everything the generator draws follows from these numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from avatargen.fields import Array


def colour(code: str) -> Array:
    """Linear RGB of an sRGB hex colour such as ``f0bd9c``."""
    c = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


@dataclass(frozen=True)
class HeadShape:
    """Proportions, as factors on or offsets from the neutral head."""

    face_width: float = 1.0
    jaw_width: float = 1.0
    jaw_drop: float = 0.0
    """How far the jaw's corners come down and out: 0 soft, 1 square."""
    chin_width: float = 1.0
    chin_drop: float = 0.0
    cheek: float = 1.0
    brow_ridge: float = 0.10
    nose_width: float = 1.0
    nose_tip: float = 1.0
    nose_bridge: float = 1.0
    nose_drop: float = 0.0
    neck: float = 1.0
    fold: float = 0.0
    """Depth of the line from nose to mouth corner (age)."""


@dataclass(frozen=True)
class EyeShape:
    """The eye opening, degrees."""

    upper: float = 24.5
    lower: float = 20.5
    outer_lift: float = 8.0
    iris: float = 0.55
    """Angular radius of the iris, radians."""
    pupil: float = 0.42
    lash: float = 1.0
    liner: float = 1.0


@dataclass(frozen=True)
class MouthShape:
    """The closed mouth."""

    half_width: float = 0.235
    upper: float = 1.0
    lower: float = 1.0
    corner_lift: float = 0.030


@dataclass(frozen=True)
class BrowShape:
    """Eyebrows."""

    thickness: float = 1.0
    arch: float = 1.0
    height: float = 0.0


@dataclass(frozen=True)
class HairStyle:
    """Which hair grows, and how much of it."""

    style: Literal["bob", "short", "bun"]
    lift: float = 0.10
    clump: float = 0.028
    gloss: float = 1.0
    beard: float = 0.0
    """Strength of the beard's shadow, 0..1."""


@dataclass(frozen=True)
class Palette:
    """Colours, sRGB hex."""

    skin: str
    blush: str
    lip: str
    lid: str
    hair: str
    brow: str
    iris_outer: str
    iris_inner: str
    garment: str


@dataclass(frozen=True)
class Character:
    """One avatar."""

    id: str
    name: str
    description: str
    palette: Palette
    hair: HairStyle
    head: HeadShape = field(default_factory=HeadShape)
    eyes: EyeShape = field(default_factory=EyeShape)
    mouth: MouthShape = field(default_factory=MouthShape)
    brows: BrowShape = field(default_factory=BrowShape)
    freckles: int = 0
    glasses: bool = False
    collar: Literal["roll", "crew"] = "roll"
    seed: int = 1


CHARACTERS: dict[str, Character] = {
    c.id: c
    for c in (
        Character(
            id="nova",
            name="Nova",
            description="A young woman with an auburn bob, green eyes and freckles.",
            palette=Palette(
                skin="f0bd9c",
                blush="e2705c",
                lip="c25a58",
                lid="a85a48",
                hair="5c2f20",
                brow="4a2618",
                iris_outer="2e6b5e",
                iris_inner="8fc08a",
                garment="2f7f86",
            ),
            hair=HairStyle(style="bob"),
            freckles=42,
            seed=3,
        ),
        Character(
            id="atlas",
            name="Atlas",
            description="A man in his thirties with dark brown skin, short black hair and a trimmed beard.",
            palette=Palette(
                skin="84502f",
                blush="8e3f2a",
                lip="7d4238",
                lid="54301f",
                hair="17110e",
                brow="15100d",
                iris_outer="2a150b",
                iris_inner="8a5026",
                garment="c08a2e",
            ),
            hair=HairStyle(style="short", lift=0.075, clump=0.010, gloss=0.35, beard=0.80),
            head=HeadShape(
                face_width=1.03,
                jaw_width=1.12,
                jaw_drop=0.5,
                chin_width=1.25,
                chin_drop=0.03,
                cheek=0.93,
                brow_ridge=0.122,
                nose_width=1.28,
                nose_tip=1.10,
                nose_bridge=1.15,
                nose_drop=0.015,
                neck=1.22,
                fold=0.12,
            ),
            eyes=EyeShape(
                upper=22.5, lower=18.0, outer_lift=6.0, iris=0.50, pupil=0.40, lash=0.45, liner=0.55
            ),
            mouth=MouthShape(half_width=0.252, upper=1.15, lower=1.12, corner_lift=0.026),
            brows=BrowShape(thickness=1.35, arch=0.65, height=-0.035),
            collar="crew",
            seed=11,
        ),
        Character(
            id="iris",
            name="Iris",
            description="A woman in her sixties with silver hair in a bun, blue eyes and round glasses.",
            palette=Palette(
                skin="d59c7a",
                blush="cf7767",
                lip="b0555a",
                lid="9c6455",
                hair="8a878c",
                brow="77726f",
                iris_outer="2b4a74",
                iris_inner="8db4d6",
                garment="7a3f5c",
            ),
            hair=HairStyle(style="bun", lift=0.085, clump=0.020, gloss=0.8),
            head=HeadShape(
                face_width=0.98,
                jaw_width=1.05,
                jaw_drop=0.35,
                chin_width=1.08,
                cheek=1.06,
                nose_width=1.06,
                nose_drop=0.020,
                nose_tip=1.05,
                neck=0.98,
                fold=1.0,
            ),
            eyes=EyeShape(upper=22.5, lower=19.0, outer_lift=3.0, iris=0.52, pupil=0.40, lash=0.6, liner=0.7),
            mouth=MouthShape(half_width=0.240, upper=0.78, lower=0.86, corner_lift=0.034),
            brows=BrowShape(thickness=0.80, arch=0.95, height=0.012),
            glasses=True,
            collar="crew",
            seed=23,
        ),
    )
}
