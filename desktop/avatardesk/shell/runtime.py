"""The running window program: its parts, and how they speak to one another."""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from pathlib import Path
from typing import Any

from avatardesk import __version__
from avatardesk.errors import AvatarDeskError
from avatardesk.paths import Paths, ensure
from avatardesk.secrets import Secrets
from avatardesk.session.controller import Conversation
from avatardesk.settings import Settings
from avatardesk.settings_sources import checked_from_page, write_preference
from avatardesk.shell.bridge.envelope import error_data
from avatardesk.shell.bridge.methods import refuse_in_kiosk
from avatardesk.shell.bridge.registry import Params
from avatardesk.shell.content import Problem
from avatardesk.shell.control import ControlServer
from avatardesk.shell.host import PageHost
from avatardesk.shell.kiosk import Kiosk
from avatardesk.shell.observer import AppObserver
from avatardesk.shell.options import RunOptions
from avatardesk.shell.status import StatusReport
from avatardesk.shell.window import MainWindow

_log = logging.getLogger(__name__)


class Runtime:
    """The program between `start` and `close`. It is what the bridge calls `Program` and an observer
    `AppHandle`.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Paths,
        secrets: Secrets,
        options: RunOptions,
        *,
        observer: AppObserver | None,
        software: bool,
    ) -> None:
        self.settings = settings
        self._paths = folders
        self._options = options
        self._observer = observer or AppObserver()
        self._software = software
        self._quit: asyncio.Future[int] = asyncio.get_event_loop().create_future()
        self.conversation = Conversation(
            settings, secrets, on_stack=self._stack_changed, on_renewed=self._connection_void
        )
        self.window = MainWindow(settings.window, folders.state_dir / "window.ini", self._window_closed)
        self.host = PageHost(
            self.window.view,
            settings,
            folders,
            self,
            on_loaded=self._page_loaded,
            on_problem=self._page_problem,
        )

        self._control = ControlServer(
            folders, {"say": self._say_command, "raise": self._raise_command, "status": self._status_command}
        )
        self._kiosk: Kiosk | None = None
        if settings.kiosk.enabled:
            self._kiosk = Kiosk(
                self.window,
                self.conversation.state,
                idle_seconds=settings.kiosk.idle_reset_seconds,
                hide_cursor=settings.kiosk.hide_cursor,
                reset=lambda: self.host.channel.send_event("conversation.reset", {}),
            )
        self._status: StatusReport | None = None
        if options.status:
            self._status = StatusReport(folders.state_dir, self.status, self.screenshot)

    # -- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Show the window, load the page and start the children."""
        ensure(self._paths.state_dir)
        if self._options.started_at is not None:
            self.mark("process_start", self._options.started_at * 1000)
        self.host.load()
        if self._kiosk is not None:
            self._kiosk.show()
        else:
            self.window.restore()
            self.window.show()
        self.mark("window", time.time() * 1000)
        for begin in (self.conversation.start, self._control.listen):
            try:
                begin()
            except AvatarDeskError as problem:
                self.report(problem)
        if self._status is not None:
            self._status.start()
        self._observer.on_started(self)

    async def wait(self) -> int:
        """Wait until somebody ends the program; return the exit code."""
        return await self._quit

    async def close(self) -> None:
        """Put everything away, in order; never raises for one part's sake."""
        self.host.channel.send_event("shutdown", {})
        if self._status is not None:
            self._status.stop()
        if self._kiosk is None:
            self.window.remember()
        self.window.hide()
        ends = await asyncio.gather(
            self._control.close(), self.conversation.stop(), self.host.close(), return_exceptions=True
        )
        for problem in ends:
            if problem is not None:
                _log.error("a part could not be ended in order", exc_info=problem)
        self.window.deleteLater()
        await asyncio.sleep(0)

    def report(self, problem: BaseException) -> None:
        """Show an error in the window, on stderr and to the observer; the program goes on."""
        data = error_data(problem)
        _log.error("%s %s", data["message"], data["hint"])
        self.host.channel.send_event("error", data)
        self._observer.on_error(data)

    # -- AppHandle ----------------------------------------------------------------------------------------

    def screenshot(self, path: Path) -> bool:
        """Write what the window shows now as PNG; return whether that succeeded."""
        return self.window.grab().save(str(path), "PNG")

    def quit(self, code: int = 0) -> None:
        """End the program in order, with this exit code."""
        if not self._quit.done():
            self._quit.set_result(code)

    def children(self) -> dict[str, int]:
        """Return the process ids of the children, by part."""
        return self.conversation.services.supervisor.pids()

    async def evaluate(self, script: str) -> Any:
        """Run JavaScript in the page and return its value."""
        return await self.host.evaluate(script)

    async def say(self, *, text: str | None = None, wav: Path | None = None) -> dict[str, Any]:
        """Have the avatar speak; return when it has. What goes wrong is shown in the window too."""
        try:
            return await self.conversation.say(text=text, wav=wav)
        except AvatarDeskError as problem:
            self.report(problem)
            raise

    def status(self) -> dict[str, Any]:
        """Return the state of everything, as `avatardesk status` prints it."""
        return {
            "version": __version__,
            "line": self.conversation.state.line(),
            "page": self.conversation.state.page,
            "parts": {state["part"]: state for state in self.conversation.services.states()},
            "processes": self.children(),
        }

    # -- the control socket ---------------------------------------------------------------------------------

    async def _say_command(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = Params(params)
        wav = asked.optional_text("wav")
        return await self.say(text=asked.optional_text("text"), wav=None if wav is None else Path(wav))

    async def _raise_command(self, params: dict[str, Any]) -> dict[str, Any]:
        if self._kiosk is None:
            self.window.raise_up()
        return {}

    async def _status_command(self, params: dict[str, Any]) -> dict[str, Any]:
        return self.status()

    # -- Program: what the bridge calls -------------------------------------------------------------------

    def greet(self, page_version: str) -> dict[str, Any]:
        """Note that a page is there; return hello's result."""
        _log.info("page %s is there", page_version)
        for state in self.conversation.services.states():
            self.host.channel.send_event("stack.state", state)
        return {
            "version": __version__,
            "platform": platform.system().lower(),
            "kiosk": self.settings.kiosk.enabled,
            "reducedMotion": {"on": True, "off": False}.get(self.settings.window.reduced_motion),
            "settings": self._page_settings(),
            "software": self._software,
            "demo": self._options.demo,
        }

    async def connection(self) -> dict[str, Any]:
        """Return a fresh connection for the page."""
        return await self.conversation.connection()

    def microphones(self, devices: list[dict[str, Any]], selected: str | None, permission: str) -> str | None:
        """Note the microphones; return the label of the preferred one."""
        _log.info("microphone %s, %d device(s)", permission, len(devices))
        return self.settings.window.microphone

    def change_setting(self, name: str, value: Any) -> dict[str, Any]:
        """Check and store a setting; return what the page may know. A kiosk forgets it at its end."""
        key, checked = checked_from_page(name, value)
        self.settings = self.settings.replace(key, checked)
        if not self.settings.kiosk.enabled:
            write_preference(self._paths.preferences_file, key, checked)
        return self._page_settings()

    def page_status(self, status: dict[str, Any]) -> None:
        """Note the page's state."""
        self.conversation.state.update(status)
        self._observer.on_status(status)

    def page_turn(self, turn: dict[str, Any]) -> None:
        """Note a finished turn."""
        self._observer.on_turn(turn)

    def mark(self, name: str, epoch_ms: float) -> None:
        """Note when something happened."""
        _log.info("mark %s at %.0f", name, epoch_ms)
        self._observer.on_mark(name, epoch_ms)

    def diagnostics(self, figures: dict[str, Any]) -> None:
        """Note the page's measurements."""
        self._observer.on_diagnostics(figures)

    def retry(self, part: str) -> None:
        """Start a part once more."""
        self.conversation.services.retry(part)

    def quit_from_page(self) -> None:
        """End the program, except in a kiosk."""
        refuse_in_kiosk(self.settings.kiosk.enabled, self.quit)

    # -- what the parts report ----------------------------------------------------------------------------

    def _page_settings(self) -> dict[str, Any]:
        return {**self.settings.page_view(), "assetUrl": self.host.content.asset_url}

    def _page_loaded(self, ok: bool) -> None:
        _log.info("page loaded: %s", ok)
        if self._kiosk is not None:
            self._kiosk.guard(self.window.view.focusProxy())
        self.mark("page_loaded", time.time() * 1000)

    def _page_problem(self, problem: Problem) -> None:
        self.conversation.state.forget()
        self._observer.on_error(
            {
                "code": "page",
                "message": f"{problem.title}: {problem.text}",
                "hint": problem.hint,
                "retryable": problem.retry,
            }
        )

    def _stack_changed(self, state: dict[str, Any]) -> None:
        _log.info("%s is %s", state["part"], state["state"])
        if state["state"] == "ready":
            self.mark(f"{state['part']}_ready", time.time() * 1000)
        if self.host.channel.greeted:  # a page that comes later is told by greet
            self.host.channel.send_event("stack.state", state)
        self._observer.on_stack(state)

    def _connection_void(self) -> None:
        self.host.channel.send_event("connection.changed", {})

    def _window_closed(self) -> None:
        if self.settings.kiosk.enabled:
            _log.warning("closing is not offered in a kiosk")
            return
        self.quit(0)
