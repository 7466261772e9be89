"""What is left of a crash: the log has unhandled exceptions, a file for the next start has faults."""

from __future__ import annotations

import faulthandler
import logging
import sys
from pathlib import Path
from types import TracebackType
from typing import TextIO

from avatardesk import paths

_log = logging.getLogger(__name__)

_MOST_READ = 20_000


class CrashFile:
    """The file that says where every thread was, should the process die of a fault."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "crash.txt"
        self._stream: TextIO | None = None

    def begin(self) -> str:
        """Return what the last run left, and watch this one; a folder one cannot write is no obstacle."""
        left = ""
        try:
            paths.ensure(self.path.parent)
            if self.path.is_file():
                left = self.path.read_text(encoding="utf-8", errors="replace")[:_MOST_READ].strip()
            self._stream = self.path.open("w", encoding="utf-8")
            faulthandler.enable(self._stream)
        except OSError as problem:
            _log.warning("no crash file: %s", problem)
        if left:
            _log.error("the last run crashed:\n%s", left)
        sys.excepthook = _log_exception
        return left

    def end(self) -> None:
        """This run ended well: leave nothing."""
        sys.excepthook = sys.__excepthook__
        if self._stream is not None:
            faulthandler.disable()
            self._stream.close()
            self._stream = None
            self.path.unlink(missing_ok=True)


def _log_exception(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    _log.critical("unhandled exception", exc_info=(kind, problem, trace))
