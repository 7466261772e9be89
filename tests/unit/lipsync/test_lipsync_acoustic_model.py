from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatardesk.driving.lipsync import acoustic_model
from avatardesk.driving.lipsync.acoustic_model import load_acoustic_model
from avatardesk.errors import PlatformError


def test_the_model_is_read_once_and_shared() -> None:
    assert load_acoustic_model() is load_acoustic_model()


def test_every_state_leads_somewhere_with_probability_one() -> None:
    model = load_acoustic_model()
    assert model.transitions.shape == (126, 126)
    assert np.allclose(model.transitions.sum(axis=1), 1, atol=1e-5)
    # A phone's last state reaches every phone's first state; its first state stays in the phone.
    assert (model.transitions[2, 0::3] > 0).all()
    assert np.count_nonzero(model.transitions[0]) <= 3


def test_likelihoods_are_those_of_the_mixtures_of_gaussians_in_the_files() -> None:
    model = load_acoustic_model()
    folder = Path(acoustic_model.pocketsphinx.get_model_path("en-us/en-us"))
    means = acoustic_model._read_gaussians(folder / "means").astype(np.float64)
    variances = np.maximum(acoustic_model._read_gaussians(folder / "variances"), 1e-4).astype(np.float64)
    features = np.random.default_rng(0).normal(0, 0.5, (3, 2, 13)).astype(np.float32)
    phone = model.phones.index("AA")
    found = model.log_likelihoods(features)[1, 1, 3 * phone : 3 * phone + 3]
    mean, variance = means[phone, 1], variances[phone, 1]
    exponent = -((features[1, 1] - mean) ** 2) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)
    expected = np.log(
        np.exp(exponent.sum(axis=1)) @ model.weights[1].reshape(42, 3, 128)[phone].T.astype(np.float64)
    )
    assert np.allclose(found, expected, atol=1e-2)


def test_a_missing_model_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acoustic_model.pocketsphinx, "get_model_path", lambda name: str(tmp_path / name))
    with pytest.raises(PlatformError) as caught:
        load_acoustic_model.__wrapped__()
    assert "pocketsphinx" in caught.value.hint


def test_a_file_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "en-us" / "en-us"
    folder.mkdir(parents=True)
    (folder / "mdef").write_bytes(b"something else entirely")
    monkeypatch.setattr(acoustic_model.pocketsphinx, "get_model_path", lambda name: str(tmp_path / name))
    with pytest.raises(PlatformError, match="model definition"):
        load_acoustic_model.__wrapped__()
