"""Logging: one rotating file and stderr, with every secret and token blotted out on the way."""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from pathlib import Path

from avatardesk import paths

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_FILE_BYTES = 2_000_000
_FILES_KEPT = 4

#: A secret shorter than this would blot out ordinary words; nothing real is that short.
_SHORTEST_SECRET = 6

_MASK = "***"
_TOKEN_PATTERNS = (
    # JSON Web Tokens (room tokens, session tokens): three base64url parts, the first begins with {"
    re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
    # the values of tell-tale names in URLs, headers, dictionaries and command lines
    re.compile(
        r"(?i)(?P<name>\b(?:access_token|api_?token|api_?secret|api_?key|session_?(?:key|token)|x-api-key"
        r"|x-session-key|participant_?token|password)\b[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s\"'&,;}\])]+)"
    ),
    re.compile(
        r"(?i)(?P<name>\bauthorization\b[\"']?\s*[=:]\s*[\"']?(?:bearer|basic)?\s*)(?P<value>[^\s\"',;}]+)"
    ),
)

_secrets: set[str] = set()


def register_secret(value: str | None) -> None:
    """Blot out `value` in everything logged from now on."""
    if value and len(value) >= _SHORTEST_SECRET:
        _secrets.add(value)


def redact(text: str) -> str:
    """Return `text` without registered secrets and without anything that looks like a token."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _MASK)
    text = _TOKEN_PATTERNS[0].sub(_MASK, text)
    for pattern in _TOKEN_PATTERNS[1:]:
        text = pattern.sub(lambda found: found["name"] + _MASK, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats a record and redacts the whole text: message, arguments and traceback alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line(s) with secrets blotted out."""
        return redact(super().format(record))


class _NotForTheTerminal(logging.Filter):
    """Keeps lines off the terminal that are right but would only worry who reads them."""

    # livekit clients ask for their newest signalling path first; the embedded room has the one before it.
    _EXPECTED = re.compile(r"on v1 path|v1 path not found")

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is shown."""
        return self._EXPECTED.search(record.getMessage()) is None


def setup_logging(
    level: str = "INFO",
    log_dir: Path | None = None,
    *,
    name: str = "avatardesk",
    terminal: str | None = None,
) -> Path | None:
    """Send the program's log to stderr and, with `log_dir`, to a rotating file there.

    Args:
        level: name of the lowest level of our own loggers; other packages are kept at WARNING.
        log_dir: folder of the file; a folder that cannot be written costs a warning, not the start.
        name: the file's name without suffix; every process writes a file of its own.
        terminal: lowest level on stderr; None: all that is logged, and without the filter for people.

    Returns:
        The log file, or None when there is none.
    """
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    formatter = RedactingFormatter(_FORMAT)
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(formatter)
    if terminal is not None:
        console.setLevel(terminal.upper())
        console.addFilter(_NotForTheTerminal())
    root.addHandler(console)
    root.setLevel(logging.WARNING)
    logging.getLogger("avatardesk").setLevel(level.upper())
    if log_dir is None:
        return None
    file = log_dir / f"{name}.log"
    try:
        paths.ensure(log_dir)
        handler = logging.handlers.RotatingFileHandler(
            file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8", delay=False
        )
    except OSError as problem:
        logging.getLogger(__name__).warning("no log file: %s", problem)
        return None
    handler.setFormatter(formatter)
    root.addHandler(handler)
    return file
