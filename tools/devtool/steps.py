"""Long steps: run a program quietly, show that it lives, and show its last words when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.devtool.places import LOGS, ROOT


class StepError(Exception):
    """A step of the set-up failed; the text is what the user should read."""


def say(text: str) -> None:
    """Print one line at once (also into a pipe)."""
    print(text, flush=True)


class _Ticker(threading.Thread):
    """Shows the time that a step takes: a running line on a terminal, a line every 15 s elsewhere."""

    def __init__(self, title: str) -> None:
        super().__init__(daemon=True)
        self.title = title
        self.latest = ""
        self.began = time.monotonic()
        self._done = threading.Event()
        self._terminal = sys.stdout.isatty()

    def run(self) -> None:
        while not self._done.wait(0.5 if self._terminal else 15):
            seconds = int(time.monotonic() - self.began)
            if self._terminal:
                print(f"\r\033[K  {self.title} … {seconds} s  {self.latest[:60]}", end="", flush=True)
            else:
                say(f"  {self.title} … {seconds} s  {self.latest[:80]}")

    def stop(self) -> float:
        self._done.set()
        if self._terminal:
            print("\r\033[K", end="", flush=True)
        return time.monotonic() - self.began


def step(
    title: str,
    command: Sequence[str | Path],
    *,
    log: str,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    hint: str = "",
) -> None:
    """Run `command` with its output in a log file.

    Raises:
        StepError: it failed; the text has its last lines and `hint`.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log_file = LOGS / f"{log}.log"
    ticker = _Ticker(title)
    tail: deque[str] = deque(maxlen=25)
    ticker.start()
    try:
        with (
            log_file.open("w", encoding="utf-8") as sink,
            subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                sink.write(line)
                tail.append(line.rstrip())
                ticker.latest = line.strip()
        code = process.returncode
    except FileNotFoundError as error:
        raise StepError(f"{title}: {command[0]} was not found. {hint}".strip()) from error
    finally:
        seconds = ticker.stop()
    if code != 0:
        words = "\n".join(f"    {line}" for line in tail)
        where = log_file.relative_to(ROOT)
        raise StepError(
            f"{title} failed (exit {code}). Its last lines, all of it in {where}:\n{words}\n{hint}".rstrip()
        )
    say(f"  {title}: done ({seconds:.0f} s)")
