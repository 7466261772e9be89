"""Parts of the program are killed: the rest must notice, tell, and recover, and nothing may be left over."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.window import Window, running_window

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.gui,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
]


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    with running_window(tmp_path) as found:
        found.wait_for_page()
        found.wait_told("stack", part="stack", state="ready")
        yield found


def events(window: Window, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = window.evaluate(
        f"testPage.events.filter((one) => one.event === {name!r}).map((one) => one.data)"
    )
    return found


def test_a_killed_main_process_leaves_no_orphan(window: Window) -> None:
    processes = psutil.Process(window.process.pid).children(recursive=True)
    assert any("stack" in one.cmdline() for one in processes)
    window.process.kill()
    _, alive = psutil.wait_procs(processes, timeout=10)
    left = [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    assert left == [], [one.cmdline() for one in left]


def test_a_stopped_stack_does_not_outlive_a_killed_main_process(window: Window) -> None:
    """The pipe's end goes unnoticed by a process that hangs; the guard ends it all the same."""
    stack = psutil.Process(window.do("children")["stack"])
    stack.suspend()
    window.process.kill()
    window.process.wait(10)
    stack.resume()
    stack.wait(15)


def test_a_killed_stack_is_started_again_and_the_page_is_told_to_connect_anew(window: Window) -> None:
    first = window.call("connection.get")["result"]
    os.kill(window.do("children")["stack"], signal.SIGKILL)
    window.wait_told("stack", part="stack", state="restarting")
    window.wait_told("stack", 2, part="stack", state="ready")
    second = window.call("connection.get")["result"]
    assert second["url"] != first["url"]
    assert second["identity"] == first["identity"]
    assert events(window, "connection.changed") == [{}]
    states = [event["state"] for event in events(window, "stack.state")]
    assert "restarting" in states
    assert states[-1] == "ready"


def test_a_killed_page_is_back_within_two_seconds_and_greets_again(window: Window) -> None:
    before = window.do("renderer")
    begun = time.time()
    os.kill(before, signal.SIGKILL)
    mark = window.wait_told("mark", 2, name="first_frame")
    assert mark["at"] / 1000 - begun < 2.0
    assert window.do("renderer") != before
    assert window.call("connection.get")["ok"] is True
    assert window.end() == 0


def test_a_page_that_keeps_dying_gives_way_to_a_safe_screen_that_offers_another_try(window: Window) -> None:
    for count in (2, 3):
        os.kill(window.do("renderer"), signal.SIGKILL)
        window.wait_for_page(count)
    os.kill(window.do("renderer"), signal.SIGKILL)
    error = window.wait_told("error", code="page")
    assert "keeps stopping" in error["message"]
    window.wait_told("mark", 4, name="page_loaded")
    assert "killed" in window.evaluate("document.body.innerText")
    window.evaluate("(document.querySelector('a').click(), 0)")
    window.wait_for_page(4)
    assert window.end() == 0


def test_a_page_that_hangs_is_ended_and_loaded_anew(tmp_path: Path) -> None:
    with running_window(tmp_path, "window.watchdog_seconds=1.5") as window:
        window.wait_for_page()
        window.evaluate("(setTimeout(() => { for (;;) {} }, 0), 0)")
        window.wait_for_page(2)
        assert "has not answered" in window.log
        assert window.end() == 0
