"""The real window program in a process of its own, with the small test page, driven by a test.

A process, because Qt WebEngine cannot be started twice in one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SUPPORT = Path(__file__).parent
TEST_PAGE = SUPPORT / "page"

_DEADLINE = 60.0
_OURS = ("AVATARDESK_", "LIVEKIT_", "SPATIALREAL_", "OPENAI_", "QTWEBENGINE_")


class Window:
    """A running window program."""

    def __init__(
        self, home: Path, *settings: str, page: Path = TEST_PAGE, env: dict[str, str] | None = None
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.home = home
        self.told: list[dict[str, Any]] = []
        self.log = ""
        self._answers: dict[int, Any] = {}
        self._changed = threading.Condition()
        self._number = 0
        self.process = subprocess.Popen(
            [sys.executable, str(SUPPORT / "window_driver.py"), "agent.enabled=false", *settings],
            env={
                **kept,
                "QT_QPA_PLATFORM": "offscreen",
                "AVATARDESK_HOME": str(home),
                "AVATARDESK_PAGE_DIR": str(page),
                "AVATARDESK_SOFTWARE_GL": "1",
                **(env or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._threads = [threading.Thread(target=read) for read in (self._read_answers, self._read_log)]
        for thread in self._threads:
            thread.start()

    def wait_until(self, what: str, found: Callable[[], Any]) -> Any:
        """Wait until `found` returns something true, and return that; asked at each news of the program."""
        deadline = time.monotonic() + _DEADLINE
        with self._changed:
            while not (value := found()):
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"no {what}; told {self.told[-8:]}; log:\n{self.log[-3000:]}")
                self._changed.wait(min(left, 0.5))
        return value

    def wait_told(self, kind: str, count: int = 1, **match: Any) -> dict[str, Any]:
        """Wait for the count-th report of that kind with these values."""

        def found() -> dict[str, Any] | None:
            fits = [
                one
                for one in self.told
                if one["told"] == kind and all(one.get(name) == value for name, value in match.items())
            ]
            return fits[count - 1] if len(fits) >= count else None

        return self.wait_until(f"{kind} {match}", found)

    def do(self, name: str, **params: Any) -> Any:
        """Send a command and return its answer."""
        assert self.process.stdin is not None
        self._number += 1
        number = self._number
        self.process.stdin.write(json.dumps({"do": name, "number": number, **params}) + "\n")
        self.process.stdin.flush()
        self.wait_until(f"answer to {name}", lambda: number in self._answers)
        return self._answers.pop(number)

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        return self.do("evaluate", script=script)

    def resolve(self, script: str) -> Any:
        """Return what a promise of the page becomes: its value, or `"rejected: …"`."""
        self.evaluate(
            f"(window.__outcome = undefined, Promise.resolve({script}).then("
            "(value) => { window.__outcome = { value }; },"
            " (error) => { window.__outcome = { value: 'rejected: ' + error }; }), 0)"
        )
        deadline = time.monotonic() + _DEADLINE
        while time.monotonic() < deadline:
            outcome = self.evaluate("window.__outcome ?? null")
            if outcome is not None:
                return outcome.get("value")
        raise AssertionError(f"the promise of {script} was never settled")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the bridge from the page and return the reply's envelope."""
        reply: dict[str, Any] = self.resolve(f"testPage.call({json.dumps(method)}, {json.dumps(params)})")
        return reply

    def wait_for_page(self, count: int = 1) -> None:
        """Wait until the test page has said hello, the count-th time."""
        self.wait_told("mark", count, name="first_frame")

    def end(self, *, send: Callable[[], None] | None = None) -> int:
        """End the program (default: by its own quit) and return its exit code; the log is complete then."""
        if send is not None:
            send()
        else:
            self.do("quit")
        code = self.process.wait(20)
        for thread in self._threads:
            thread.join(10)
        return code

    def kill(self) -> None:
        """Make sure that nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for thread in self._threads:
            thread.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read_answers(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            data = json.loads(line)
            with self._changed:
                if "answer" in data:
                    self._answers[data["answer"]] = data["value"]
                else:
                    self.told.append(data)
                self._changed.notify_all()

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.log += line
                self._changed.notify_all()


@contextmanager
def running_window(home: Path, *settings: str, **options: Any) -> Iterator[Window]:
    """Run a window for the length of a block."""
    window = Window(home, *settings, **options)
    try:
        yield window
    finally:
        window.kill()
