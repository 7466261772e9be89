from __future__ import annotations

import asyncio
import shutil
import stat
import struct
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from avatardesk.agent.voice import OfflineVoice, SentenceSplitter, split_sentences, spoken
from avatardesk.agent.voice.engines import EspeakEngine
from avatardesk.agent.voice.process import run_program, wav_samples
from avatardesk.agent.voice.silence import pause_after, trim_silence
from avatardesk.errors import AgentError, InputError, PlatformError

ENGINES = ["flite", "espeak-ng"]


def voice(name: str) -> OfflineVoice:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return OfflineVoice.find(name)


async def samples_of(found: OfflineVoice, text: str) -> np.ndarray:
    return np.frombuffer(b"".join([chunk async for chunk in found.synthesize(text)]), np.int16)


@pytest.mark.parametrize("name", ENGINES)
async def test_a_sentence_is_spoken_at_a_natural_pace_and_level(name: str) -> None:
    found = voice(name)
    samples = await samples_of(found, "Hello, I am the guide of this program.")
    assert 1.2 < len(samples) / found.sample_rate < 5.0
    assert np.abs(samples.astype(int)).max() > 3000


@pytest.mark.parametrize("name", ENGINES)
async def test_chunks_are_short_and_whole_samples(name: str) -> None:
    found = voice(name)
    chunks = [chunk async for chunk in found.synthesize("One. Two.")]
    assert len(chunks) > 5
    assert all(len(chunk) % 2 == 0 and len(chunk) <= found.sample_rate // 10 * 2 for chunk in chunks)


@pytest.mark.parametrize("name", ENGINES)
async def test_text_is_never_taken_as_an_option_or_a_command(name: str, tmp_path: Path) -> None:
    found = voice(name)
    trap = tmp_path / "made"
    for text in (f"-o {trap}", f"--help; touch {trap}", f"$(touch {trap}) `touch {trap}`"):
        assert len(await samples_of(found, text)) > 0
    assert not trap.exists()


def edges(samples: np.ndarray, rate: int) -> tuple[float, float]:
    """Return the seconds before the first and after the last 5 ms that are within 40 dB of the loudest."""
    window = rate // 200
    levels = np.sqrt(np.mean(samples[: len(samples) // window * window].reshape(-1, window) ** 2.0, axis=1))
    loud = np.flatnonzero(levels > levels.max() / 100)
    return float(loud[0]) / 200, (len(levels) - 1 - float(loud[-1])) / 200


@pytest.mark.parametrize("name", ["flite:slt", "flite:rms", "espeak-ng"])
async def test_speech_begins_at_once_and_ends_with_its_last_sound(name: str) -> None:
    voice(name.partition(":")[0])
    found = OfflineVoice.find(name)
    for text in ("Yes.", "Hello there.", "Fifty six.", "She is here."):
        before, after = edges(await samples_of(found, text), found.sample_rate)
        assert before <= 0.03, (text, before)
        assert after <= 0.04, (text, after)


@pytest.mark.parametrize("name", ENGINES)
async def test_between_sentences_there_is_a_short_pause(name: str) -> None:
    found = voice(name)
    first, second = [await samples_of(found, text) for text in ("Yes.", "No.")]
    both = await samples_of(found, "Yes. No.")
    added = (len(both) - len(first) - len(second)) / found.sample_rate
    assert np.array_equal(both[: len(first)], first)
    assert np.array_equal(both[-len(second) :], second)
    # With what trimming left on either side this makes 0.2 s.
    assert added == pytest.approx(0.15, abs=0.001)


def test_a_soft_beginning_is_kept_and_silence_alone_is_nothing() -> None:
    rate = 16000
    hiss = np.random.default_rng(1).normal(0, 20, rate // 5)
    breath = np.random.default_rng(2).normal(0, 150, rate // 10)
    tone = 8000 * np.sin(np.arange(rate // 2) / 10)
    speech = np.concatenate([hiss, breath, tone, hiss]).astype("<i2")
    left = np.frombuffer(trim_silence(speech.tobytes(), rate), "<i2")
    assert len(left) / rate == pytest.approx(0.02 + 0.1 + 0.5 + 0.03, abs=0.006)
    assert trim_silence(bytes(rate), rate) == b""
    assert trim_silence(b"", rate) == b""


def test_a_clause_is_followed_by_a_shorter_pause_than_a_sentence() -> None:
    rests = {text: len(pause_after(text, 1000)) // 2 for text in ("One,", "One", "One.", 'One!"', "One? ")}
    assert rests == {"One,": 60, "One": 60, "One.": 150, 'One!"': 150, "One? ": 150}


class CountingEngine:
    """An engine that says a click for every sentence and counts how often it was asked."""

    name, sample_rate = "clicks", 16000

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def speak(self, sentence: str) -> bytes:
        self.asked.append(sentence)
        return np.full(160, 1000, "<i2").tobytes()


async def test_a_sentence_said_lately_is_not_synthesised_again() -> None:
    engine = CountingEngine()
    found = OfflineVoice(engine)
    once = await samples_of(found, "One. Two.")
    assert np.array_equal(await samples_of(found, "One. Two."), once)
    assert engine.asked == ["One.", "Two."]
    for number in range(60):
        await samples_of(found, f"Number {number}.")
    await samples_of(found, "One.")
    assert engine.asked[-1] == "One."


async def test_nothing_to_say_is_silence_and_no_error() -> None:
    assert len(await samples_of(voice("flite"), " ... !? 🙂 ")) == 0


def wait_for_pid(file: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        time.sleep(0.01)
    raise AssertionError("the program never ran")


async def test_leaving_in_the_middle_kills_the_synthesiser(tmp_path: Path) -> None:
    program, mark = tmp_path / "slow", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {mark}\nexec sleep 60\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    speaking = asyncio.create_task(samples_of(OfflineVoice(EspeakEngine(str(program))), "Hello."))
    pid = await asyncio.to_thread(wait_for_pid, mark)
    speaking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await speaking
    assert not psutil.pid_exists(pid)


async def test_a_failing_or_hanging_program_is_an_error_that_names_it() -> None:
    with pytest.raises(AgentError, match=r"false failed \(1\)"):
        await run_program([shutil.which("false") or "/bin/false"])
    with pytest.raises(AgentError, match="did not answer"):
        await run_program([shutil.which("sleep") or "/bin/sleep", "30"], limit_s=0.1)


def test_an_unknown_or_missing_voice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlatformError, match="no voice engine called 'parrot'"):
        OfflineVoice.find("parrot")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PlatformError) as missing:
        OfflineVoice.find()
    assert "apt-get install flite" in missing.value.hint
    with pytest.raises(PlatformError, match="flite is not installed"):
        OfflineVoice.find("flite:rms")


def test_flite_is_preferred_and_a_voice_can_be_named() -> None:
    voice("flite")
    assert OfflineVoice.find().name == "flite:slt"
    assert OfflineVoice.find("flite:rms").name == "flite:rms"


def test_sentences_come_as_soon_as_they_are_certain() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("Dr. Smith paid 3.5 dollars. The") == ["Dr. Smith paid 3.5 dollars."]
    assert splitter.push(" end") == []
    assert splitter.flush() == ["The end"]
    assert splitter.flush() == []


def test_a_long_first_sentence_starts_with_a_clause() -> None:
    text = "When somebody asks a question, the voice agent finds an answer and speaks it at once. Good."
    assert split_sentences(text) == [
        "When somebody asks a question,",
        "the voice agent finds an answer and speaks it at once.",
        "Good.",
    ]


def test_split_and_streamed_text_lose_nothing() -> None:
    text = "One, two! Three? Four: five; six... seven (eight). Nine"
    splitter = SentenceSplitter()
    streamed = [piece for letter in text for piece in splitter.push(letter)] + splitter.flush()
    assert " ".join(streamed) == text
    assert " ".join(split_sentences(text)) == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("AvatarDesk uses LiveKit.", "avatar desk uses live kit."),
        ("It's 18:05, 50% of 1,200.", "It's eighteen oh five, fifty percent of one thousand two hundred."),
        ("See https://example.com/x?y=1 now", "See a link now"),
        ("**Bold** and `code` 🙂", "Bold and code"),
        ("-3.25 + 2 = -1.25", "minus three point two five plus two equals minus one point two five"),
        ("R2D2 and GPT4", "R2D2 and GPT4"),
        ("a\x00b\x1b[31m", "a b 31m"),
    ],
)
def test_text_is_read_as_people_read_it(written: str, said: str) -> None:
    assert spoken(written) == said


def wav(data: bytes, *, size: int | None = None, channels: int = 1, bits: int = 16) -> bytes:
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, 16000, 32000, 2, bits)
    body = head + struct.pack("<4sI", b"data", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def test_a_streamed_wav_without_a_length_is_read_to_its_end() -> None:
    assert wav_samples(wav(b"\1\0\2\0", size=0xFFFFFFFF)) == (16000, b"\1\0\2\0")
    assert wav_samples(wav(b"\1\0\2\0\3", size=4)) == (16000, b"\1\0\2\0")


@pytest.mark.parametrize("data", [b"", b"RIFF1234WAVE", wav(b"1234", channels=2), wav(b"1234", bits=8)])
def test_what_is_no_mono_16_bit_wav_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        wav_samples(data)
