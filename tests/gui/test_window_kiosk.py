"""The kiosk: what a visitor can do, and what brings the screen back to its beginning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from support.window import Window, running_window

from avatardesk.session.state import ConversationState
from avatardesk.shell.kiosk import key_is_blocked
from avatardesk.shell.page import may_open_outside

pytestmark = pytest.mark.gui

Key, Modifier = Qt.Key, Qt.KeyboardModifier


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Modifier.NoModifier, text: str = "") -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key.value, modifier, text)


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Key.Key_F1, Modifier.NoModifier),
        (Key.Key_F5, Modifier.NoModifier),
        (Key.Key_F11, Modifier.NoModifier),
        (Key.Key_F12, Modifier.NoModifier),
        (Key.Key_F4, Modifier.AltModifier),
        (Key.Key_Left, Modifier.AltModifier),
        (Key.Key_Home, Modifier.AltModifier),
        (Key.Key_W, Modifier.ControlModifier),
        (Key.Key_N, Modifier.ControlModifier),
        (Key.Key_T, Modifier.ControlModifier),
        (Key.Key_P, Modifier.ControlModifier),
        (Key.Key_S, Modifier.ControlModifier),
        (Key.Key_O, Modifier.ControlModifier),
        (Key.Key_U, Modifier.ControlModifier),
        (Key.Key_J, Modifier.ControlModifier),
        (Key.Key_R, Modifier.ControlModifier),
        (Key.Key_Q, Modifier.ControlModifier),
        (Key.Key_Plus, Modifier.ControlModifier),
        (Key.Key_Minus, Modifier.ControlModifier),
        (Key.Key_0, Modifier.ControlModifier),
        (Key.Key_I, Modifier.ControlModifier | Modifier.ShiftModifier),
        (Key.Key_Back, Modifier.NoModifier),
        (Key.Key_HomePage, Modifier.NoModifier),
        (Key.Key_Menu, Modifier.NoModifier),
        (Key.Key_Print, Modifier.NoModifier),
    ],
)
def test_no_key_leads_out(qapp: object, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    assert key_is_blocked(press(key, modifier))


@pytest.mark.parametrize(
    ("key", "modifier", "text"),
    [
        (Key.Key_A, Modifier.NoModifier, "a"),
        (Key.Key_A, Modifier.ShiftModifier, "A"),
        (Key.Key_Tab, Modifier.NoModifier, "\t"),
        (Key.Key_Return, Modifier.NoModifier, "\r"),
        (Key.Key_Escape, Modifier.NoModifier, ""),
        (Key.Key_Left, Modifier.NoModifier, ""),
        (Key.Key_C, Modifier.ControlModifier, ""),
        (Key.Key_V, Modifier.ControlModifier, ""),
        (Key.Key_At, Modifier.AltModifier | Modifier.ControlModifier, "@"),
    ],
)
def test_typing_and_editing_still_work(
    qapp: object, key: Qt.Key, modifier: Qt.KeyboardModifier, text: str
) -> None:
    assert not key_is_blocked(press(key, modifier, text))


@pytest.mark.parametrize(
    ("url", "kiosk", "opens"),
    [
        ("https://example.com/", False, True),
        ("https://example.com/", True, False),
        ("http://example.com/", False, False),
        ("file:///etc/passwd", False, False),
        ("javascript:alert(1)", False, False),
        ("mailto:a@example.com", False, False),
        ("https:///nothing", False, False),
    ],
)
def test_only_a_secure_link_reaches_the_systems_browser_and_never_in_a_kiosk(
    url: str, kiosk: bool, opens: bool
) -> None:
    from PySide6.QtCore import QUrl

    assert may_open_outside(QUrl(url), kiosk=kiosk) is opens


def test_a_visitor_who_left_is_noticed_and_a_screen_at_rest_is_left_alone(qapp: object) -> None:
    from PySide6.QtWidgets import QMainWindow

    from avatardesk.shell.kiosk import Kiosk

    now = 0.0
    state = ConversationState(clock=lambda: now)
    resets: list[float] = []
    window = QMainWindow()
    kiosk = Kiosk(window, state, idle_seconds=30, hide_cursor=True, reset=lambda: resets.append(now))
    state.update({"state": "listening"})
    now = 44
    kiosk.check()
    assert resets == []
    now = 46
    kiosk.check()
    assert resets == [46]
    state.update({"state": "attract"})
    now = 400
    kiosk.check()
    now = 420
    kiosk.check()
    assert resets == [46]


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with running_window(
        tmp_path_factory.mktemp("home"),
        "kiosk.enabled=true",
        env={"QTWEBENGINE_REMOTE_DEBUGGING": "127.0.0.1:0", "QTWEBENGINE_CHROMIUM_FLAGS": "--user-flag"},
    ) as found:
        found.wait_for_page()
        yield found


def test_it_fills_the_screen(window: Window) -> None:
    assert window.evaluate("[innerWidth, innerHeight]") == window.evaluate("[screen.width, screen.height]")


def test_the_page_knows_and_cannot_end_it(window: Window) -> None:
    assert window.evaluate("testPage.hello.result.kiosk") is True
    assert window.call("app.quit")["error"]["code"] == "kiosk"


def test_it_cannot_be_closed(window: Window) -> None:
    window.do("close")
    window.wait_until("refusal", lambda: "closing is not offered in a kiosk" in window.log)
    assert window.call("page.mark", name="alive", at=1)["ok"] is True


def test_a_choice_of_one_visitor_is_not_kept_for_the_next_start(window: Window) -> None:
    assert window.call("settings.set", key="captions", value=False)["ok"] is True
    assert not (window.home / "state" / "preferences.json").exists()


def test_no_debugging_port_and_no_flags_come_in_from_outside(window: Window) -> None:
    assert "DevTools listening" not in window.log
    assert "--user-flag" not in window.log


def test_keys_that_lead_out_do_not_reach_the_page(window: Window) -> None:
    window.evaluate("(window.keys = [], addEventListener('keydown', (event) => keys.push(event.key)), 0)")
    window.do("keys", keys=["F5", "Ctrl+P", "A"])
    seen = window.resolve(
        "new Promise((done) => {"
        " const look = () => keys.length ? done(keys) : setTimeout(look, 20); look(); })"
    )
    assert seen == ["a"]


def test_the_end_of_the_service_ends_it(window: Window) -> None:
    assert window.end() == 0
