"""The committed characters keep what speech and life rely on."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from avatardesk.driving.lipsync.shapes import VISEME_SHAPES
from avatardesk.driving.lipsync.visemes import VISEMES
from avatardesk.driving.motion import ARKIT_52

AVATARS = Path(__file__).parents[3] / "webview" / "public" / "avatars"
IDS = ("nova", "atlas", "iris")
MAX_BYTES = 2_500_000
MOUTH_Y = -0.59
EYE = np.array([0.385, 0.0, 0.45])

Points = npt.NDArray[np.float64]


@dataclass
class Part:
    """A decoded mesh: rest positions (n, 3), triangles (m, 3), and displacement per target name."""

    points: Points
    triangles: npt.NDArray[np.int64]
    targets: dict[str, Points]

    def posed(self, weights: dict[str, float]) -> Points:
        """Positions under these weights, in-betweens included."""
        points = self.points.copy()
        for name, weight in weights.items():
            points += weight * self.targets.get(name, 0.0)
        return points

    def open_edges(self) -> npt.NDArray[np.int64]:
        """Pairs of vertices whose edge belongs to one triangle only."""
        t = self.triangles
        edges = np.sort(np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]]), 1)
        unique, count = np.unique(edges, axis=0, return_counts=True)
        return unique[count == 1]


class Head:
    """A character's file."""

    def __init__(self, avatar: str) -> None:
        self.data = (AVATARS / f"{avatar}.avh").read_bytes()
        magic, version, size = struct.unpack("<4sII", self.data[:12])
        assert (magic, version) == (b"AVDH", 1)
        self.header: dict[str, Any] = json.loads(self.data[12 : 12 + size])
        self.start = 12 + size
        self.parts = {entry["name"]: self._part(entry) for entry in self.header["parts"]}

    def _array(self, dtype: str, offset: int, count: int) -> npt.NDArray[np.float64]:
        return np.frombuffer(self.data, dtype, count, self.start + offset).astype(float)

    def _part(self, entry: dict[str, Any]) -> Part:
        n = entry["vertices"]
        points = self._array("<i2", entry["position"], n * 3).reshape(-1, 3) * self.header["positionStep"]
        triangles = self._array("<u2", entry["index"], entry["indices"]).astype(int).reshape(-1, 3)
        targets = {}
        for target in entry["targets"]:
            index = self._array("<u2", target["index"], target["count"]).astype(int)
            delta = np.zeros((n, 3))
            delta[index] = (
                self._array("<i2", target["delta"], target["count"] * 3).reshape(-1, 3) * target["step"]
            )
            targets[target["name"]] = delta
        return Part(points, triangles, targets)

    def weights(self, viseme: str, scale: float = 1.0) -> dict[str, float]:
        """The service's weights of a viseme, with the in-betweens the page adds."""
        row = VISEME_SHAPES[VISEMES.index(viseme)] * scale
        out = {name: float(value) for name, value in zip(ARKIT_52, row, strict=True)}
        for rule in self.header["correctives"]:
            w = out[rule["between"]]
            out[rule["target"]] = 4 * w * (1 - w)
        return out


def lip_line(skin: Part) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Vertices of the upper and of the lower lip that touch at rest, in pairs from corner to corner.

    At rest the two lips' edges coincide: the pairs are those with the same position. The lower lip is the one
    that follows the jaw further.
    """
    p = skin.points
    near = np.flatnonzero((np.abs(p[:, 0]) < 0.28) & (np.abs(p[:, 1] - MOUTH_Y) < 0.08) & (p[:, 2] > 0.6))
    by_place: dict[tuple[float, ...], list[int]] = {}
    for vertex in near:
        by_place.setdefault(tuple(p[vertex]), []).append(int(vertex))
    jaw = skin.targets["jawOpen"][:, 1]
    pairs = [sorted(group, key=lambda v: -jaw[v]) for group in by_place.values() if len(group) == 2]
    pairs.sort(key=lambda pair: p[pair[0], 0])
    upper, lower = np.array(pairs).T
    return upper, lower


def lip_gaps(head: Head, weights: dict[str, float]) -> Points:
    """Heights between the lips' edges, corner to corner. Negative: pressed into each other."""
    skin = head.parts["skin"]
    upper, lower = lip_line(skin)
    posed = skin.posed(weights)
    return posed[upper, 1] - posed[lower, 1]


def eye_openings(skin: Part, weights: dict[str, float], side: int) -> Points:
    """Heights between the lid margins of one eye: the skin mesh's open edge there."""
    open_edges = skin.open_edges()
    rim = np.unique(open_edges)
    p = skin.points
    # The margins lie on the eyeball; freckles, loose discs too, lie further out.
    rim = rim[np.linalg.norm(p[rim] - EYE * [side, 1, 1], axis=1) < 0.335]
    middle = (p[rim, 1].max() + p[rim, 1].min()) / 2
    # The margins meet at the canthi; heights are compared between them.
    inner = np.abs(p[rim, 0] - p[rim, 0].mean()) < 0.16
    top, bottom = rim[inner & (p[rim, 1] > middle)], rim[inner & (p[rim, 1] <= middle)]
    posed = skin.posed(weights)
    partner = np.abs(posed[top, 0][:, None] - posed[bottom, 0][None]).argmin(1)
    return posed[top, 1] - posed[bottom[partner], 1]


@pytest.fixture(scope="module", params=IDS)
def head(request: pytest.FixtureRequest) -> Head:
    return Head(request.param)


