"""The demo's microphone recording."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from avatardesk.demo.speech import RATE, SPEECH_PEAK, Utterance, compose, read_wav, to_rate, write_wav
from avatardesk.errors import InputError


def _write(file: Path, *, rate: int = 16000, channels: int = 1, width: int = 2, seconds: float = 0.5) -> Path:
    with wave.open(str(file), "wb") as sink:
        sink.setnchannels(channels)
        sink.setsampwidth(width)
        sink.setframerate(rate)
        tone = np.sin(np.arange(round(rate * seconds)) * 2 * np.pi * 440 / rate) * 3000
        frames = np.repeat(tone[:, None], channels, axis=1)
        kind = {1: "u1", 2: "<i2", 4: "<i4"}[width]
        sink.writeframes(frames.astype(kind).tobytes())
    return file


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2), (48000, 1)])
def test_a_recording_of_any_rate_becomes_mono_speech_at_the_capture_rate(
    tmp_path: Path, rate: int, channels: int
) -> None:
    samples = read_wav(_write(tmp_path / "a.wav", rate=rate, channels=channels))
    assert abs(len(samples) - RATE // 2) <= 2
    assert np.max(np.abs(samples)) == pytest.approx(SPEECH_PEAK * 32767, rel=0.02)
    crossings = np.count_nonzero(np.diff(np.signbit(samples.astype(int))))
    assert crossings == pytest.approx(2 * 440 * 0.5, abs=4)


def test_a_recording_that_is_missing_or_no_wav_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.wav"):
        read_wav(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(InputError, match=r"text\.wav"):
        read_wav(tmp_path / "text.wav")


def test_a_recording_with_another_sample_width_is_refused_with_its_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="32 bits"):
        read_wav(_write(tmp_path / "wide.wav", width=4))


def test_utterances_are_laid_out_one_after_the_other_with_their_pauses(tmp_path: Path) -> None:
    speech = np.full(RATE, 8000, dtype=np.int16)
    whole = compose([Utterance("a", speech, 2.0), Utterance("b", speech, 1.0)], lead=0.5)
    assert len(whole) == round(5.5 * RATE)
    loud = np.abs(whole.astype(int)) > 4000
    starts = np.flatnonzero(np.diff(loud.astype(int)) == 1) + 1
    assert [round(int(start) / RATE, 3) for start in starts] == [0.5, 3.5]
    write_wav(tmp_path / "out.wav", whole)
    with wave.open(str(tmp_path / "out.wav")) as written:
        assert (written.getframerate(), written.getnframes()) == (RATE, len(whole))


def test_silence_in_speech_stays_silence_when_levelled() -> None:
    assert np.max(np.abs(to_rate(np.zeros(1600, dtype=np.float32), 16000))) == 0
