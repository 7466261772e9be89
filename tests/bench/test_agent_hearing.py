"""How well the agent hears; prints the table of docs/agent.md:

pytest -s -m bench tests/bench/test_agent_hearing.py

The recogniser's thresholds were tuned on these sentences and voices: for others expect worse figures.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from support.spoken_user import RATE, spoken_wav

from avatardesk.agent.guide import Guide, load_knowledge
from avatardesk.agent.guide.domain import spoken_questions
from avatardesk.agent.stt.language_model import weigh
from avatardesk.agent.stt.recognizer import Domain, Recognizer, Transcript

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.timeout(600)]

QUESTIONS = {
    "what is avatar desk": "what",
    "so tell me what this program is": "what",
    "how do you actually work": "how",
    "what exactly does avatar desk do": "what",
    "could you explain how it all works": "how",
    "how can your lips move like that": "lipsync",
    "how do you make your mouth move": "lipsync",
    "is my voice recorded somewhere": "privacy",
    "do you keep what i say": "privacy",
    "is anybody listening to me": "privacy",
    "do you need an internet connection": "offline",
    "does this work without the internet": "offline",
    "are you connected to the internet": "offline",
    "what is live kit": "livekit",
    "tell me about live kit": "livekit",
    "what is spatial real": "spatialreal",
    "can i use my own avatar": "avatars",
    "how can i change the avatar": "avatars",
    "can you hear me": "microphone",
    "my microphone is not working": "microphone",
    "what is kiosk mode": "kiosk",
    "is it open source": "open_source",
    "can we use this in a museum": "kiosk",
    "how much does this cost": "open_source",
    "who are you": "who",
    "how do i connect a language model": "connect_model",
    "can you use a bigger model": "connect_model",
    "what is your name": "who",
    "are you a real person": "robot",
    "who made you": "maker",
    "what can i ask you": "help",
    "what can you talk about": "help",
    "tell me a joke please": "joke",
    "what time is it now": "time",
    "could you tell me the time": "time",
    "what day is it today": "date",
    "what is the weather like in london": "weather",
    "will it rain tomorrow": "weather",
    "what is seven times eight": "sum",
    "how much is twenty plus five": "sum",
    "hello there": "hello",
    "good morning": "hello",
    "how are you today": "how_are_you",
    "thank you so much": "thanks",
    "why do you sound like a robot": "voice",
    "where are the settings": "settings",
    "my name is clara": "my_name",
    "can i interrupt you": "interrupt",
}
OTHER = (
    "my sister bought a green bicycle yesterday", "the train to the city leaves at half past nine",
    "she sells flowers near the old church", "we should paint the kitchen before winter",
    "the dog chased a rabbit across the field", "i would rather eat soup than bread",
    "he forgot his umbrella on the bus", "could you bring me a cup of coffee",
    "my brother works at the hospital downtown", "the children are playing football in the park",
    "i think the movie was too long", "turn left at the second traffic light",
)  # fmt: skip


def word_errors(wanted: str, heard: str) -> int:
    words = heard.split()
    row = list(range(len(words) + 1))
    for number, word in enumerate(wanted.split(), start=1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(words, start=1):
            change = diagonal + (word != other)
            diagonal, row[column] = row[column], min(change, row[column] + 1, row[column - 1] + 1)
    return row[-1]


async def hear(recognizer: Recognizer, sentence: str, voice: str) -> tuple[Transcript, float]:
    quiet = np.random.default_rng(0).normal(0, 16, RATE // 4)
    # After 0.12 s of a pause the agent decodes no further.
    end = quiet[: RATE // 8]
    pcm = np.concatenate([quiet, await spoken_wav(sentence, voice), end]).astype(np.int16).tobytes()
    recognizer.start()
    for at in range(0, len(pcm), RATE // 5):
        recognizer.push(pcm[at : at + RATE // 5])
    started = time.perf_counter()
    return recognizer.finish(), time.perf_counter() - started


@pytest.mark.parametrize("voice", ["flite:slt", "flite:rms", "flite:awb", "espeak-ng"])
async def test_word_errors_and_topics(voice: str) -> None:
    knowledge, guide = load_knowledge(), Guide()
    recognizer = Recognizer(Domain(weigh(spoken_questions(knowledge)), knowledge.pronunciations))
    errors = {"both": 0, "general": 0, "domain": 0}
    right, waits = 0, []
    for question, topic in QUESTIONS.items():
        heard, wait = await hear(recognizer, question, voice)
        waits.append(wait * 1000)
        for name, text in (("both", heard.text), ("general", heard.general), ("domain", heard.domain)):
            errors[name] += word_errors(question, text)
        right += guide.reply(["hello", heard.text]).topic_id == topic
    words = sum(len(question.split()) for question in QUESTIONS)
    others = [(sentence, (await hear(recognizer, sentence, voice))[0]) for sentence in OTHER]
    recognizer.close()
    other_errors = sum(word_errors(sentence, heard.text) for sentence, heard in others)
    other_words = sum(len(sentence.split()) for sentence in OTHER)
    shares = " / ".join(f"{100 * count / words:.1f}" for count in errors.values())
    print(
        f"\n{voice}: word errors {shares} % (both / general / domain), topic {right} of {len(QUESTIONS)}; "
        f"other speech {100 * other_errors / other_words:.1f} %, "
        f"{sum(heard.in_domain for _, heard in others)} of {len(OTHER)} taken for questions; "
        f"final words after {np.percentile(waits, 50):.0f} ms (p95 {np.percentile(waits, 95):.0f})"
    )
    assert errors["both"] < words, "nothing at all was heard"
