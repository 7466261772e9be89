from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from lipsync_sounds import in_pieces, murmur, spoken

from avatardesk.bench.lipsync_sets import pink_noise, speechless
from avatardesk.driving.lipsync import SAMPLE_RATES, VISEMES, LipSyncEngine
from avatardesk.driving.motion import ARKIT_52, MotionFrame

JAW = ARKIT_52.index("jawOpen")
PRESS = ARKIT_52.index("mouthPressLeft")
LIPS = [i for i, name in enumerate(ARKIT_52) if name.startswith(("jaw", "mouth", "tongue"))]
CLOSURE = VISEMES.index("PP")


def animate(samples: npt.NDArray[np.int16], rate: int = 16_000, size: int | None = None) -> list[MotionFrame]:
    engine = LipSyncEngine(rate)
    frames = [frame for piece in in_pieces(samples, size or len(samples)) for frame in engine.push(piece)]
    return frames + engine.finish()


def matrix(frames: list[MotionFrame]) -> npt.NDArray[np.float32]:
    return np.array([[*frame.weights, *(frame.head or (9, 9, 9))] for frame in frames], np.float32)


@pytest.mark.parametrize("rate", SAMPLE_RATES)
@pytest.mark.parametrize("milliseconds", [1, 19.5, 20, 20.5, 333, 500])
def test_there_is_one_frame_per_20_ms_begun(rate: int, milliseconds: float) -> None:
    samples = murmur(0.5, rate)[: int(rate * milliseconds / 1000)]
    assert len(animate(samples, rate, rate // 100)) == -(-len(samples) // (rate // 50))


def test_nothing_said_is_no_frame() -> None:
    assert LipSyncEngine(16_000).finish() == []


@pytest.mark.parametrize(
    ("rate", "size"), [(16_000, 1), (16_000, 333), (24_000, 480), (44_100, 1000), (48_000, 77)]
)
def test_frames_do_not_depend_on_how_the_sound_was_cut(rate: int, size: int) -> None:
    sound = murmur(0.2 if size == 1 else 1.2, rate)
    assert np.array_equal(matrix(animate(sound, rate, size)), matrix(animate(sound, rate)))


def test_all_rates_show_the_same_mouth() -> None:
    reference = matrix(animate(murmur(2.0)))
    for rate in (22_050, 24_000, 32_000, 44_100, 48_000):
        other = matrix(animate(murmur(2.0, rate), rate))
        assert np.abs(other - reference[: len(other)]).mean() < 0.01, rate


def test_a_long_push_returns_every_frame_that_can_be_known() -> None:
    engine = LipSyncEngine(16_000)
    assert len(engine.push(murmur(2.0))) == 100 - int(engine.lookahead_ms / 20) + 1


def test_in_real_time_no_frame_waits_longer_than_promised() -> None:
    engine = LipSyncEngine(48_000)
    sound = murmur(0.6, 48_000)
    seen = 0
    for index, piece in enumerate(in_pieces(sound, 480)):
        seen += len(engine.push(piece))
        heard_ms = 10 * (index + 1)
        assert seen == max(0, int(heard_ms - engine.lookahead_ms) // 20 + 1)
    assert engine.lookahead_ms <= 80


def test_a_finished_engine_begins_anew() -> None:
    engine = LipSyncEngine(16_000)
    sound = murmur(0.5)
    first = matrix(engine.push(sound) + engine.finish())
    assert np.array_equal(matrix(engine.push(sound) + engine.finish()), first)
    engine.push(sound)
    engine.reset()
    assert np.array_equal(matrix(engine.push(sound) + engine.finish()), first)


def test_weights_and_head_stay_in_their_ranges() -> None:
    frames = animate(np.concatenate([murmur(2.0), np.full(8000, 32767, np.int16), murmur(1.0)[::-1]]))
    weights = np.array([frame.weights for frame in frames])
    heads = np.array([frame.head for frame in frames])
    assert weights.min() >= 0 and weights.max() <= 1
    assert np.abs(heads).max() <= 0.1


@pytest.mark.parametrize("name", list(speechless(0.1)))
def test_without_speech_the_mouth_stays_closed(name: str) -> None:
    jaw = np.array([frame.weights[JAW] for frame in animate(speechless(4.0)[name])])
    # In its first quarter of a second a tone could be anybody's vowel.
    assert np.percentile(jaw[15:], 98) < 0.06


def test_in_digital_silence_nothing_moves_at_all() -> None:
    assert not matrix(animate(np.zeros(32_000, np.int16))).any()


def test_the_mouth_opens_for_speech_and_rests_a_quarter_of_a_second_after_it() -> None:
    speech = spoken("How are you today").samples
    frames = animate(np.concatenate([speech, np.zeros(16_000, np.int16)]))
    weights = np.array([frame.weights for frame in frames])
    assert weights[:, JAW].max() > 0.4
    # flite ends with some 200 ms of silence of its own.
    assert weights[len(speech) // 320 + 5 :, LIPS].max() < 0.02


def test_lips_close_for_every_p_b_and_m() -> None:
    speech = spoken("mama papa baba", "awb")
    frames = animate(speech.samples)
    closures = [(start, end) for start, end, viseme in speech.segments if viseme == CLOSURE]
    assert len(closures) == 6
    for start, end in closures:
        inside = frames[int(start * 50) : int(end * 50) + 1]
        assert min(frame.weights[JAW] for frame in inside) < 0.06, start
        assert max(frame.weights[PRESS] for frame in inside) > 0.4, start
    vowels = [start + end for start, end, viseme in speech.segments if viseme == VISEMES.index("aa")]
    assert sum(frames[int(middle * 25)].weights[JAW] > 0.25 for middle in vowels) >= 5


def test_the_mouth_is_neither_early_nor_late() -> None:
    speech = spoken("mama papa baba mama papa baba")
    frames = animate(speech.samples)
    jaw = np.array([frame.weights[JAW] for frame in frames])
    openness = np.zeros(2 * len(jaw))
    for start, end, viseme in speech.segments:
        openness[round(start * 100) : round(end * 100)] = viseme == VISEMES.index("aa")
    truth = openness.reshape(-1, 2).mean(axis=1)
    shifts = range(-6, 7)
    match = [np.corrcoef(np.roll(truth, shift)[8:-8], jaw[8:-8])[0, 1] for shift in shifts]
    assert abs(shifts[int(np.argmax(match))]) <= 1


def test_loud_speech_opens_the_mouth_wider_than_a_murmur() -> None:
    speech = spoken("My father bought a large car in March").samples
    loud, soft = (animate((speech * gain).astype(np.int16)) for gain in (1.0, 0.03))
    assert np.mean([f.weights[JAW] for f in loud]) > 1.05 * np.mean([f.weights[JAW] for f in soft])


def test_brows_and_head_move_with_speech_only() -> None:
    speech = spoken("Really? You want to go there again, on a Sunday afternoon?", "awb").samples
    frames = animate(np.concatenate([np.zeros(8000, np.int16), speech]))
    brow = np.array([frame.weights[ARKIT_52.index("browInnerUp")] for frame in frames])
    head = np.array([frame.head for frame in frames])
    assert not head[:22].any() and not brow[:22].any()
    assert np.ptp(head[25:, 0]) > 0.02
    assert brow[25:].max() > 0.05


def test_a_rate_that_nobody_sends_is_refused() -> None:
    with pytest.raises(ValueError, match="11025"):
        LipSyncEngine(11_025)


def test_pink_noise_under_a_pause_does_not_open_the_mouth() -> None:
    speech = spoken("The weather is fine today.").samples.astype(np.float64)
    pause = np.zeros(32_000)
    sound = np.concatenate([speech, pause])
    noise = pink_noise(len(sound), 9)
    sound = sound + noise / np.std(noise) * np.sqrt(np.mean(speech**2)) * 0.1
    frames = animate(sound.astype(np.int16))
    jaw = np.array([frame.weights[JAW] for frame in frames[len(speech) // 320 + 15 :]])
    assert np.percentile(jaw, 95) < 0.06
