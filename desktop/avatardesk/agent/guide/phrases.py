"""The little notation in which topics list ways to ask: (a|b) is a choice, [x] may be left out."""

from __future__ import annotations

import itertools
import re

from avatardesk.errors import InputError

_TOKEN = re.compile(r"[()|\[\]]|[^()|\[\]]+")
_EXPANSION_LIMIT = 400


def expand(template: str) -> list[str]:
    """Return every sentence a template stands for, in lower case with single spaces.

    Raises InputError for brackets that do not match or for more than 400 sentences.
    """
    tokens = _TOKEN.findall(template.lower())
    sentences, rest = _alternatives(tokens, 0, template)
    if rest != len(tokens):
        raise InputError(f"A bracket does not match in the phrase {template!r}.")
    found = list(dict.fromkeys(" ".join(sentence.split()) for sentence in sentences))
    if len(found) > _EXPANSION_LIMIT:
        raise InputError(f"The phrase {template!r} stands for more than {_EXPANSION_LIMIT} sentences.")
    return found


def _alternatives(tokens: list[str], at: int, template: str) -> tuple[list[str], int]:
    """Parse `a|b|c` up to a closing bracket or the end."""
    options: list[str] = []
    parts: list[list[str]] = []
    while at < len(tokens) and tokens[at] not in ")]":
        token = tokens[at]
        if token == "|":
            options += _join(parts)
            parts = []
            at += 1
        elif token in "([":
            inner, at = _alternatives(tokens, at + 1, template)
            if at >= len(tokens) or tokens[at] != (")" if token == "(" else "]"):
                raise InputError(f"A bracket does not match in the phrase {template!r}.")
            parts.append(inner if token == "(" else ["", *inner])
            at += 1
        else:
            parts.append([token])
            at += 1
    return options + _join(parts), at


def _join(parts: list[list[str]]) -> list[str]:
    return [" ".join(choice) for choice in itertools.product(*parts)]
