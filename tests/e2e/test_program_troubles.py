"""What goes wrong at a user's desk: the real page says what and what to do, and the program goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.livekit_server import free_port
from support.room_servers import embedded_room
from support.window import Window, running_window

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

PAGE = Path(__file__).resolve().parents[2] / "webview" / "dist"
SHOWN = "document.querySelector('#app')?.innerText ?? ''"


def _shown(window: Window, words: str) -> str:
    """Wait until the page shows `words`; return all its text."""
    return str(window.wait_until(f"text {words!r}", lambda: _text_with(window, words)))


def _text_with(window: Window, words: str) -> str | None:
    text = window.evaluate(SHOWN) or ""
    return text if words.lower() in text.lower() else None


def _goes_on(window: Window) -> None:
    """The page still lives, and the program ends in order when asked."""
    assert window.evaluate("1 + 1") == 2
    assert window.end() == 0
    assert "Traceback" not in window.log


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


async def test_a_wrong_secret_is_named_in_the_window(home: Path) -> None:
    async with embedded_room() as room:
        services = {
            "LIVEKIT_URL": room.url,
            "LIVEKIT_API_KEY": room.api_key,
            "LIVEKIT_API_SECRET": "not-the-secret-of-this-room-at-all",
        }
        # In a thread: the room lives in this loop.
        await asyncio.to_thread(_refused, home, services)


def _refused(home: Path, services: dict[str, str]) -> None:
    with running_window(home, page=PAGE, env=services) as window:
        window.wait_told("status", state="error")
        text = window.evaluate(SHOWN)
        assert "refused" in text or "credential" in text or "token" in text, text
        assert services["LIVEKIT_API_SECRET"] not in window.log
        _goes_on(window)


def test_a_room_that_is_down_is_named_and_can_be_tried_again(home: Path) -> None:
    services = {
        "LIVEKIT_URL": f"ws://127.0.0.1:{free_port()}",
        "LIVEKIT_API_KEY": "APIkey",
        "LIVEKIT_API_SECRET": "a-secret-that-is-long-enough-for-a-key",
    }
    with running_window(home, page=PAGE, env=services) as window:
        window.wait_told("status", state="error")
        assert window.evaluate(
            "[...document.querySelectorAll('button')].some((b) => /again/i.test(b.innerText))"
        )
        _goes_on(window)


def test_an_unknown_avatar_is_named_in_the_window(home: Path) -> None:
    with running_window(home, "avatar.character=nobody", page=PAGE) as window:
        text = _shown(window, "nobody")
        assert "nova" in text.lower(), text
        _goes_on(window)


@pytest.fixture
def talking(home: Path) -> Iterator[Window]:
    with running_window(home, "agent.enabled=true", page=PAGE) as window:
        yield window


def test_without_a_microphone_one_can_type_and_is_answered(talking: Window) -> None:
    talking.wait_told("status", mic="missing")
    _shown(talking, "microphone")
    talking.wait_told("status", state="listening")
    typed = json.dumps("What is your name?")
    talking.evaluate("document.querySelector('button[aria-label*=typing]').click()")
    talking.wait_until("chat field", lambda: talking.evaluate("!!document.querySelector('.composer input')"))
    talking.evaluate(
        "(() => { const field = document.querySelector('.composer input');"
        f" field.value = {typed};"
        " field.dispatchEvent(new Event('input', { bubbles: true })); return 0; })()"
    )
    # The button wakes up with the page's next picture.
    can_send = "!document.querySelector('.composer button').disabled"
    talking.wait_until("send button", lambda: talking.evaluate(can_send))
    talking.evaluate("document.querySelector('.composer button').click()")

    def answered() -> dict[str, Any] | None:
        states = [told for told in talking.told if told["told"] == "status"]
        return next((one for one in states if "call me" in one.get("lastSaid", "").lower()), None)

    talking.wait_until("an answer", answered)
    _goes_on(talking)
