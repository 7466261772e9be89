"""The window's life: it starts, it is alone, it ends cleanly, however it is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.window import Window, running_window

pytestmark = pytest.mark.gui

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def family(window: Window) -> list[psutil.Process]:
    return psutil.Process(window.process.pid).children(recursive=True)


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def assert_clean(window: Window, code: int) -> None:
    assert code == 0, window.log[-3000:]
    for trouble in (
        "Traceback",
        "Release of profile",
        "never awaited",
        "never retrieved",
        "QThread: Destroyed",
    ):
        assert trouble not in window.log, window.log[-3000:]


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    with running_window(tmp_path) as found:
        found.wait_for_page()
        found.wait_told("stack", part="stack", state="ready")
        yield found


def test_closing_the_window_ends_everything_within_five_seconds(window: Window) -> None:
    processes = family(window)
    assert len(processes) >= 2
    begun = time.monotonic()
    code = window.end(send=lambda: window.do("close"))
    assert time.monotonic() - begun < 5
    assert_clean(window, code)
    assert_gone(processes)


@POSIX
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_it_as_cleanly_as_a_click(window: Window, name: str) -> None:
    processes = family(window)
    code = window.end(send=lambda: window.process.send_signal(getattr(signal, name)))
    assert_clean(window, code)
    assert_gone(processes)


def test_it_can_be_ended_while_it_still_starts(tmp_path: Path) -> None:
    with running_window(tmp_path) as window:
        window.wait_told("started")
        processes = family(window)
        code = window.end()
        assert_clean(window, code)
        assert_gone(processes)


def test_the_page_can_ask_for_the_end(window: Window) -> None:
    window.evaluate("(testPage.call('app.quit'), 0)")
    assert_clean(window, window.process.wait(20))


def run_command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avatardesk", *words],
        env={**os.environ, "AVATARDESK_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_start_raises_the_first_window_and_ends(window: Window) -> None:
    second = run_command(window.home)
    assert second.returncode == 0, second.stderr
    assert "its window was raised" in second.stderr
    assert window.process.poll() is None


def test_another_process_can_ask_for_the_state(window: Window) -> None:
    done = run_command(window.home, "status")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)
    assert state["parts"]["stack"]["state"] == "ready"
    assert state["processes"]["stack"] > 0


@POSIX
def test_after_a_kill_the_next_start_is_not_locked_out(tmp_path: Path) -> None:
    with running_window(tmp_path) as first:
        first.wait_told("started")
        first.process.kill()
        first.process.wait(10)
    with running_window(tmp_path) as second:
        second.wait_for_page()
        assert_clean(second, second.end())


def test_the_window_comes_back_where_it_was(tmp_path: Path) -> None:
    for size_once in (("window.width=640", "window.height=600"), ()):
        with running_window(tmp_path, *size_once) as window:
            window.wait_for_page()
            size = window.evaluate("[innerWidth, innerHeight]")
            assert_clean(window, window.end())
    assert size == [640, 600]
    assert (tmp_path / "state" / "window.ini").is_file()


def test_without_a_built_page_the_window_says_how_to_build_it(tmp_path: Path) -> None:
    with running_window(tmp_path, page=tmp_path / "nothing-here") as window:
        error = window.wait_told("error", code="page")
        assert "dev.py build" in error["hint"]
        window.wait_told("mark", name="page_loaded")
        assert "The page is missing" in window.evaluate("document.body.innerText")
        assert_clean(window, window.end())


def test_wrong_credentials_are_an_error_in_the_window_and_on_stderr(tmp_path: Path) -> None:
    with running_window(
        tmp_path,
        "livekit.url=wss://room.example",
        env={"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
    ) as window:
        window.wait_for_page()
        reply = window.call("connection.get")
        assert reply["error"]["code"] == "bad_credentials"
        assert reply["error"]["field"] == "LIVEKIT_API_KEY"
        assert window.process.poll() is None
        assert_clean(window, window.end())
        assert "LIVEKIT_API_KEY is missing" in window.log


def test_endpoints_that_do_not_go_together_are_told_and_the_window_stays(tmp_path: Path) -> None:
    with running_window(
        tmp_path,
        "avatar.console_endpoint=https://c.example/v1/console",
        "avatar.ingress_endpoint=wss://i.example/v2/driveningress",
    ) as window:
        error = window.wait_told("error", code="settings")
        assert "cannot reach a room on this machine" in error["message"]
        window.wait_for_page()
        shown = window.resolve(
            "new Promise((done) => { const look = () => {"
            " const seen = testPage.events.find((one) => one.event === 'error');"
            " seen ? done(seen.data) : setTimeout(look, 20); }; look(); })"
        )
        assert shown["code"] == "settings"
        assert_clean(window, window.end())


def test_what_one_says_that_cannot_be_said_is_told_to_both_sides(window: Window) -> None:
    broken = window.home / "broken.wav"
    broken.write_bytes(b"RIFF\0\0\0\0WAVE")
    done = run_command(window.home, "say", "--wav", str(broken))
    assert done.returncode == 2
    assert "holds no sound" in done.stderr
    assert window.process.poll() is None
