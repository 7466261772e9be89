"""Sounds for the lip-sync's tests: a buzz that changes like speech, and real speech where there is any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from avatardesk.bench.lipsync_sets import Utterance, flite, flite_missing, recorded

RATE = 16_000
SHARED_SPEECH = Path(__file__).resolve().parents[4] / "shared" / "speech"


def murmur(seconds: float, rate: int = RATE) -> npt.NDArray[np.int16]:
    """Return pulses through moving resonances, in syllables with hisses between: lively, but no words."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 110 + 15 * np.sin(2 * np.pi * 0.7 * time)
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0.0)
    sound = np.zeros_like(time)
    for centre, swing, pace in ((500, 250, 2.1), (1500, 600, 1.3), (2600, 300, 0.9)):
        kernel_time = np.arange(int(0.02 * RATE)) / RATE
        for part in range(0, len(time), 800):
            hz = centre + swing * np.sin(2 * np.pi * pace * part / RATE)
            kernel = np.exp(-kernel_time * 400) * np.sin(2 * np.pi * hz * kernel_time)
            sound[part : part + 800] += np.convolve(pulses, kernel)[part : part + 800]
    hiss = np.random.default_rng(3).normal(0, 0.15, len(time)) * (np.sin(2 * np.pi * 2.7 * time) > 0.8)
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * time) + 0.5, 0, 1)
    samples = (6000 * (sound * syllables + hiss)).clip(-32768, 32767).astype(np.int16)
    return samples if rate == RATE else soxr.resample(samples, RATE, rate)


def recorded_speech() -> list[Utterance]:
    """Return the recordings beside the project; skip the test when they are not there."""
    if not SHARED_SPEECH.is_dir():
        pytest.skip(f"needs recorded speech in {SHARED_SPEECH}")
    return recorded(SHARED_SPEECH)


def spoken(text: str, voice: str = "slt") -> Utterance:
    """Return `text` spoken by flite; skip the test when it is not installed."""
    if flite_missing():
        pytest.skip("needs the program flite")
    return flite(text, voice)


def in_pieces(samples: npt.NDArray[np.int16], size: int) -> list[npt.NDArray[np.int16]]:
    """Cut samples into pieces of `size`."""
    return [samples[start : start + size] for start in range(0, len(samples), size)]
