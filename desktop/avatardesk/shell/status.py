"""For a machine without a screen: a live line on standard output, a state file, and a recent screenshot."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from PySide6.QtCore import QObject, QTimer

_log = logging.getLogger(__name__)

_LINE_MS = 1000
_FILES_MS = 4000


class StatusReport(QObject):
    """Writes what `collect` returns: its `line` to the terminal, the whole to a file, the window as PNG
    beside it.
    """

    def __init__(
        self,
        folder: Path,
        collect: Callable[[], dict[str, Any]],
        screenshot: Callable[[Path], bool],
        stream: TextIO | None = None,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._collect = collect
        self._screenshot = screenshot
        self._stream = sys.stdout if stream is None else stream
        self._last = ""
        self._line_timer = QTimer(self)
        self._line_timer.setInterval(_LINE_MS)
        self._line_timer.timeout.connect(self.write_line)
        self._file_timer = QTimer(self)
        self._file_timer.setInterval(_FILES_MS)
        self._file_timer.timeout.connect(self.write_files)

    @property
    def picture(self) -> Path:
        """Where the latest screenshot lies."""
        return self._folder / "screen.png"

    @property
    def file(self) -> Path:
        """Where the state lies as JSON."""
        return self._folder / "status.json"

    def start(self) -> None:
        """Begin, and say where the picture lies."""
        print(f"latest picture of the window: {self.picture}", file=self._stream, flush=True)
        self._line_timer.start()
        self._file_timer.start()

    def stop(self) -> None:
        """End the line, so that the terminal's next one is free."""
        self._line_timer.stop()
        self._file_timer.stop()
        if self._last and self._stream.isatty():
            print(file=self._stream, flush=True)

    def write_line(self) -> None:
        """Show the state: rewriting one line on a terminal, a new line at each change elsewhere."""
        line = str(self._collect()["line"])
        if line == self._last:
            return
        if self._stream.isatty():
            padding = " " * max(0, len(self._last) - len(line))
            print(f"\r{line}{padding}", end="", file=self._stream, flush=True)
        else:
            print(f"{time.strftime('%H:%M:%S')} {line}", file=self._stream, flush=True)
        self._last = line

    def write_files(self) -> None:
        """Write state and picture, each as a whole: a reader never sees half of one."""
        try:
            draft = self.file.with_suffix(".new")
            draft.write_text(json.dumps(self._collect(), indent=2, ensure_ascii=False), encoding="utf-8")
            draft.replace(self.file)
            picture = self._folder / "screen.new.png"
            if self._screenshot(picture):
                picture.replace(self.picture)
        except OSError as problem:
            _log.warning("the status cannot be written: %s", problem)
