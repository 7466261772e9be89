"""Pronunciations: CMUdict (it comes with PocketSphinx) plus a domain's own, and how alike phones sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pocketsphinx

_VOWELS = frozenset(
    ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]
)
_CLASSES = ("P B", "T D", "K G", "F V TH DH", "S Z SH ZH", "CH JH SH ZH", "M N NG", "L R ER W", "Y IY IH")
_NEAR = {(a, b): 0.4 for group in _CLASSES for a in group.split() for b in group.split() if a != b}


@cache
def base_lexicon() -> Mapping[str, tuple[str, ...]]:
    """Return word -> pronunciations (space-separated ARPAbet) of the dictionary that PocketSphinx brings."""
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        found.setdefault(word.partition("(")[0], []).append(phones.strip())
    return {word: tuple(phones) for word, phones in found.items()}


class Lexicon:
    """The base dictionary with a domain's additions."""

    def __init__(self, extra: Mapping[str, Sequence[str]] | None = None) -> None:
        self._extra = {word: tuple(phones) for word, phones in (extra or {}).items()}

    def pronunciations(self, word: str) -> tuple[str, ...]:
        """Return the ways to say a word, or () for an unknown one; the domain's replace the base's."""
        return self._extra.get(word) or base_lexicon().get(word, ())

    def phones(self, text: str) -> list[str]:
        """Return the phones of a text, first pronunciation of each word; unknown words are left out."""
        found: list[str] = []
        for word in text.split():
            said = self.pronunciations(word)
            if said:
                found += said[0].split()
        return found

    def write_dictionary(self, path: Path, words: Iterable[str]) -> list[str]:
        """Write a PocketSphinx dictionary of `words` and return those that have no pronunciation."""
        lines, missing = [], []
        for word in sorted(set(words)):
            said = self.pronunciations(word)
            if not said:
                missing.append(word)
            lines += [f"{word}{f'({n})' if n > 1 else ''} {phones}" for n, phones in enumerate(said, start=1)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return missing


def phone_agreement(a: Sequence[str], b: Sequence[str]) -> float:
    """Return how well two phone strings agree: 1 for equal ones, 0 for nothing in common.

    One minus the edit distance over the longer length; near phones (P and B, two vowels) cost less.
    """
    if not a or not b:
        return 0.0
    previous = [float(index) for index in range(len(b) + 1)]
    for row, first in enumerate(a, start=1):
        current = [float(row)]
        for column, second in enumerate(b, start=1):
            change = previous[column - 1] + _cost(first, second)
            current.append(min(change, previous[column] + 1.0, current[-1] + 1.0))
        previous = current
    return max(0.0, 1.0 - previous[-1] / max(len(a), len(b)))


def _cost(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a in _VOWELS and b in _VOWELS:
        return 0.5
    return _NEAR.get((a, b), 1.0)
