from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from lipsync_sounds import SHARED_SPEECH, recorded_speech

from avatardesk.bench import lipsync
from avatardesk.bench.lipsync_scores import quantiles, scores
from avatardesk.bench.lipsync_sets import Utterance, recorded, with_pink_noise
from avatardesk.driving.lipsync import VISEME_GROUPS, VISEMES, viseme_of_phone
from avatardesk.errors import InputError

PP, AA, OH, OU = (VISEMES.index(name) for name in ("PP", "aa", "oh", "ou"))


def utterance(*segments: tuple[float, float, int]) -> Utterance:
    return Utterance(np.zeros(int(segments[-1][1] * 16_000), np.int16), segments)


def test_the_truth_scores_one() -> None:
    spoken = utterance((0, 0.2, 0), (0.2, 0.3, PP), (0.3, 0.5, AA), (0.5, 0.6, -1), (0.6, 0.8, OH))
    found = scores([(spoken, np.maximum(spoken.labels(80), 0))])
    assert found["viseme_accuracy"] == found["group_accuracy"] == found["closure_recall"] == 1
    assert found["closure_precision"] == 1
    assert found["timing_error_ms"] == {"p50": 0, "p95": 0, "n": 2}


def test_mistakes_lower_the_figure_they_belong_to() -> None:
    spoken = utterance((0, 0.2, 0), (0.2, 0.3, PP), (0.3, 0.5, AA), (0.5, 0.8, OH))
    rows = spoken.labels(80)
    rows[50:] = OU  # the wrong viseme of the right group
    rows[20:30] = AA  # a closure not seen
    rows[40:45] = PP  # and one that isn't there
    found = scores([(spoken, rows)])
    assert found["viseme_accuracy"] == round(35 / 80, 4)
    assert found["group_accuracy"] == round(65 / 80, 4)
    assert found["closure_recall"] == 0 and found["closure_precision"] == 0


def test_a_late_answer_shows_in_the_timing() -> None:
    spoken = utterance((0, 0.2, 0), (0.2, 0.5, AA), (0.5, 0.8, OH))
    late = np.roll(spoken.labels(80), 3)
    assert scores([(spoken, late)])["timing_error_ms"] == {"p50": 30, "p95": 30, "n": 2}


def test_no_figures_have_no_quantiles() -> None:
    assert quantiles([]) == {"p50": None, "p95": None, "n": 0}


def test_noise_is_as_loud_as_asked() -> None:
    tone = (8000 * np.sin(np.arange(32_000) / 7)).astype(np.int16)
    clean = Utterance(tone, ())
    noise = with_pink_noise(clean, 20).samples.astype(float) - tone
    assert 20 * np.log10(np.std(tone) / np.std(noise)) == pytest.approx(20, abs=0.2)


def test_every_phone_of_the_dictionary_has_a_viseme_and_every_viseme_a_group() -> None:
    assert len(VISEME_GROUPS) == len(VISEMES) == 15
    assert [viseme_of_phone(phone) for phone in ("P", "b", "AA1", "HH", "SIL", "+SPN+")] == [
        1,
        1,
        AA,
        -1,
        0,
        0,
    ]


def test_a_folder_without_recordings_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No recordings"):
        recorded(tmp_path)
    assert lipsync.main(["--data", str(tmp_path)]) == 2


def test_the_bench_prints_and_writes_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = recorded_speech()[0]
    second = Utterance(whole.samples[:16_000], tuple(part for part in whole.segments if part[1] <= 1))
    monkeypatch.setattr(lipsync, "recorded", lambda folder: [second])
    monkeypatch.setattr(lipsync, "flite_missing", lambda: True)
    path = tmp_path / "figures.json"
    assert lipsync.main(["--data", str(SHARED_SPEECH), "--json", str(path)]) == 0
    report = json.loads(path.read_text())
    name = SHARED_SPEECH.name
    assert set(report["sets"]) == {name, f"{name}_pink_20_db"}
    assert report["ours"] in report["sets"][name] and "pocketsphinx_allphone_120" in report["sets"][name]
    keys = {"viseme_accuracy", "group_accuracy", "closure_recall", "closure_precision"}
    for row in report["sets"][name].values():
        assert keys | {"timing_error_ms", "rtf", "lookahead_ms"} == set(row)
    assert "unseen" in " ".join(report["notes"])
    assert "acc15" in capsys.readouterr().out
