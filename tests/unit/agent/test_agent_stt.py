from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import stt
from support.spoken_user import RATE, spoken_wav

from avatardesk.agent.guide import load_knowledge
from avatardesk.agent.guide.domain import spoken_questions
from avatardesk.agent.stt.language_model import build_arpa, weigh
from avatardesk.agent.stt.lexicon import Lexicon, phone_agreement
from avatardesk.agent.stt.pocketsphinx_stt import PocketSphinxSTT
from avatardesk.agent.stt.recognizer import Chooser, Domain, Recognizer

SPEECH = Path(__file__).resolve().parents[4] / "shared" / "speech"


@pytest.fixture(scope="module")
def domain() -> Domain:
    knowledge = load_knowledge()
    return Domain(weigh(spoken_questions(knowledge)), knowledge.pronunciations)


@pytest.fixture(scope="module")
def recognizer(domain: Domain) -> Iterator[Recognizer]:
    made = Recognizer(domain)
    yield made
    made.close()


def decode(recognizer: Recognizer, samples: np.ndarray) -> str:
    quiet = np.zeros(RATE // 4, np.int16)
    recognizer.start()
    pcm = np.concatenate([quiet, samples, quiet]).astype(np.int16).tobytes()
    for at in range(0, len(pcm), RATE // 5):
        recognizer.push(pcm[at : at + RATE // 5])
    return recognizer.finish().text


@pytest.mark.parametrize("voice", ["flite:slt", "flite:rms"])
async def test_questions_the_guide_knows_are_heard_word_for_word(recognizer: Recognizer, voice: str) -> None:
    for question in ("what is avatar desk", "how does your mouth move", "what is live kit"):
        assert decode(recognizer, await spoken_wav(question, voice)) == question


@pytest.mark.parametrize("gain", [0.1, 0.4, 1.0])
async def test_the_very_first_question_is_heard_softly_or_loudly_spoken(domain: Domain, gain: float) -> None:
    fresh = Recognizer(domain)
    try:
        assert decode(fresh, gain * await spoken_wav("What can you do?")) == "what can you do"
    finally:
        fresh.close()


async def test_other_speech_is_heard_with_the_general_model(recognizer: Recognizer) -> None:
    heard = decode(recognizer, await spoken_wav("my brother works at the hospital downtown", "flite:rms"))
    assert {"brother", "works", "hospital"} <= set(heard.split())


@pytest.mark.skipif(not SPEECH.is_dir(), reason="the recordings (../shared/speech) are not here")
def test_a_real_recording_gives_most_of_its_words(recognizer: Recognizer) -> None:
    for name, at_least in (("austen-0880", 0.5), ("austen-0890", 0.5)):
        with wave.open(str(SPEECH / f"{name}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        wanted = (SPEECH / f"{name}.txt").read_text().split()
        heard = decode(recognizer, samples).split()
        assert len(set(wanted) & set(heard)) / len(set(wanted)) >= at_least, (name, heard)


def test_silence_is_no_words(recognizer: Recognizer) -> None:
    assert decode(recognizer, np.zeros(RATE, np.int16)) == ""


def test_the_two_hypotheses_are_weighed_by_sound_and_by_familiarity(domain: Domain) -> None:
    chooser = Chooser(domain)
    assert chooser.choose("what is about her desk", "what is avatar desk").text == "what is avatar desk"
    salad = chooser.choose(
        "she sells flowers near the old church", "choose else why are is me are the old charge"
    )
    assert not salad.in_domain
    assert salad.text == "she sells flowers near the old church"
    assert chooser.choose("the bus is late", "").text == "the bus is late"
    assert chooser.choose("", "").confidence == 0.0


def test_phone_agreement_runs_from_nothing_to_all() -> None:
    lexicon = Lexicon()
    assert phone_agreement(lexicon.phones("desk"), lexicon.phones("desk")) == 1.0
    assert phone_agreement(lexicon.phones("bat"), lexicon.phones("pat")) > 0.8
    assert phone_agreement(lexicon.phones("desk"), lexicon.phones("banana")) < 0.3
    assert phone_agreement([], ["AA"]) == 0.0


def test_the_language_models_probabilities_sum_to_one() -> None:
    lines = build_arpa({"a b": 1.0, "a c": 2.0, "b": 0.5}).splitlines()
    first = lines.index("\\1-grams:")
    unigrams = [line.split() for line in lines[first + 1 : lines.index("", first)]]
    total = sum(10 ** float(parts[0]) for parts in unigrams if parts[1] != "<s>")
    assert total == pytest.approx(1.0, abs=0.01)
    assert lines[-1] == "\\end\\"
    with pytest.raises(ValueError, match="at least one word"):
        build_arpa({})


def frames(samples: np.ndarray, rate: int) -> Iterator[rtc.AudioFrame]:
    step = rate // 50
    for at in range(0, len(samples) - step + 1, step):
        yield rtc.AudioFrame(samples[at : at + step].astype(np.int16).tobytes(), rate, 1, step)


async def test_the_stream_reports_a_start_interim_words_and_final_ones(recognizer: Recognizer) -> None:
    ears = PocketSphinxSTT(recognizer)
    quiet = np.random.default_rng(1).normal(0, 4, RATE // 2)
    first = await spoken_wav("what is avatar desk", "flite:rms")
    second = await spoken_wav("what time is it", "flite:rms")
    audio = np.concatenate([quiet, first, quiet, quiet, second, quiet, quiet])
    events: list[stt.SpeechEvent] = []
    async with asyncio.timeout(60), ears.stream() as stream:
        for frame in frames(audio, RATE):
            stream.push_frame(frame)
            await asyncio.sleep(0)
        stream.end_input()
        events = [event async for event in stream]
    kinds = [event.type for event in events]
    assert kinds.count(stt.SpeechEventType.START_OF_SPEECH) == 2
    assert stt.SpeechEventType.PREFLIGHT_TRANSCRIPT in kinds
    finals = [e.alternatives[0].text for e in events if e.type == stt.SpeechEventType.FINAL_TRANSCRIPT]
    assert finals == ["what is avatar desk", "what time is it"]


async def test_a_knock_is_not_taken_for_words(recognizer: Recognizer) -> None:
    ears = PocketSphinxSTT(recognizer)
    rng = np.random.default_rng(2)
    knock = rng.normal(0, 9000, RATE // 5) * np.exp(-np.arange(RATE // 5) / 400)
    audio = np.concatenate([rng.normal(0, 4, RATE), knock, rng.normal(0, 4, RATE)])
    async with asyncio.timeout(60), ears.stream() as stream:
        for frame in frames(audio, RATE):
            stream.push_frame(frame)
        stream.end_input()
        texts = [event.alternatives[0].text async for event in stream if event.alternatives]
    assert "".join(texts) == ""


async def test_a_whole_buffer_of_another_rate_can_be_recognised(recognizer: Recognizer) -> None:
    samples = np.repeat(await spoken_wav("how does your mouth move", "flite:rms"), 3)
    event = await PocketSphinxSTT(recognizer).recognize(list(frames(samples, RATE * 3)))
    assert "mouth" in event.alternatives[0].text
