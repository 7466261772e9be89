"""What a speech recogniser should expect to hear: the guide's own questions, spelled as they are spoken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from avatardesk.agent.guide.knowledge import Knowledge
from avatardesk.agent.guide.phrases import expand
from avatardesk.agent.voice.spoken import number_words

_NUMBERS = [*map(number_words, (*range(1, 21), *range(30, 100, 10))), "hundred"]
_FIRST_NAMES = [
    "james",
    "john",
    "robert",
    "michael",
    "david",
    "william",
    "richard",
    "thomas",
    "mark",
    "george",
    "paul",
    "steven",
    "peter",
    "simon",
    "daniel",
    "martin",
    "mary",
    "anna",
    "susan",
    "linda",
    "sarah",
    "karen",
    "nancy",
    "lisa",
    "emma",
    "laura",
    "julia",
    "maria",
    "clara",
    "alice",
    "sophie",
    "kate",
    "jane",
    "lucy",
    "helen",
    "max",
    "ben",
    "sam",
    "tom",
    "bob",
    "jack",
    "alex",
    "chris",
    "anton",
    "oliver",
    "leo",
    "eva",
    "nina",
    "sandra",
    "andrew",
    "frank",
    "henry",
]
_LEADS = (
    "",
    "please",
    "so",
    "okay",
    "and",
    "can you tell me",
    "could you tell me",
    "i would like to know",
    "hello",
)


def spoken_questions(knowledge: Knowledge) -> Iterator[list[str]]:
    """Yield, for each way to ask, the sentences it stands for, with sample numbers and names in the slots."""
    numbers = itertools.cycle(_NUMBERS)
    names = itertools.cycle(_FIRST_NAMES)
    for topic in knowledge.topics:
        for template in topic.templates:
            sentences: list[str] = []
            for sentence in expand(template):
                if "{number}" in sentence:
                    sentences += [_filled(sentence, "{number}", numbers) for _ in range(12)]
                elif "{name}" in sentence:
                    sentences += [_filled(sentence, "{name}", names) for _ in _FIRST_NAMES]
                else:
                    sentences.append(sentence)
            yield sentences
    for lead in _LEADS[1:]:
        yield [f"{lead} what is avatar desk", f"{lead} how does it work", lead]


def _filled(sentence: str, slot: str, values: Iterator[str]) -> str:
    while slot in sentence:
        sentence = sentence.replace(slot, next(values), 1)
    return sentence
