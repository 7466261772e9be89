from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from avatardesk.errors import InputError
from avatardesk.session.wav import read_wav, service_rate

RATE = 16000


def wav(
    data: bytes, *, code: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16, extra: bytes = b""
) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * block, block, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def saved(tmp_path: Path, data: bytes) -> Path:
    file = tmp_path / "voice.wav"
    file.write_bytes(data)
    return file


def tone(rate: int = RATE, seconds: float = 0.25) -> np.ndarray:
    return (np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate) * 0.5).astype(np.float32)


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32767


def packed24(wave: np.ndarray) -> bytes:
    whole = (wave * (2**23 - 1)).astype("<i4")
    return b"".join(int(value).to_bytes(4, "little", signed=True)[:3] for value in whole)


@pytest.mark.parametrize(
    ("kind", "code", "bits"),
    [("u8", 1, 8), ("i2", 1, 16), ("24", 1, 24), ("i4", 1, 32), ("f4", 3, 32), ("f8", 3, 64)],
)
def test_every_plain_kind_of_sample_is_read(tmp_path: Path, kind: str, code: int, bits: int) -> None:
    wave = tone()
    data = {
        "u8": ((wave * 127) + 128).astype(np.uint8).tobytes(),
        "i2": (wave * 32767).astype("<i2").tobytes(),
        "24": packed24(wave),
        "i4": (wave.astype(np.float64) * (2**31 - 1)).astype("<i4").tobytes(),
        "f4": wave.astype("<f4").tobytes(),
        "f8": wave.astype("<f8").tobytes(),
    }[kind]
    found = read_wav(saved(tmp_path, wav(data, code=code, bits=bits)))
    assert found.sample_rate == RATE
    assert np.abs(samples(found.pcm) - wave).max() < 0.02


def test_the_extensible_format_is_read(tmp_path: Path) -> None:
    wave = tone()
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    extra = struct.pack("<HHI", 22, 16, 4) + guid
    found = read_wav(saved(tmp_path, wav((wave * 32767).astype("<i2").tobytes(), code=0xFFFE, extra=extra)))
    assert np.abs(samples(found.pcm) - wave).max() < 0.01


def test_channels_are_mixed(tmp_path: Path) -> None:
    wave = tone()
    both = np.stack([wave, np.zeros_like(wave)], axis=1)
    found = read_wav(saved(tmp_path, wav((both * 32767).astype("<i2").tobytes(), channels=2)))
    assert np.abs(samples(found.pcm) - wave / 2).max() < 0.01


@pytest.mark.parametrize(("rate", "wanted"), [(11025, 16000), (44100, 44100), (96000, 48000), (8000, 8000)])
def test_a_rate_the_service_does_not_take_is_resampled(tmp_path: Path, rate: int, wanted: int) -> None:
    data = (tone(rate, 0.5) * 32767).astype("<i2").tobytes()
    found = read_wav(saved(tmp_path, wav(data, rate=rate)))
    assert service_rate(rate) == found.sample_rate == wanted
    assert found.seconds == pytest.approx(0.5, abs=0.01)
    assert np.abs(samples(found.pcm)).max() == pytest.approx(0.5, abs=0.05)


def test_a_recording_that_was_cut_off_keeps_what_is_there(tmp_path: Path) -> None:
    data = wav((tone() * 32767).astype("<i2").tobytes())
    found = read_wav(saved(tmp_path, data[:-1001]))
    assert 0.2 < found.seconds < 0.25


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a WAV file"),
        (b"ID3\x04" + b"\0" * 60, "is not a WAV file"),
        (wav(b"\0" * 100, code=2, bits=4), "compressed or of an unusual kind"),
        (wav(b"\0" * 100, code=0x55, bits=16), "compressed or of an unusual kind"),
        (wav(b"\0" * 100, bits=12), "compressed or of an unusual kind"),
        (wav(b"\0" * 100, channels=0), "0 channels"),
        (wav(b"\0" * 100, rate=0), "sample rate of 0 Hz"),
        (wav(b""), "holds no sound"),
        (wav(b"\0" * 100)[:30], "damaged format"),
        (wav(b"\0" * 100)[:40], "holds no sound"),
        (wav(b"\0\0" * 4000 * 601, rate=4000), "longer than 10 minutes"),
        (wav(np.array([np.nan], "<f4").tobytes(), code=3, bits=32), "no numbers"),
    ],
)
def test_what_is_no_speech_is_refused_with_the_reason(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_wav(saved(tmp_path, data))
    assert words in caught.value.message
    assert caught.value.field == "wav"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_wav(tmp_path / "none.wav")
