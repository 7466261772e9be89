"""What libraries write to stderr by themselves (Chromium, Mesa, ALSA) belongs in a file."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from avatardesk import paths


def divert_native_output(file: Path) -> bool:
    """Send file descriptor 2 to `file`, made anew; Python's own stderr stays where it is.

    Call it before anything keeps a reference to `sys.stderr`. Returns False, with nothing changed, where
    `sys.stderr` was replaced already, the file cannot be written, and on Windows, where a window has none.
    """
    if os.name == "nt" or sys.stderr is None or sys.stderr is not sys.__stderr__:
        return False
    try:
        paths.ensure(file.parent)
        sink = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    except OSError:
        return False
    with contextlib.ExitStack() as undo:
        undo.callback(os.close, sink)
        try:
            kept = os.dup(2)
        except OSError:
            return False
        print(end="", file=sys.stderr, flush=True)
        os.dup2(sink, 2)
        sys.stderr = os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    return True
