"""Keeps the child processes alive: start, readiness, restart with back-off, giving up with a reason, a clean
end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from avatardesk.errors import AvatarDeskError, ServiceError
from avatardesk.stack.child import STOP_SECONDS, Child, ChildSpec
from avatardesk.stack.health import RestartCounter, RestartPolicy
from avatardesk.stack.readiness import Ready

_log = logging.getLogger(__name__)

#: Share of the time to stop that a part has before the next one is asked to end as well.
_HEAD_START = 0.4

State = Literal["starting", "ready", "down", "restarting", "off"]
SpecFactory = Callable[[], Awaitable[ChildSpec]]


@dataclass(frozen=True, slots=True)
class PartState:
    """Where a part stands; the data of the bridge's event `stack.state`."""

    part: str
    state: State
    reason: AvatarDeskError | None = None
    ready: Ready | None = None
    pid: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the event's data."""
        data: dict[str, Any] = {"part": self.part, "state": self.state}
        if self.reason is not None:
            data["reason"] = self.reason.to_dict()
        return data


class Supervisor:
    """Runs named parts, each a child process.

    A part's spec is made anew for each start, so that it can hold what another part said when it became
    ready. `on_state` is called in the loop's thread at each change.
    """

    def __init__(self, on_state: Callable[[PartState], None], *, policy: RestartPolicy | None = None) -> None:
        self._on_state = on_state
        self._policy = policy or RestartPolicy()
        self._parts: dict[str, _Part] = {}
        self._stopping = False

    def start(self, name: str, spec: SpecFactory) -> None:
        """Begin to run the part `name`."""
        if name in self._parts:
            raise ValueError(f"part {name} already runs")
        self._parts[name] = _Part(name, spec, self._policy, self._on_state)

    def state(self, name: str) -> PartState:
        """Return where the part stands; a part never started is `off`."""
        part = self._parts.get(name)
        return part.state if part is not None else PartState(name, "off")

    def states(self) -> list[PartState]:
        """Return where all parts stand."""
        return [part.state for part in self._parts.values()]

    def pids(self) -> dict[str, int]:
        """Return the process id of each running child."""
        return {name: part.state.pid for name, part in self._parts.items() if part.state.pid is not None}

    async def ready(self, name: str) -> Ready:
        """Wait until the part is ready and return its readiness line.

        Raises:
            AvatarDeskError: the part was given up, is not run, or the supervisor stops; says why.
        """
        part = self._parts.get(name)
        if part is None or self._stopping:
            raise ServiceError(f"{name} does not run.", code="stack_down")
        return await part.wait_ready()

    def retry(self, name: str) -> None:
        """Start a part that was given up once more; one that runs is left alone."""
        part = self._parts.get(name)
        if part is not None:
            part.retry()

    def restart(self, name: str) -> None:
        """End the part's process and start it anew, because what it was started with has changed."""
        part = self._parts.get(name)
        if part is not None:
            part.restart()

    async def stop(self, within: float = STOP_SECONDS) -> None:
        """End all children within so many seconds.

        The last started goes first, with a head start: an agent says goodbye to a room that still lives.
        Nobody's slow end holds up the rest.
        """
        self._stopping = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        ends = []
        for part in reversed(list(self._parts.values())):
            ends.append(asyncio.create_task(part.stop(max(0.5, deadline - loop.time()))))
            await asyncio.wait(ends[-1:], timeout=within * _HEAD_START)
        await asyncio.gather(*ends)

    def kill(self) -> None:
        """Kill all children at once (the main process is about to end without its loop)."""
        for part in self._parts.values():
            part.kill()


class _Part:
    """One part and the task that keeps it running."""

    def __init__(
        self, name: str, spec: SpecFactory, policy: RestartPolicy, on_state: Callable[[PartState], None]
    ) -> None:
        self._name = name
        self._spec = spec
        self._counter = RestartCounter(policy)
        self._on_state = on_state
        self._child: Child | None = None
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._again = asyncio.Event()
        self._stopped = False
        self.state = PartState(name, "starting")
        self._task = asyncio.create_task(self._run(), name=f"part-{name}")

    async def wait_ready(self) -> Ready:
        while True:
            if self.state.state == "ready" and self.state.ready is not None:
                return self.state.ready
            if self.state.state in ("down", "off"):
                raise self.state.reason or ServiceError(f"{self._name} does not run.", code="stack_down")
            await self._changed.wait()

    def retry(self) -> None:
        if self.state.state in ("down", "restarting"):
            self._counter.reset()
            self._wake.set()

    def restart(self) -> None:
        """Have the task end its child and begin anew."""
        self._counter.reset()
        self._again.set()
        self._wake.set()

    async def stop(self, grace: float) -> None:
        # The child first: the task, once cancelled, would end it with a grace of its own.
        self._stopped = True
        if self._child is not None:
            await self._child.stop(grace)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._set("off")

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()

    async def _run(self) -> None:
        self._set("starting")
        while True:
            reason = await self._live_once()
            if self._stopped:
                return
            self._wake.clear()
            if reason is None:
                self._set("restarting")
                continue
            delay = self._counter.failed() if reason.can_retry else None
            if delay is None:
                _log.error("%s is given up: %s", self._name, reason)
                self._set("down", reason)
                await self._wake.wait()
                self._set("starting")
                continue
            _log.warning("%s: %s Starting it again in %.1f s.", self._name, reason, delay)
            self._set("restarting", reason)
            try:
                await asyncio.wait_for(self._wake.wait(), delay)
            except TimeoutError:
                pass

    async def _live_once(self) -> AvatarDeskError | None:
        """Live through one life of the child; return why it ended, or None when a restart was asked for."""
        self._again.clear()
        life = asyncio.create_task(self._life())
        again = asyncio.create_task(self._again.wait())
        try:
            await asyncio.wait({life, again}, return_when=asyncio.FIRST_COMPLETED)
            if life.done():
                return life.result()
            return None
        finally:
            for task in (life, again):
                task.cancel()
            await asyncio.gather(life, again, return_exceptions=True)
            if self._child is not None:
                await self._child.stop()

    async def _life(self) -> AvatarDeskError:
        try:
            spec = await self._spec()
            self._child = Child(spec)
            ready = await self._child.start()
            self._counter.ready()
            self._set("ready", ready=ready)
            code = await self._child.wait()
        except AvatarDeskError as problem:
            return problem
        except Exception as problem:  # noqa: BLE001 - whatever a spec or a spawn does, the supervisor lives
            _log.exception("%s could not be started", self._name)
            return ServiceError(f"{self._name} could not be started: {problem}", code="internal")
        return ServiceError(
            f"{self._name} ended unexpectedly (code {code}).",
            hint=self._child.last_words,
            code=f"{self._name}_died",
        )

    def _set(self, state: State, reason: AvatarDeskError | None = None, ready: Ready | None = None) -> None:
        pid = self._child.pid if self._child is not None else None
        self.state = PartState(self._name, state, reason, ready, pid)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_state(self.state)
