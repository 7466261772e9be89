from __future__ import annotations

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.mouth import Mouth
from avatardesk.driving.lipsync.shapes import VISEME_SHAPES
from avatardesk.driving.lipsync.visemes import VISEMES
from avatardesk.driving.motion import ARKIT_52

JAW, PRESS, PUCKER = (ARKIT_52.index(name) for name in ("jawOpen", "mouthPressLeft", "mouthPucker"))


def say(*visemes: tuple[str, int]) -> list[npt.NDArray[np.float32]]:
    """Return the weights after every 10 ms of (viseme, number of steps)."""
    mouth = Mouth()
    shown = []
    for name, steps in visemes:
        for _ in range(steps):
            mouth.step(np.eye(15, dtype=np.float32)[VISEMES.index(name)], 1.0, 1.0)
            shown.append(mouth.weights())
    return shown


def test_every_viseme_has_a_shape_of_its_own() -> None:
    for first in range(15):
        for second in range(first):
            assert np.abs(VISEME_SHAPES[first] - VISEME_SHAPES[second]).max() >= 0.05


def test_lips_close_within_20_ms_and_open_again() -> None:
    shown = say(("aa", 20), ("PP", 6), ("aa", 20))
    assert shown[19][JAW] > 0.5
    assert shown[21][JAW] < 0.12 and shown[21][PRESS] > 0.4
    assert shown[22][JAW] < 0.06
    assert shown[40][JAW] > 0.5 and shown[40][PRESS] < 0.01


def test_even_the_shortest_closure_closes() -> None:
    assert min(weights[JAW] for weights in say(("aa", 20), ("PP", 2), ("aa", 20))[20:]) < 0.06


def test_the_mouth_returns_to_rest_in_150_to_250_ms() -> None:
    shown = say(("aa", 30), ("sil", 60))
    start = shown[29][JAW]
    rested = next(index for index, weights in enumerate(shown[30:]) if weights[JAW] < 0.05 * start)
    assert 15 <= rested <= 25


def test_sibilants_narrow_the_jaw_between_open_vowels() -> None:
    shown = say(("aa", 30), ("SS", 10), ("aa", 30))
    assert shown[38][JAW] < 0.15


def test_lips_stay_round_through_a_k_between_round_vowels() -> None:
    round_k = say(("ou", 30), ("kk", 6))[-1][PUCKER]
    spread_k = say(("ih", 30), ("kk", 6))[-1][PUCKER]
    assert round_k > 0.35 and spread_k < 0.05


def test_nothing_jumps() -> None:
    shown = np.array(say(("sil", 5), ("aa", 9), ("SS", 6), ("ou", 12), ("TH", 4), ("E", 9), ("sil", 40)))
    assert np.abs(np.diff(shown[:, JAW])).max() < 0.3


def test_visemes_open_the_jaw_by_size() -> None:
    jaw = {name: VISEME_SHAPES[VISEMES.index(name)][JAW] for name in ("aa", "oh", "E", "ih", "ou")}
    assert jaw["aa"] > jaw["oh"] > jaw["E"] > jaw["ih"] > jaw["ou"]
