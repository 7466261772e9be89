from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from avatardesk.errors import AvatarDeskError, ServiceError
from avatardesk.stack.child import ChildSpec
from avatardesk.stack.health import RestartCounter, RestartPolicy
from avatardesk.stack.supervisor import PartState, SpecFactory, Supervisor

FAKE = Path(__file__).parents[2] / "support" / "fake_child.py"
QUICK = RestartPolicy(first_delay=0.05, longest_delay=0.1, failures_allowed=2)


class Watch:
    """Keeps the states a supervisor reports, and waits for one."""

    def __init__(self) -> None:
        self.seen: list[PartState] = []
        self._changed = asyncio.Event()

    def __call__(self, state: PartState) -> None:
        self.seen.append(state)
        self._changed.set()

    async def wait_for(self, wanted: str, count: int = 1) -> PartState:
        async with asyncio.timeout(20):
            while len(found := [state for state in self.seen if state.state == wanted]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]


def fake(*modes: str) -> SpecFactory:
    """A spec factory: each start takes the next mode, the last one for ever."""
    left = list(modes)

    async def spec() -> ChildSpec:
        mode = left.pop(0) if len(left) > 1 else left[0]
        return ChildSpec("fake", [sys.executable, str(FAKE), mode], dict(os.environ), 15)

    return spec


async def test_a_killed_child_is_started_again() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=QUICK)
    supervisor.start("fake", fake("ready"))
    first = await supervisor.ready("fake")
    os.kill(int(first.text("pid")), signal.SIGKILL)
    again = await watch.wait_for("ready", 2)
    assert again.ready is not None
    assert again.ready.text("pid") != first.text("pid")
    restarting = next(state for state in watch.seen if state.state == "restarting")
    assert restarting.reason is not None
    assert restarting.reason.error_code == "fake_died"
    await supervisor.stop()
    assert supervisor.pids() == {}


async def test_a_part_that_keeps_failing_is_given_up_with_its_reason() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=QUICK)
    supervisor.start("fake", fake("fails"))
    down = await watch.wait_for("down")
    assert down.reason is not None
    assert "no port is free" in down.reason.hint
    assert [state.state for state in watch.seen].count("restarting") == QUICK.failures_allowed
    with pytest.raises(ServiceError, match="before it was ready"):
        await supervisor.ready("fake")
    await supervisor.stop()


async def test_a_part_that_was_given_up_starts_again_when_asked() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=RestartPolicy(failures_allowed=0))
    supervisor.start("fake", fake("fails", "ready"))
    await watch.wait_for("down")
    supervisor.retry("fake")
    await watch.wait_for("ready")
    await supervisor.stop()


async def test_a_failure_that_no_retry_can_help_is_given_up_at_once() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=QUICK)
    supervisor.start("fake", fake("wrong"))
    await watch.wait_for("down")
    assert "restarting" not in [state.state for state in watch.seen]
    await supervisor.stop()


async def test_a_restart_on_request_is_not_counted_as_a_failure() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=RestartPolicy(failures_allowed=0))
    supervisor.start("fake", fake("ready"))
    first = await supervisor.ready("fake")
    supervisor.restart("fake")
    second = await watch.wait_for("ready", 2)
    assert second.ready is not None
    assert second.ready.text("pid") != first.text("pid")
    await supervisor.stop()


async def test_whoever_waits_for_a_part_gets_it_after_a_failed_start() -> None:
    supervisor = Supervisor(lambda _: None, policy=QUICK)
    supervisor.start("fake", fake("fails", "ready"))
    ready = await asyncio.wait_for(supervisor.ready("fake"), 20)
    assert ready.name == "fake"
    await supervisor.stop()


async def test_a_spec_that_cannot_be_made_gives_the_part_up_with_its_own_words() -> None:
    async def spec() -> ChildSpec:
        raise AvatarDeskError("The key is missing.", code="bad_credentials")

    watch = Watch()
    supervisor = Supervisor(watch, policy=QUICK)
    supervisor.start("fake", spec)
    down = await watch.wait_for("down")
    assert down.to_dict()["reason"]["code"] == "bad_credentials"
    await supervisor.stop()


async def test_a_stop_during_the_start_leaves_no_process() -> None:
    watch = Watch()
    supervisor = Supervisor(watch, policy=QUICK)
    supervisor.start("fake", fake("mute"))
    await watch.wait_for("starting")
    await asyncio.sleep(0)
    await asyncio.wait_for(supervisor.stop(), 5)
    assert supervisor.pids() == {}
    with pytest.raises(ServiceError):
        await supervisor.ready("fake")


def test_the_pause_grows_and_a_stable_time_forgives() -> None:
    now = 0.0
    counter = RestartCounter(RestartPolicy(0.5, 10, 2, 5, 60), clock=lambda: now)
    assert [counter.failed() for _ in range(6)] == [0.5, 1, 2, 4, 8, None]
    counter.reset()
    assert counter.failed() == 0.5
    counter.ready()
    now += 61
    assert counter.failed() == 0.5
    counter.ready()
    now += 59
    assert counter.failed() == 1
