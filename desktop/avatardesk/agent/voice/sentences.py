"""Cut text into pieces that can be spoken one after the other, while the text is still arriving."""

from __future__ import annotations

import re

# A full stop after one of these does not end a sentence.
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "approx", "no", "fig", "inc", "ltd"}
)
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|\n+")
# The first piece of a reply decides how soon something is heard: a long one is cut at a comma or the like.
_CLAUSE = re.compile(r"[,;:—–](?=\s)")
_FIRST_PIECE_MAX = 60
_CLAUSE_MIN = 16


class SentenceSplitter:
    """Collects streamed text and hands out complete sentences as soon as they are certain.

    A sentence is certain when its end mark is followed by white space. The very first one may be handed
    out as a clause, when it is long, so that speech starts sooner.
    """

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def push(self, text: str) -> list[str]:
        """Add streamed text and return the sentences it completes (maybe none), without outer spaces."""
        self._text += text
        found: list[str] = []
        while (end := self._next_end()) is not None:
            piece, self._text = self._text[:end].strip(), self._text[end:]
            if piece:
                found.append(piece)
                self._first = False
        return found

    def flush(self) -> list[str]:
        """Return what is left when no more text will come, and start anew."""
        found = self.push("\n")
        self._text = ""
        self._first = True
        return found

    def _next_end(self) -> int | None:
        for match in _END.finditer(self._text):
            if not self._is_abbreviation(match.start()):
                if self._first and match.end() > _FIRST_PIECE_MAX:
                    return self._clause_end() or match.end()
                return match.end()
        if self._first and len(self._text) > _FIRST_PIECE_MAX:
            return self._clause_end()
        return None

    def _clause_end(self) -> int | None:
        for match in _CLAUSE.finditer(self._text, _CLAUSE_MIN, _FIRST_PIECE_MAX + 1):
            return match.end()
        return None

    def _is_abbreviation(self, dot: int) -> bool:
        if self._text[dot] != ".":
            return False
        word = self._text[:dot].rsplit(None, 1)[-1:]
        if not word:
            return True
        return word[0].lower().lstrip("(\"'") in _ABBREVIATIONS


def split_sentences(text: str) -> list[str]:
    """Return the pieces of a whole text, in order."""
    splitter = SentenceSplitter()
    return splitter.push(text) + splitter.flush()
