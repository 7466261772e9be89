"""The window program under remote control, for tests: commands come as JSON lines on standard input.

Everything the program reports goes to standard output as JSON lines: `{"told": KIND, ...}`; answers to
commands are `{"answer": NUMBER, "value": ...}`. The window's log goes to standard error, as it always does.

Arguments: settings as `section.name=value`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from avatardesk.logs import setup_logging
from avatardesk.paths import Paths
from avatardesk.settings_sources import load_settings
from avatardesk.shell.app import run_app
from avatardesk.shell.observer import AppHandle, AppObserver
from avatardesk.shell.options import RunOptions


def write(**data: Any) -> None:
    print(json.dumps(data), flush=True)


def press_keys(handle: Any, names: list[str]) -> None:
    """Press keys, as a keyboard would, in the widget the page draws in."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtGui import QKeyEvent, QKeySequence

    for name in names:
        combination = QKeySequence(name)[0]
        key, modifiers = combination.key(), combination.keyboardModifiers()
        text = name.lower() if len(name) == 1 else ""
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key.value, modifiers, text)
            QCoreApplication.sendEvent(handle.window.view.focusProxy(), event)


class Driver(AppObserver):
    """Passes everything on and does what the test asks for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def on_started(self, handle: AppHandle) -> None:
        loop = asyncio.get_running_loop()

        def read() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(self._begin, handle, json.loads(line))

        threading.Thread(target=read, daemon=True).start()
        write(told="started")

    def on_mark(self, name: str, epoch_ms: float) -> None:
        write(told="mark", name=name, at=epoch_ms)

    def on_status(self, status: dict[str, Any]) -> None:
        write(told="status", **status)

    def on_stack(self, state: dict[str, Any]) -> None:
        write(told="stack", **state)

    def on_error(self, error: dict[str, Any]) -> None:
        write(told="error", **error)

    def _begin(self, handle: AppHandle, command: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._do(handle, command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, handle: AppHandle, command: dict[str, Any]) -> None:
        value: Any = None
        name = command["do"]
        if name == "evaluate":
            value = await handle.evaluate(command["script"])
        elif name == "children":
            value = handle.children()
        elif name == "renderer":
            value = handle.host.render_process
        elif name == "screenshot":
            value = handle.screenshot(Path(command["path"]))
        elif name == "attributes":
            from avatardesk.shell.page import ATTRIBUTES

            settings = handle.host.page.settings()
            value = {key.name: settings.testAttribute(key) for key in ATTRIBUTES}
        elif name == "keys":
            press_keys(handle, command["keys"])
        elif name == "close":
            handle.window.close()
        elif name == "quit":
            handle.quit(command.get("code", 0))
        write(answer=command["number"], value=value)


def main() -> int:
    setup_logging("DEBUG")
    settings = load_settings(overrides=sys.argv[1:])
    return run_app(
        settings, observer=Driver(), options=RunOptions(started_at=time.time()), paths=Paths.find()
    )


if __name__ == "__main__":
    sys.exit(main())
