from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from lipsync_sounds import in_pieces, murmur, recorded_speech, spoken

from avatardesk.bench.lipsync_scores import scores
from avatardesk.bench.lipsync_sets import Utterance, pink_noise, speechless, with_pink_noise
from avatardesk.driving.lipsync import VisemeRecognizer

Rows = npt.NDArray[np.float32]


def recognise(samples: npt.NDArray[np.int16], size: int | None = None) -> Rows:
    recognizer = VisemeRecognizer()
    rows = [recognizer.push(piece) for piece in in_pieces(samples, size or len(samples))]
    return np.concatenate([*rows, recognizer.finish()])


def score(utterances: list[Utterance]) -> dict[str, float]:
    return scores([(one, recognise(one.samples).argmax(axis=1)) for one in utterances])


@pytest.mark.parametrize("size", [1, 159, 160, 320, 1000, 7777])
def test_rows_do_not_depend_on_how_the_sound_was_cut(size: int) -> None:
    sound = murmur(0.3 if size == 1 else 1.5)
    assert np.array_equal(recognise(sound, size), recognise(sound))


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 410, 5000, 16_000])
def test_there_is_one_row_per_10_ms_begun(samples: int) -> None:
    rows = recognise(murmur(1.0)[:samples], 320)
    assert rows.shape == (-(-samples // 160), 15)


def test_rows_are_probabilities() -> None:
    rows = recognise(murmur(2.0))
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-4)
    assert (rows >= 0).all()


def test_a_row_needs_no_more_future_than_promised() -> None:
    sound = murmur(1.0)
    whole = recognise(sound)
    recognizer = VisemeRecognizer()
    seen = 0
    for end in range(16, len(sound), 16):
        seen += len(recognizer.push(sound[end - 16 : end]))
        # Every row whose look-ahead has been heard is there (1 ms pieces).
        promised = int((end / 16 - recognizer.lookahead_ms) // 10) + 1
        assert seen >= min(promised, len(whole))


def test_a_finished_recognizer_begins_anew() -> None:
    sound = murmur(0.7)
    recognizer = VisemeRecognizer()
    first = np.concatenate([recognizer.push(sound), recognizer.finish()])
    assert np.array_equal(np.concatenate([recognizer.push(sound), recognizer.finish()]), first)
    recognizer.push(sound)
    recognizer.reset()
    assert np.array_equal(np.concatenate([recognizer.push(sound), recognizer.finish()]), first)


def test_two_recognizers_do_not_disturb_each_other() -> None:
    sound = murmur(0.5)
    alone = recognise(sound)
    one, other = VisemeRecognizer(), VisemeRecognizer()
    rows = []
    for piece in in_pieces(sound, 320):
        rows.append(one.push(piece))
        other.push(piece[::-1].copy())
    assert np.array_equal(np.concatenate([*rows, one.finish()]), alone)


@pytest.mark.parametrize("name", list(speechless(0.1)))
def test_sounds_without_speech_are_silence(name: str) -> None:
    # In its first quarter of a second a tone could be anybody's vowel.
    rows = recognise(speechless(4.0)[name])[25:]
    assert (rows.argmax(axis=1) == 0).mean() >= 0.98


def test_noise_after_speech_is_silence() -> None:
    speech = spoken("The weather is fine today.").samples
    noise = pink_noise(48_000, 5)
    noise = (noise / np.std(noise) * 1000).astype(np.int16)
    rows = recognise(np.concatenate([speech, noise]))[len(speech) // 160 + 10 :]
    assert (rows.argmax(axis=1) == 0).mean() >= 0.95


def test_recorded_speech_is_read_right_three_times_in_four() -> None:
    found = score(recorded_speech())
    assert found["viseme_accuracy"] >= 0.72
    assert found["group_accuracy"] >= 0.77
    assert found["closure_recall"] >= 0.75


def test_recorded_speech_is_read_in_noise_too() -> None:
    found = score([with_pink_noise(one, 20) for one in recorded_speech()])
    assert found["viseme_accuracy"] >= 0.66


def test_a_voice_never_heard_before_is_read() -> None:
    texts = (
        "Please put the big blue box above the paper bag.",
        "She sells smooth stones beside the harbour.",
    )
    found = score([spoken(text, "awb") for text in texts])
    assert found["viseme_accuracy"] >= 0.70
    assert found["closure_recall"] >= 0.85
