"""Which topic a transcript is about, although some of its words are wrong.

Every way of asking is a bag of weighted words; rare words ("kiosk") weigh more than common ones ("what"). The
score of a phrase is the balance (F1) of how much of it was heard and how much of what was heard it explains,
where a heard word counts for every word that sounds like it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avatardesk.agent.guide.knowledge import Knowledge
from avatardesk.agent.guide.phrases import expand
from avatardesk.agent.guide.sounds import likeness, sound_key
from avatardesk.agent.voice.spoken import number_words

THRESHOLD = 0.56
"""Below this score a transcript is taken as something the guide has no topic for."""
_LIKE_ENOUGH = 0.71
_SINGLE_COVERED = 0.7
_KEY_SCORE = 0.58
_KEY_WORDS = 5
_NAME_LIKENESS = 0.86
# What people put before a question, and what says nothing about it.
_OPENERS = re.compile(r"^(?:(?:so|and|okay|well|please|hey|hello|hi|um|uh) )+(?=\w+ \w+)")
_LEADS = re.compile(
    r"^(?:(?:so|and|okay|well|please|hey|hello|hi|um|uh) )*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:tell me|explain to me|mind telling me)"
    r"|i (?:would like|want) to know|i wonder|do you know|tell me|please tell me) (?=\w+ \w+ \w+)"
)
_WORD = re.compile(r"[a-z0-9']+")
_FILLERS = frozenset(["uh", "um", "er", "ah", "hm", "hmm", "please", "well", "so", "okay", "oh", "and"])
_SLOTS = {"{number}": "{number}", "{name}": "{name}"}
_CONTRACTIONS = {
    "what's": "what is", "who's": "who is", "how's": "how is", "where's": "where is", "that's": "that is",
    "it's": "it is", "i'm": "i am", "you're": "you are", "don't": "do not", "doesn't": "does not",
    "can't": "can not", "cannot": "can not", "didn't": "did not", "isn't": "is not", "i'd": "i would",
    "i'll": "i will", "let's": "let us", "we're": "we are", "goodbye": "good bye", "there's": "there is",
}  # fmt: skip
_NUMBER_WORDS = frozenset([*map(number_words, (*range(21), *range(30, 100, 10))), "hundred", "thousand"])


@dataclass(frozen=True)
class Match:
    """The best topic for a transcript."""

    topic_id: str
    score: float
    phrase: str


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, contractions spelled out, without punctuation."""
    lowered = text.lower().replace("’", "'")
    return [
        part
        for word in _WORD.findall(lowered)
        for part in _CONTRACTIONS.get(word.strip("'"), word.strip("'")).split()
        if part
    ]


