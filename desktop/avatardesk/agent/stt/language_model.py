"""A small trigram language model from example sentences, written as ARPA text for PocketSphinx.

Witten-Bell smoothing (interpolated), in the back-off form that the ARPA format wants: the less varied the
words after a context are, the more that context is trusted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

_START, _END = "<s>", "</s>"
_ORDER = 3
# log10 of a probability that is none: what ARPA files use for <s>, which is never predicted.
_NEVER = -99.0

Gram = tuple[str, ...]


def build_arpa(sentences: Mapping[str, float]) -> str:
    """Return an ARPA trigram model of weighted sentences (words separated by spaces).

    Weights work as counts and may be fractions. Raises ValueError when there are no words.
    """
    counts = _counts(sentences)
    if not counts[0]:
        raise ValueError("A language model needs at least one word.")
    probability: dict[Gram, float] = {}
    backoff: dict[Gram, float] = {}
    vocabulary = [gram[0] for gram in counts[0]]
    followers = _followers(counts)
    for order in range(1, _ORDER + 1):
        for context, found in followers[order].items():
            total, types = sum(found.values()), len(found)
            for word, count in found.items():
                lower = probability[(*context[1:], word)] if context else 1.0 / len(vocabulary)
                probability[(*context, word)] = (count + types * lower) / (total + types)
            if context:
                seen = sum(probability[(*context, word)] for word in found)
                below = sum(probability[(*context[1:], word)] for word in found)
                backoff[context] = max(1.0 - seen, 1e-6) / max(1.0 - below, 1e-6)
    return _arpa(probability, backoff)


def _counts(sentences: Mapping[str, float]) -> list[dict[Gram, float]]:
    counts: list[dict[Gram, float]] = [defaultdict(float) for _ in range(_ORDER)]
    for sentence, weight in sentences.items():
        words = [_START, *sentence.split(), _END]
        for size in range(1, _ORDER + 1):
            for at in range(len(words) - size + 1):
                gram = tuple(words[at : at + size])
                if size > 1 or gram[0] != _START:
                    counts[size - 1][gram] += weight
    return counts


def _followers(counts: list[dict[Gram, float]]) -> dict[int, dict[Gram, dict[str, float]]]:
    found: dict[int, dict[Gram, dict[str, float]]] = {}
    for order, grams in enumerate(counts, start=1):
        by_context: dict[Gram, dict[str, float]] = defaultdict(dict)
        for gram, count in grams.items():
            by_context[gram[:-1]][gram[-1]] = count
        found[order] = by_context
    return found


def _arpa(probability: Mapping[Gram, float], backoff: Mapping[Gram, float]) -> str:
    grams: list[list[Gram]] = [
        [gram for gram in probability if len(gram) == order + 1] for order in range(_ORDER)
    ]
    grams[0].append((_START,))
    lines = ["\\data\\", *(f"ngram {order + 1}={len(found)}" for order, found in enumerate(grams))]
    for order, found in enumerate(grams, start=1):
        lines += ["", f"\\{order}-grams:"]
        lines += [_line(gram, order, probability, backoff) for gram in sorted(found)]
    return "\n".join([*lines, "", "\\end\\", ""])


def _line(gram: Gram, order: int, probability: Mapping[Gram, float], backoff: Mapping[Gram, float]) -> str:
    chance = math.log10(probability[gram]) if gram in probability else _NEVER
    line = f"{chance:.4f} {' '.join(gram)}"
    if order < _ORDER and gram[-1] != _END:
        line += f" {math.log10(backoff.get(gram, 1.0)):.4f}"
    return line


def weigh(groups: Iterable[Iterable[str]]) -> dict[str, float]:
    """Return sentences with weights such that a group of many variants does not drown one of few.

    Each group (the sentences one template stands for) gets the cube root of its size in total.
    """
    weights: dict[str, float] = defaultdict(float)
    for group in groups:
        sentences = list(group)
        for sentence in sentences:
            weights[sentence] += len(sentences) ** (1 / 3 - 1)
    return dict(weights)
