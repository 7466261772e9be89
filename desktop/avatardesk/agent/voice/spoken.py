"""Turn written text into text a simple synthesiser says correctly: symbols, numbers, abbreviations, names."""

from __future__ import annotations

import re

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))

# How to say what a synthesiser would spell or garble. Whole words only; matched without regard to case.
_SAY_AS = {
    "avatardesk": "avatar desk",
    "livekit": "live kit",
    "spatialreal": "spatial real",
    "avatarkit": "avatar kit",
    "openai": "open A I",
    "ollama": "oh lama",
    "webrtc": "web R T C",
    "qtwebengine": "cute web engine",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "and so on",
    "vs.": "versus",
    "dr.": "doctor",
    "mr.": "mister",
    "mrs.": "missus",
    "approx.": "about",
}
_SAY_AS_PATTERN = re.compile(
    r"(?<![\w.])(" + "|".join(sorted(map(re.escape, _SAY_AS), key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)
_SYMBOLS = {
    "%": " percent",
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "×": " times ",
    "÷": " divided by ",
    "°": " degrees",
}
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_MARKUP = re.compile(r"[*_`#~<>|\\^{}\[\]]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_NUMBER = re.compile(r"(?<![\w.])(-)?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?![\w])")
_UNSPEAKABLE = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200d]")


def number_words(value: int) -> str:
    """Say a whole number in English words, for example 342 as "three hundred forty two"."""
    if value < 0:
        return "minus " + number_words(-value)
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")
    for size, name in _SCALES:
        if value >= size:
            count, rest = divmod(value, size)
            return f"{number_words(count)} {name}" + (f" {number_words(rest)}" if rest else "")
    raise AssertionError(value)


def _say_number(match: re.Match[str]) -> str:
    sign, whole, fraction = match.groups()
    digits = whole.replace(",", "")
    if len(digits) > 15:
        return " ".join(_ONES[int(d)] for d in digits)
    said = number_words(int(digits))
    if fraction:
        said += " point " + " ".join(_ONES[int(d)] for d in fraction[1:])
    return ("minus " if sign else "") + said


def _say_clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if minute == 0:
        return f"{number_words(hour)} o'clock"
    return f"{number_words(hour)} {'oh ' if minute < 10 else ''}{number_words(minute)}"


def spoken(text: str) -> str:
    """Return the text as it should be read aloud: no markup, links or emoji; numbers and names as words."""
    text = _CONTROL.sub(" ", _UNSPEAKABLE.sub(" ", _LINK.sub("a link", text)))
    text = _SAY_AS_PATTERN.sub(lambda match: _SAY_AS[match[1].lower()], text)
    text = _CLOCK.sub(_say_clock, text)
    text = _NUMBER.sub(_say_number, text)
    for symbol, words in _SYMBOLS.items():
        text = text.replace(symbol, words)
    text = _MARKUP.sub(" ", text)
    text = text.replace("—", ", ").replace("–", ", ").replace("…", ".").replace("’", "'")
    return re.sub(r"\s+([,.!?;:])", r"\1", re.sub(r"\s+", " ", text)).strip()
