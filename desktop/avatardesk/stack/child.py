"""One child process: started with its secrets in the environment, ready or not within a deadline, ended for
sure.

The pipe to the child's standard input stays open for as long as this process lives; its end tells the child
that its parent is gone, however that came about.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from avatardesk.errors import AvatarDeskError, PlatformError, ServiceError
from avatardesk.stack.readiness import Ready, parse_line

_log = logging.getLogger(__name__)

#: A child gets this long to end by itself, then it is killed. Stays under the 5 s a clean stop may take.
STOP_SECONDS = 3.6

#: Exit code of a child that was given a wrong setting: starting it again would not help.
_WRONG_SETTING = 2

_LINE_LIMIT = 1 << 20
_KEPT_LINES = 30

#: A line of our own log format (avatardesk.logs): time, level, the rest.
_LOG_LINE = re.compile(r"[\d-]{10} [\d:,]{12} (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) +(?P<words>.*)")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to start. `env` is the whole environment; it may hold secrets, so it is never shown."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    ready_seconds: float = 20.0


class Child:
    """A running child process. `start` once, then `wait` and `stop`."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None
        self._pumps: list[asyncio.Task[None]] = []
        self._last_words: deque[str] = deque(maxlen=_KEPT_LINES)
        self._child_log = logging.getLogger(f"avatardesk.child.{spec.name}")

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def last_words(self) -> str:
        """The last line the child logged; why it died, as a rule."""
        return next((line for line in reversed(self._last_words) if line.strip()), "")

    async def start(self) -> Ready:
        """Start the process and wait for its readiness line. A child that does not get ready is ended.

        Raises:
            PlatformError: the program cannot be started.
            ServiceError: it failed, ended, or was not ready in time.
        """
        spec = self.spec
        try:
            self._process = await asyncio.create_subprocess_exec(
                *spec.command,
                env=dict(spec.env),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
                # Ctrl+C in a terminal must reach the main process only: it ends the children in order.
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as problem:
            raise PlatformError(f"{spec.name} cannot be started: {problem}.") from problem
        _log.info("%s started (process %d)", spec.name, self._process.pid)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._pumps.append(asyncio.create_task(self._pump(self._process.stderr)))
        try:
            line = await asyncio.wait_for(self._first_line(self._process.stdout), spec.ready_seconds)
            ready = parse_line(line, spec.name)
        except TimeoutError as problem:
            await self.stop()
            raise ServiceError(
                f"{spec.name} was not ready within {spec.ready_seconds:g} s.",
                hint=self.last_words or "The log says what it was doing.",
                code=f"{spec.name}_slow",
            ) from problem
        except AvatarDeskError:
            await self.stop()
            raise
        except BaseException:
            await self.stop()
            raise
        self._pumps.append(asyncio.create_task(self._pump(self._process.stdout)))
        return ready

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit code (negative: the signal)."""
        assert self._process is not None
        code = await self._process.wait()
        await self._drain()
        return code

    async def stop(self, grace: float = STOP_SECONDS) -> None:
        """End the process: ask, wait up to `grace` seconds, then kill. Safe to call twice."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            self._signal(process, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), grace)
            except TimeoutError:
                _log.warning("%s did not end within %.1f s and is killed", self.spec.name, grace)
                self._signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
                await process.wait()
        await self._drain()

    def kill(self) -> None:
        """Kill the process at once, without a word to it: for the last moment of the main process."""
        if self._process is not None and self._process.returncode is None:
            self._signal(self._process, getattr(signal, "SIGKILL", signal.SIGTERM))

    @staticmethod
    def _signal(process: asyncio.subprocess.Process, number: int) -> None:
        # On Windows there is no SIGTERM to handle: the closed pipe is the request, and terminate() the last
        # resort.
        if os.name != "posix" and number == signal.SIGTERM:
            return
        try:
            process.send_signal(number)
        except ProcessLookupError:
            pass

    async def _first_line(self, stream: asyncio.StreamReader) -> str:
        line = await stream.readline()
        if line:
            return line.decode("utf-8", "replace").strip()
        assert self._process is not None
        code = await self._process.wait()
        await self._drain()
        raise ServiceError(
            f"{self.spec.name} ended with code {code} before it was ready.",
            hint=self.last_words,
            code=f"{self.spec.name}_failed",
            retryable=code != _WRONG_SETTING,
        )

    async def _pump(self, stream: asyncio.StreamReader) -> None:
        """Pass the child's lines to the log; a line without an end cannot fill the memory."""
        rest = b""
        while block := await stream.read(1 << 16):
            *lines, rest = (rest + block).split(b"\n")
            if len(rest) > _LINE_LIMIT:
                lines, rest = [rest], b""
            for line in lines:
                self._say(line)
        self._say(rest)

    def _say(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            level, said = _level_and_words(text)
            self._last_words.append(said)
            self._child_log.log(level, "%s", said)

    async def _drain(self) -> None:
        """Let the pumps read what is left. A grandchild may hold the pipe open: do not wait for it for
        ever.
        """
        if self._pumps:
            _, pending = await asyncio.wait(self._pumps, timeout=1.0)
            for pump in pending:
                pump.cancel()
            self._pumps.clear()


def _level_and_words(line: str) -> tuple[int, str]:
    """Return at which level the child logged a line, and the line without what our own log adds again."""
    found = _LOG_LINE.fullmatch(line)
    if found is None:
        return logging.INFO, line
    return logging.getLevelNamesMapping()[found["level"]], found["words"]
