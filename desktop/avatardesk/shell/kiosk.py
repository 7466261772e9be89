"""Unattended on a public screen: nothing but the page, and always back to its beginning.

What keeps a visitor in is spread over the places that can do it: `page.py` (navigation, windows, downloads,
dialogs, file choosers), `gl.py` (Chromium's flags, no debugging port), the window (cannot be closed). Here
are the keys and the wheel, and the reset when a visitor has left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from avatardesk.session.state import ConversationState

_log = logging.getLogger(__name__)

_CHECK_MS = 1000

#: The page counts down and resets by itself; this is for a page that does not.
_GRACE_SECONDS = 15.0

#: States in which nobody's conversation is on the screen.
_AT_REST = frozenset({"", "attract", "loading", "starting"})

#: Keys a visitor needs: typing, moving within the page, leaving a field.
_FUNCTION_KEYS = frozenset(range(Qt.Key.Key_F1.value, Qt.Key.Key_F35.value + 1))
_BLOCKED_KEYS = _FUNCTION_KEYS | {
    key.value
    for key in (
        Qt.Key.Key_Back,
        Qt.Key.Key_Forward,
        Qt.Key.Key_Refresh,
        Qt.Key.Key_HomePage,
        Qt.Key.Key_Favorites,
        Qt.Key.Key_Search,
        Qt.Key.Key_OpenUrl,
        Qt.Key.Key_LaunchMail,
        Qt.Key.Key_LaunchMedia,
        Qt.Key.Key_Explorer,
        Qt.Key.Key_Menu,
        Qt.Key.Key_Help,
        Qt.Key.Key_Print,
        Qt.Key.Key_SysReq,
        Qt.Key.Key_ZoomIn,
        Qt.Key.Key_ZoomOut,
    )
}
#: With Ctrl (Cmd) only editing is left.
_EDITING = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
)

_ACTIVITY = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin, QEvent.Type.MouseMove}
)
_DRAGS = frozenset({QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop, QEvent.Type.ContextMenu})


def key_is_blocked(event: QKeyEvent) -> bool:
    """Return whether a key must not reach the page."""
    if event.key() in _BLOCKED_KEYS:
        return True
    modifiers = event.modifiers()
    if modifiers & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
        # AltGr, which many layouts need for @ or €, comes as a text; Alt+F4 and Alt+Left do not.
        return not event.text().isprintable() or not event.text()
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return not any(event.matches(sequence) for sequence in _EDITING)
    return False


class KioskGuard(QObject):
    """Filters the input of the widget the page draws in. Never install it on the application: Qt WebEngine
    crashes.
    """

    def __init__(self, on_activity: Callable[[], None]) -> None:
        super().__init__()
        self._on_activity = on_activity
        self._watched: QWidget | None = None

    def watch(self, widget: QWidget | None) -> None:
        """Filter this widget's events. The engine replaces its widget now and then: call it after each
        load.
        """
        if widget is not None and widget is not self._watched:
            widget.installEventFilter(self)
            self._watched = widget

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow what leads out of the page."""
        kind = event.type()
        if kind in _ACTIVITY:
            self._on_activity()
        if isinstance(event, QKeyEvent):
            return key_is_blocked(event)
        if isinstance(event, QWheelEvent):
            return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return kind in _DRAGS


class Kiosk(QObject):
    """Runs the kiosk: full screen, guarded, reset when its visitor has gone."""

    def __init__(
        self,
        window: QMainWindow,
        state: ConversationState,
        *,
        idle_seconds: float,
        hide_cursor: bool,
        reset: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._state = state
        self._idle_seconds = idle_seconds
        self._reset = reset
        self._guard = KioskGuard(state.touch)
        self._timer = QTimer(self)
        self._timer.setInterval(_CHECK_MS)
        self._timer.timeout.connect(self.check)
        if hide_cursor:
            window.setCursor(Qt.CursorShape.BlankCursor)

    def show(self) -> None:
        """Fill the screen. Its geometry first: without it some window systems give a window of no size."""
        self._window.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        screen = self._window.screen()
        self._window.setGeometry(screen.geometry())
        self._window.showFullScreen()
        self._timer.start()

    def guard(self, widget: QWidget | None) -> None:
        """Guard the widget the page draws in now."""
        self._guard.watch(widget)

    def check(self) -> None:
        """Reset the conversation when nobody has been there for too long."""
        if str(self._state.page.get("state", "")) in _AT_REST:
            self._state.touch()
        elif self._state.idle_seconds > self._idle_seconds + _GRACE_SECONDS:
            _log.info("nobody has been here for %.0f s: back to the beginning", self._state.idle_seconds)
            self._state.touch()
            self._reset()
