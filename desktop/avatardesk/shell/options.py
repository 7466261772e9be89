"""How one run of the window program differs from another; nothing here is a setting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one run."""

    demo: bool = False
    """The page is told that this is a demonstration run."""
    status: bool = False
    """Print a live status line and keep a screenshot: for a machine without a screen."""
    fake_microphone: Path | None = None
    """A WAV file that is heard, once, instead of a microphone."""
    started_at: float | None = None
    """Epoch seconds of the process's start, for the mark `process_start`."""