def test_the_manifest_names_every_file_with_its_size_and_hash() -> None:
    manifest = json.loads((AVATARS / "manifest.json").read_text())
    assert [entry["id"] for entry in manifest["avatars"]] == list(IDS)
    assert {path.stem for path in AVATARS.glob("*.avh")} == set(IDS)
    for entry in manifest["avatars"]:
        data = (AVATARS / entry["file"]).read_bytes()
        assert len(data) == entry["bytes"] <= MAX_BYTES
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]


def test_all_52_shapes_are_there_and_nothing_is_nan(head: Head) -> None:
    names = {name for part in head.parts.values() for name in part.targets}
    assert set(ARKIT_52) <= names
    for part in head.parts.values():
        assert np.isfinite(part.points).all()
        assert all(np.isfinite(delta).all() for delta in part.targets.values())


def test_every_shape_moves_something_visibly(head: Head) -> None:
    for name in ARKIT_52:
        reach = max(np.abs(part.targets[name]).max() for part in head.parts.values() if name in part.targets)
        assert reach > 0.003, name


def test_left_and_right_shapes_mirror_each_other(head: Head) -> None:
    skin = head.parts["skin"]
    for name in ARKIT_52:
        if name.endswith("Left") and name not in ("jawLeft", "mouthLeft"):
            left, right = skin.targets[name], skin.targets[name.removesuffix("Left") + "Right"]
            assert np.abs(left).max() == pytest.approx(np.abs(right).max(), rel=0.02), name


def test_the_skin_has_no_holes_but_eyes_and_neck(head: Head) -> None:
    skin = head.parts["skin"]
    open_edges = skin.open_edges()
    middle = skin.points[open_edges].mean(1)
    face = (middle[:, 2] > 0.3) & (middle[:, 1] > -1.2) & (middle[:, 1] < 0.6)
    # Freckles are loose discs just above the skin.
    freckle = (middle[:, 1] < -0.08) & (middle[:, 1] > -0.42)
    eye = np.hypot(np.abs(middle[:, 0]) - 0.385, middle[:, 1]) < 0.32
    assert not (face & ~eye & ~freckle).any()


def test_the_mouth_is_shut_at_rest_and_for_p_b_m(head: Head) -> None:
    assert np.abs(lip_gaps(head, {})).max() < 1e-3
    gaps = lip_gaps(head, head.weights("PP"))
    assert gaps.max() < 0.012


def test_the_lips_meet_over_an_open_jaw_when_the_mouth_closes(head: Head) -> None:
    open_jaw = lip_gaps(head, {"jawOpen": 0.6}).max()
    closed = lip_gaps(head, {"jawOpen": 0.6, "mouthClose": 0.6}).max()
    assert open_jaw > 0.12
    assert closed < 0.02


def test_vowels_differ_in_size(head: Head) -> None:
    def opening(viseme: str) -> float:
        return float(lip_gaps(head, head.weights(viseme)).max())

    assert opening("aa") > opening("E") > opening("ih") > 0.03
    assert opening("oh") > opening("ou") > 0.01


def test_rounded_vowels_are_narrow_and_spread_ones_wide(head: Head) -> None:
    skin = head.parts["skin"]
    upper, _ = lip_line(skin)

    def width(viseme: str) -> float:
        x = skin.posed(head.weights(viseme))[upper, 0]
        return float(x.max() - x.min())

    rest = width("sil")
    assert width("ou") < 0.75 * rest
    assert width("oh") < 0.85 * rest
    assert width("ih") > 1.05 * rest


def test_the_lower_lip_comes_to_the_upper_teeth_for_f_v(head: Head) -> None:
    skin, mouth = head.parts["skin"], head.parts["mouth"]
    _, lower = lip_line(skin)
    middle = lower[np.abs(skin.points[lower, 0]) < 0.12]
    lip = skin.posed(head.weights("FF"))[middle]
    teeth = mouth.points[
        (np.abs(mouth.points[:, 0]) < 0.12)
        & (mouth.points[:, 1] > MOUTH_Y - 0.06)
        & (mouth.points[:, 2] > 0.7)
    ]
    edge = teeth[:, 1].min()
    # In height the lip reaches the teeth's edge; in depth it lies against them.
    assert lip[:, 1].max() > edge - 0.012
    assert lip[:, 2].mean() - teeth[:, 2].max() < 0.09


def test_each_viseme_has_a_shape_of_its_own(head: Head) -> None:
    skin, mouth = head.parts["skin"], head.parts["mouth"]
    poses = [np.concatenate([skin.posed(head.weights(v)), mouth.posed(head.weights(v))]) for v in VISEMES]
    for i, a in enumerate(poses):
        for j in range(i):
            # d and n are made at the same place: what tells them apart is the nose.
            if {VISEMES[i], VISEMES[j]} != {"DD", "nn"}:
                assert np.abs(a - poses[j]).max() > 0.008, (VISEMES[i], VISEMES[j])


@pytest.mark.parametrize(("side", "name"), [(1, "Left"), (-1, "Right")])
def test_a_blink_shuts_the_eye_and_half_a_blink_half(head: Head, side: int, name: str) -> None:
    skin = head.parts["skin"]
    rest = eye_openings(skin, {}, side)
    half = eye_openings(skin, {f"eyeBlink{name}": 0.5, f"eyeBlinkMid{name}": 1.0}, side)
    shut = eye_openings(skin, {f"eyeBlink{name}": 1.0}, side)
    assert rest.max() > 0.15
    assert shut.max() < 0.015
    assert 0.3 * rest.max() < half.max() < 0.75 * rest.max()
