from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from avatardesk.errors import PlatformError, ProtocolError, ServiceError
from avatardesk.stack.child import Child, ChildSpec

FAKE = Path(__file__).parents[2] / "support" / "fake_child.py"


def spec(mode: str, seconds: float = 15.0, env: dict[str, str] | None = None) -> ChildSpec:
    return ChildSpec("fake", [sys.executable, str(FAKE), mode], env or dict(os.environ), seconds)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_ready_child_hands_over_its_line_and_ends_when_told() -> None:
    child = Child(spec("ready"))
    ready = await child.start()
    pid = child.pid
    assert pid is not None
    assert ready.text("pid") == str(pid)
    await child.stop()
    assert child.pid is None
    assert gone(pid)


async def test_a_child_that_ignores_the_request_to_end_is_killed() -> None:
    child = Child(spec("stubborn"))
    await child.start()
    pid = child.pid
    assert pid is not None
    begun = time.monotonic()
    await child.stop(grace=0.3)
    assert gone(pid)
    assert time.monotonic() - begun < 5


async def test_a_child_that_dies_early_is_reported_with_its_last_words() -> None:
    with pytest.raises(ServiceError) as caught:
        await Child(spec("fails")).start()
    assert caught.value.error_code == "fake_failed"
    assert "no port is free" in caught.value.hint
    assert caught.value.can_retry


async def test_a_wrong_setting_is_not_worth_another_try() -> None:
    with pytest.raises(ServiceError) as caught:
        await Child(spec("wrong")).start()
    assert not caught.value.can_retry


async def test_a_child_can_say_itself_why_it_failed() -> None:
    with pytest.raises(ServiceError, match="The port is taken") as caught:
        await Child(spec("says-why")).start()
    assert caught.value.error_code == "port_in_use"
    assert not caught.value.can_retry


async def test_a_child_that_is_not_ready_in_time_is_ended() -> None:
    child = Child(spec("mute", seconds=0.5))
    with pytest.raises(ServiceError, match="not ready within"):
        await child.start()
    assert child.pid is None


async def test_a_first_line_that_is_no_readiness_line_is_refused() -> None:
    child = Child(spec("chatters"))
    with pytest.raises(ProtocolError, match="Welcome"):
        await child.start()
    assert child.pid is None


async def test_a_log_line_without_an_end_does_not_block_the_child() -> None:
    child = Child(spec("floods"))
    await child.start()
    await child.stop()


async def test_a_program_that_does_not_exist_is_a_platform_error() -> None:
    with pytest.raises(PlatformError):
        await Child(ChildSpec("fake", ["/nowhere/at-all"], {})).start()


async def test_the_end_of_a_child_is_told_with_its_code() -> None:
    child = Child(spec("dies"))
    await child.start()
    assert await asyncio.wait_for(child.wait(), 10) == 7


def test_a_spec_does_not_show_its_environment() -> None:
    assert "hunter2" not in repr(ChildSpec("fake", ["x"], {"LIVEKIT_API_SECRET": "hunter2"}))


async def test_a_childs_warning_stays_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        child = Child(spec("warns"))
        await child.start()
        await child.stop()
    found = [record for record in caplog.records if record.name == "avatardesk.child.fake"]
    assert ("WARNING", "room: nobody is here") in [
        (record.levelname, record.getMessage()) for record in found
    ]
