"""Brings a dead or hung page back, and stops trying when it keeps dying."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWebEngineCore import QWebEnginePage

from avatardesk.shell.content import Problem

_log = logging.getLogger(__name__)

#: So many deaths within the window, and the page of last resort is shown instead of the next try.
DEATHS_ALLOWED = 3
WINDOW_SECONDS = 60.0

_RELOAD_DELAY_MS = 100
#: A page that leaves so many beats unanswered hangs. Its first load may be slow, so beats start after it.
_MISSED_ALLOWED = 3

_Status = QWebEnginePage.RenderProcessTerminationStatus

_CAUSES = {
    _Status.CrashedTerminationStatus: "it crashed",
    _Status.KilledTerminationStatus: "it was killed, perhaps for lack of memory",
    _Status.AbnormalTerminationStatus: "it ended abnormally",
    _Status.NormalTerminationStatus: "it ended",
}


class DeathCounter:
    """Counts deaths within a sliding window of time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=DEATHS_ALLOWED)

    def too_many(self) -> bool:
        """Note a death; return whether it was one too many. Then the count starts anew."""
        now = self._clock()
        self._times.append(now)
        if len(self._times) == DEATHS_ALLOWED and now - self._times[0] <= WINDOW_SECONDS:
            self._times.clear()
            return True
        return False


class Recovery(QObject):
    """Watches one page. `reload` loads it anew; `give_up` shows a problem instead.

    A page that does not answer for `hang_seconds` is taken for dead; 0 switches that off.
    """

    def __init__(
        self,
        page: QWebEnginePage,
        *,
        reload: Callable[[], None],
        give_up: Callable[[Problem], None],
        hang_seconds: float,
        counter: DeathCounter | None = None,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._reload = reload
        self._give_up = give_up
        self._counter = counter or DeathCounter()
        self._missed = 0
        self._stopped = False
        page.renderProcessTerminated.connect(self._terminated)
        self._beat = QTimer(self)
        self._beat.setInterval(round(hang_seconds * 1000 / _MISSED_ALLOWED))
        self._beat.timeout.connect(self._ask)
        if hang_seconds > 0:
            page.loadFinished.connect(self._loaded)

    def stop(self) -> None:
        """The program ends: a page that goes now is meant to go."""
        self._stopped = True
        self._beat.stop()

    def _loaded(self, _ok: bool) -> None:
        self._missed = 0
        self._beat.start()

    def _ask(self) -> None:
        if self._missed >= _MISSED_ALLOWED:
            self._kill_hung_page()
            return
        self._missed += 1
        self._page.runJavaScript("1", self._answered)

    def _answered(self, _value: object) -> None:
        self._missed = 0

    def _kill_hung_page(self) -> None:
        self._beat.stop()
        process = self._page.renderProcessPid()
        _log.error(
            "the page has not answered %d times in a row: ending its process %d", self._missed, process
        )
        if process > 0:
            try:
                os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            except OSError as problem:
                _log.error("the hung page could not be ended: %s", problem)

    def _terminated(self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int) -> None:
        self._beat.stop()
        self._missed = 0
        if self._stopped:
            return
        # A signal to the whole process group reaches the page first: wait whether the program ends as well.
        QTimer.singleShot(
            _RELOAD_DELAY_MS, self, lambda: self._recover(_CAUSES.get(status, "it ended"), code)
        )

    def _recover(self, cause: str, code: int) -> None:
        if self._stopped:
            return
        _log.error("the page's process is gone: %s (code %d)", cause, code)
        if self._counter.too_many():
            text = f"It was lost {DEATHS_ALLOWED} times within a minute; the last time {cause} (code {code})."
            hint = "The log says more. Try again when the cause is gone."
            self._give_up(Problem("The page keeps stopping", text, hint))
        else:
            self._reload()