class Matcher:
    """Finds the topic of a transcript among those of a Knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._misheard = {
            " ".join(words_of(alias)): " ".join(words_of(meant))
            for meant, aliases in knowledge.misheard.items()
            for alias in aliases
        }
        self._names = {
            " ".join(words_of(name)): tuple(" ".join(words_of(alias)) for alias in aliases)
            for name, aliases in knowledge.names.items()
        }
        phrases: dict[str, str] = {}
        for topic in knowledge.topics:
            for template in topic.templates:
                for sentence in expand(template):
                    phrases.setdefault(" ".join(self._prepared(sentence)), topic.id)
        phrases.pop("", None)
        self._phrases = list(phrases)
        self._topics = list(phrases.values())
        self._keys = {
            key: topic.id for topic in knowledge.topics for key in (" ".join(words_of(k)) for k in topic.keys)
        }
        bags = [phrase.split() for phrase in self._phrases]
        # Words count by the number of topics that use them, so that a topic with many phrases gains nothing.
        spread = Counter(
            word
            for word, _ in {
                (word, topic) for bag, topic in zip(bags, self._topics, strict=True) for word in bag
            }
        )
        total = len(set(self._topics))
        self._vocabulary = sorted(spread)
        column = {word: index for index, word in enumerate(self._vocabulary)}
        self._weight: NDArray[np.float64] = np.array(
            [0.25 + math.log((1 + total) / spread[word]) for word in self._vocabulary]
        )
        self._unknown_weight = float(np.median(self._weight))
        self._has: NDArray[np.float64] = np.zeros((len(bags), len(self._vocabulary)))
        for row, bag in enumerate(bags):
            for word in bag:
                self._has[row, column[word]] = 1.0
        self._phrase_weight = self._has @ self._weight
        self._single = np.array([len(bag) == 1 for bag in bags])
        self._column = column
        self.match = lru_cache(maxsize=512)(self._match)

    def _match(self, text: str) -> Match | None:
        """Return the best topic for a transcript, or None when nothing is near enough."""
        plain = " ".join(words_of(text))
        found = self._best(plain)
        for rest in {_LEADS.sub("", plain), _OPENERS.sub("", plain)} - {plain}:
            other = self._best(rest)
            if other is not None and (found is None or other.score > found.score):
                found = other
        return found

    def _best(self, text: str) -> Match | None:
        heard = [word for word in self._prepared(text) if word not in _FILLERS] or self._prepared(text)
        if not heard:
            return None
        # alike[h, v]: how well heard word h can stand for word v of the vocabulary
        alike = np.array([self._alike(word) for word in heard])
        heard_weight = np.array(
            [self._weight[self._column[w]] if w in self._column else self._unknown_weight for w in heard]
        )
        covered = (self._has * alike.max(axis=0)) @ self._weight / self._phrase_weight
        explained = np.stack([(self._has * row).max(axis=1) for row in alike], axis=1) @ heard_weight
        explained /= heard_weight.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(covered + explained > 0, 2 * covered * explained / (covered + explained), 0.0)
        # Any word sounds a little like some phrase of one word.
        score[self._single & (covered < _SINGLE_COVERED)] = 0.0
        best = int(np.argmax(score))
        found = Match(self._topics[best], float(score[best]), self._phrases[best])
        if found.score < THRESHOLD:
            # In a long sentence a single word says little about what it is about.
            key = self._key_in(heard) if len(heard) <= _KEY_WORDS else None
            return Match(self._keys[key], _KEY_SCORE, key) if key else None
        return found

    def _alike(self, word: str) -> NDArray[np.float64]:
        found = np.array([likeness(word, other) for other in self._vocabulary])
        found[found < _LIKE_ENOUGH] = 0.0
        # A word that is known itself was probably heard rightly; then others that sound like it count less.
        return np.where(found < 1.0, found**2 * (0.6 if word in self._column else 1.0), 1.0)

    def _key_in(self, heard: list[str]) -> str | None:
        text = f" {' '.join(heard)} "
        inside = [key for key in self._keys if f" {key} " in text]
        return max(inside, key=len) if inside else None

    def _prepared(self, text: str) -> list[str]:
        """Words with names put right and numbers as one slot."""
        slots = text.lower()
        for name in _SLOTS:
            slots = slots.replace(name, f" {name[1:-1]}slot ")
        words = words_of(slots)
        words = self._with_names(self._misheard.get(" ".join(words), " ".join(words)).split())
        prepared: list[str] = []
        for word in words:
            kept = "numberslot" if word in _NUMBER_WORDS or word.isdigit() else word
            if kept != "numberslot" or prepared[-1:] != ["numberslot"]:
                prepared.append(kept)
        return prepared

    def _with_names(self, words: list[str]) -> list[str]:
        text = f" {' '.join(words)} "
        for name, aliases in self._names.items():
            for alias in aliases:
                text = text.replace(f" {alias} ", f" {name} ")
        words = text.split()
        at = 0
        while at < len(words):
            for size in (4, 3, 2):
                window = words[at : at + size]
                if len(window) == size and (meant := self._sounds_like_name(window)):
                    words[at : at + size] = meant.split()
                    break
            at += 1
        return words

    def _sounds_like_name(self, window: list[str]) -> str | None:
        run = "".join(window)
        for name in self._names:
            if " ".join(window) == name:
                return None
            target = name.replace(" ", "")
            if sound_key(run)[:1] == sound_key(target)[:1] and likeness(run, target) >= _NAME_LIKENESS:
                return name
        return None
