"""How alike two English words sound, from their spelling: enough to see "job" in a misheard "joke"."""

from __future__ import annotations

import re
from functools import lru_cache

# Applied in order; upper case letters are finished sounds. X = sh/ch/zh, 0 = th, A = any vowel.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"^(?:kn|gn|pn)", "N"),
        (r"^wr", "R"),
        (r"^x", "S"),
        (r"mb$", "M"),
        (r"(?:tion|sion|cian)", "XAN"),
        (r"ture", "XAR"),
        (r"tch|ch|sh|j|dge", "X"),
        (r"ght", "T"),
        (r"gh$", "F"),
        (r"gh", ""),
        (r"ph", "F"),
        (r"th", "0"),
        (r"ck|qu|q", "K"),
        (r"x", "KS"),
        (r"c(?=[eiy])", "S"),
        (r"g(?=[eiy])", "X"),
        (r"[ckg]", "K"),
        (r"[sz]", "S"),
        (r"[dt]", "T"),
        (r"[bp]", "P"),
        (r"[fv]", "F"),
        (r"[mn]", "N"),
        (r"l", "L"),
        (r"r", "R"),
        (r"wh|w", "W"),
        (r"h", ""),
        (r"(?<=[A-Z0])e$", ""),
        (r"[aeiouy]+", "A"),
        (r"(.)\1+", r"\1"),
    )
)
# Pairs of finished sounds that recognisers confuse, with the cost of taking one for the other.
_NEAR = {
    frozenset(pair): cost
    for pair, cost in (
        ("TK", 0.6),
        ("PT", 0.6),
        ("PK", 0.6),
        ("XT", 0.5),
        ("XS", 0.4),
        ("0T", 0.4),
        ("0F", 0.3),
        ("0S", 0.5),
        ("LR", 0.5),
        ("NL", 0.6),
        ("WR", 0.6),
        ("FP", 0.5),
        ("XK", 0.6),
    )
}
_GAP = {"A": 0.6, "R": 0.6, "T": 0.7}


@lru_cache(maxsize=8192)
def sound_key(word: str) -> str:
    """Return the rough sound of a word or of several run together, for example "avatar" -> "AFATAR"."""
    key = word.lower()
    for pattern, sound in _RULES:
        key = pattern.sub(sound, key)
    return key


def _distance(a: str, b: str) -> float:
    previous = [0.0]
    for letter in b:
        previous.append(previous[-1] + _GAP.get(letter, 1.0))
    for first in a:
        gap = _GAP.get(first, 1.0)
        current = [previous[0] + gap]
        for index, second in enumerate(b):
            change = 0.0 if first == second else _NEAR.get(frozenset((first, second)), 1.0)
            current.append(
                min(previous[index] + change, previous[index + 1] + gap, current[-1] + _GAP.get(second, 1.0))
            )
        previous = current
    return previous[-1]


@lru_cache(maxsize=65536)
def likeness(a: str, b: str) -> float:
    """Return how alike two words sound, 0 (not at all) to 1 (the same word)."""
    if a == b:
        return 1.0
    first, second = sound_key(a), sound_key(b)
    if not first or not second:
        return 0.0
    longest = max(len(first), len(second))
    found = 1.0 - _distance(first, second) / longest
    # Short words collide by chance ("what", "wet", "white"): trust them less.
    return max(0.0, found) * (0.75 if longest <= 2 else 0.9 if longest == 3 else 0.97)
