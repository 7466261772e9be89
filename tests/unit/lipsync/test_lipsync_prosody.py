from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from avatardesk.driving.lipsync.prosody import Prosody, ProsodyTracker


def voice(hz: float, seconds: float, level: float = 6000) -> npt.NDArray[np.float32]:
    time = np.arange(int(16_000 * seconds)) / 16_000
    harmonics = sum(np.sin(2 * np.pi * hz * h * time) / h for h in range(1, 9))
    return (level * harmonics / 2).astype(np.float32)


def hear(tracker: ProsodyTracker, sound: npt.NDArray[np.float32]) -> list[Prosody]:
    return [tracker.process(block) for block in sound.reshape(-1, 320)]


@pytest.mark.parametrize("hz", [85, 110, 150, 220, 260])
def test_a_voice_that_rises_a_fifth_is_seven_semitones_above_its_usual_pitch(hz: float) -> None:
    tracker = ProsodyTracker()
    hear(tracker, voice(hz, 2.0))
    assert hear(tracker, voice(hz * 2 ** (7 / 12), 0.1))[-1].pitch == pytest.approx(7, abs=0.8)


def test_a_hiss_has_no_pitch() -> None:
    tracker = ProsodyTracker()
    hiss = np.random.default_rng(0).normal(0, 3000, 16_000).astype(np.float32)
    assert np.mean([block.pitch == 0 for block in hear(tracker, hiss)]) > 0.95


def test_loudness_is_measured_against_the_voice_itself() -> None:
    for level in (8000, 800):
        tracker = ProsodyTracker()
        loud = hear(tracker, voice(120, 30.0, level))[-1]
        soft = hear(tracker, voice(120, 0.2, level / 4))[-1]
        assert loud.loudness > 0.9
        assert 0.1 < soft.loudness < 0.4


def test_a_stop_consonant_is_no_silence_but_a_pause_is() -> None:
    tracker = ProsodyTracker()
    assert not tracker.process(np.zeros(320, np.float32)).audible
    hear(tracker, voice(120, 0.5))
    assert all(block.audible for block in hear(tracker, np.zeros(320 * 7, np.float32)))
    assert not hear(tracker, np.zeros(320 * 5, np.float32))[-1].audible


def test_a_reset_tracker_knows_no_voice() -> None:
    tracker = ProsodyTracker()
    first = hear(tracker, voice(200, 0.5))
    tracker.reset()
    assert hear(tracker, voice(200, 0.5)) == first
