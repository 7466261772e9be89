from __future__ import annotations

import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from avatardesk.driving.lipsync.network import LAYERS, VisemeNetwork, load_network, network_inputs
from avatardesk.driving.lipsync.phone_loop import PhoneFrame
from avatardesk.errors import PlatformError


def frames(count: int, seed: int = 0) -> list[PhoneFrame]:
    rng = np.random.default_rng(seed)
    return [
        PhoneFrame(
            visemes=rng.dirichlet(np.ones(15)).astype(np.float32),
            senones=(-30 * rng.random(126)).astype(np.float32),
            cepstra=rng.normal(0, 5, (4, 13)).astype(np.float32),
        )
        for _ in range(count)
    ]


def run(given: list[PhoneFrame]) -> np.ndarray:
    network = VisemeNetwork(load_network())
    return np.concatenate([network.push(given[start : start + 2]) for start in range(0, len(given), 2)])


def test_the_weights_are_small_and_shared() -> None:
    assert load_network() is load_network()
    folder = importlib.resources.files("avatardesk.driving.lipsync") / "data"
    assert len((folder / "viseme_tcn.npz").read_bytes()) < 300_000


def test_answers_are_probabilities() -> None:
    rows = run(frames(40))
    assert rows.shape == (40, 15)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-4)


def test_the_network_is_what_the_training_script_computes() -> None:
    given = frames(60, 4)
    weights = load_network()
    hidden = np.maximum(
        np.stack([network_inputs(one) for one in given]) @ weights.entry[:-1] + weights.entry[-1], 0
    )
    for layer, (taps, dilation) in zip(weights.layers, LAYERS, strict=True):
        padded = np.concatenate([np.zeros(((taps - 1) * dilation, hidden.shape[1])), hidden])
        stacked = np.concatenate(
            [padded[tap * dilation : tap * dilation + len(hidden)] for tap in range(taps)], axis=1
        )
        hidden = hidden + np.maximum(stacked @ layer[:-1] + layer[-1], 0)
    prior = np.log(np.stack([one.visemes for one in given]) + 1e-3)
    scores = hidden @ weights.exit[:-1] + weights.exit[-1] + weights.prior * prior
    silence = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))[:, 0]
    assert np.allclose(run(given)[:, 0], silence, atol=1e-4)


def test_the_past_matters_and_the_future_does_not() -> None:
    given, other = frames(60, 1), frames(60, 2)
    assert np.array_equal(run(given[:40] + other[:20])[:40], run(given)[:40])
    assert not np.allclose(run(other[:38] + given[38:])[40], run(given)[40])


def test_a_damaged_file_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "viseme_tcn.npz").write_bytes(b"PK nothing")
    monkeypatch.setattr(importlib.resources, "files", lambda package: tmp_path)
    with pytest.raises(PlatformError) as caught:
        load_network.__wrapped__()
    assert "Install" in caught.value.hint
    (tmp_path / "data" / "viseme_tcn.npz").unlink()
    with pytest.raises(PlatformError):
        load_network.__wrapped__()
