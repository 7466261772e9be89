"""Answers that must be computed: the clock, sums, and the user's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from avatardesk.agent.guide.matcher import words_of
from avatardesk.agent.voice.spoken import number_words

_UNITS = {number_words(value): value for value in range(20)}
_TENS = {number_words(value): value for value in range(20, 100, 10)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_OPERATORS = {
    "plus": "plus", "and": "plus", "minus": "minus", "less": "minus", "times": "times", "multiplied": "times",
    "divided": "divided by", "over": "divided by",
}  # fmt: skip
_LONE_NAME = re.compile(
    r"^(?:(?:hello|hi|hey)[ ,]+)?(?:this is|i am|i'm)\s+([a-z][a-z'-]+)[.!]?$", re.IGNORECASE
)
_EXPLICIT_NAME = re.compile(r"\b(?:my name is|call me|name's)\s+([a-z][a-z'-]+)", re.IGNORECASE)
_NOT_NAMES = frozenset(
    [
        "a",
        "an",
        "the",
        "not",
        "very",
        "so",
        "here",
        "fine",
        "good",
        "great",
        "okay",
        "ok",
        "well",
        "happy",
        "sad",
        "tired",
        "sorry",
        "done",
        "it",
        "that",
        "this",
        "what",
        "who",
        "how",
        "bored",
        "sick",
        "lonely",
        "hungry",
        "just",
        "going",
        "from",
        "in",
        "on",
        "at",
        "with",
        "looking",
        "talking",
        "trying",
        "your",
        "you",
    ]
)


def clock(now: datetime) -> str:
    """Say the time of day, for example "a quarter past four" or "16:05" in words a person would use."""
    hour, minute = now.hour, now.minute
    name = number_words(hour % 12 or 12)
    following = number_words((hour + 1) % 12 or 12)
    part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
    if minute == 0:
        return f"{name} o'clock {part}"
    if minute == 15:
        return f"a quarter past {name} {part}"
    if minute == 30:
        return f"half past {name} {part}"
    if minute == 45:
        return f"a quarter to {following}"
    return f"{name} {'oh ' if minute < 10 else ''}{number_words(minute)} {part}"


def calendar_day(now: datetime) -> str:
    """Say the date, for example "Monday, the 3rd of March 2025"."""
    day = now.day
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{now:%A}, the {day}{suffix} of {now:%B} {now:%Y}"


def read_number(words: Sequence[str]) -> int | None:
    """Return the whole number that words or digits spell ("forty two" is 42), or None."""
    total, current, seen = 0, 0, False
    for word in words:
        if word.isdigit():
            current, seen = current * (10 ** len(word)) + int(word), True
        elif word in _UNITS:
            current, seen = current + _UNITS[word], True
        elif word in _TENS:
            current, seen = current + _TENS[word], True
        elif word == "hundred":
            current, seen = max(current, 1) * 100, True
        elif word in _SCALES:
            total, current, seen = total + max(current, 1) * _SCALES[word], 0, True
        elif word == "and" and seen:
            continue
        else:
            return None
    return total + current if seen else None


def _is_number(word: str) -> bool:
    return word.isdigit() or word in _UNITS or word in _TENS or word in _SCALES


def work_out(text: str) -> str | None:
    """Return a spoken sum such as "seven times eight is fifty six", or None when the text has none."""
    words = words_of(
        re.sub(
            r"[×*]", " times ", re.sub(r"[÷/]", " over ", text.replace("+", " plus ").replace("-", " minus "))
        )
    )
    # "and" is mostly part of a number: it means plus only where nothing else does.
    places = sorted(range(len(words)), key=lambda at: words[at] == "and")
    for at in places:
        operator = _OPERATORS.get(words[at])
        if operator is None or at == 0 or not _is_number(words[at - 1]):
            continue
        start = at
        while start > 0 and (_is_number(words[start - 1]) or (words[start - 1] == "and" and start > 1)):
            start -= 1
        end = begin = at + (2 if words[at + 1 : at + 2] == ["by"] else 1)
        while end < len(words) and _is_number(words[end]):
            end += 1
        left, right = read_number(words[start:at]), read_number(words[begin:end])
        if left is not None and right is not None:
            return _result(left, operator, right)
    return None


def _result(left: int, operator: str, right: int) -> str:
    question = f"{number_words(left)} {operator} {number_words(right)}"
    if operator == "plus":
        return f"{question} is {number_words(left + right)}"
    if operator == "minus":
        return f"{question} is {number_words(left - right)}"
    if operator == "times":
        return f"{question} is {number_words(left * right)}"
    if right == 0:
        return "nobody can divide by zero, not even me"
    whole, rest = divmod(left, right)
    if rest == 0:
        return f"{question} is {number_words(whole)}"
    return f"{question} is {number_words(whole)}, and {number_words(rest)} left over"


def name_given(text: str) -> str | None:
    """Return the name of an explicit "my name is Clara" or "call me Clara", or None."""
    return _first_name(_EXPLICIT_NAME, text)


def name_alone(text: str) -> str | None:
    """Return the name when "I'm Clara" or "this is Clara" is all that was said, or None."""
    return _first_name(_LONE_NAME, text)


def _first_name(pattern: re.Pattern[str], text: str) -> str | None:
    found = None
    for match in pattern.finditer(text):
        word = match[1].strip("'-")
        if word.lower() not in _NOT_NAMES:
            found = word.capitalize()
    return found
