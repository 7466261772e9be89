"""What somebody who runs the window from code (the demo, a test) hears of it and may do with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class AppHandle(Protocol):
    """The running window."""

    def screenshot(self, path: Path) -> bool:
        """Write what the window shows now as PNG; return whether that succeeded."""

    def quit(self, code: int = 0) -> None:
        """End the program in order, with this exit code."""

    def children(self) -> dict[str, int]:
        """Return the process ids of the children, by part."""

    async def evaluate(self, script: str) -> Any:
        """Run JavaScript in the page and return its value (JSON types only)."""

    async def say(self, *, text: str | None = None, wav: Path | None = None) -> dict[str, Any]:
        """Have the avatar speak; return when it has."""


class AppObserver:
    """Hears what happens, in the loop's thread. Override what is of interest."""

    def on_started(self, handle: AppHandle) -> None:
        """The window is there and its page begins to load."""

    def on_mark(self, name: str, epoch_ms: float) -> None:
        """Something of interest happened at that time: `window`, `page_loaded`, `stack_ready`,
        `first_frame`…
        """

    def on_status(self, status: dict[str, Any]) -> None:
        """The page's state, about once a second."""

    def on_turn(self, turn: dict[str, Any]) -> None:
        """A turn of the conversation is over."""

    def on_diagnostics(self, figures: dict[str, Any]) -> None:
        """The page's measurements."""

    def on_stack(self, state: dict[str, Any]) -> None:
        """A part started, is ready, died or was given up."""

    def on_error(self, error: dict[str, Any]) -> None:
        """An error was shown to the user; an E of docs/protocols/bridge.md."""
