"""The web view with everything that belongs to its page: profile, scheme, permissions, bridge, recovery."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QUrl
from PySide6.QtWebEngineCore import QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from avatardesk import paths
from avatardesk.errors import PlatformError
from avatardesk.paths import Paths
from avatardesk.settings import Settings
from avatardesk.shell import permissions
from avatardesk.shell.bridge.channel import Channel, install, page_is_ours
from avatardesk.shell.bridge.methods import Program, register_methods
from avatardesk.shell.bridge.registry import Registry
from avatardesk.shell.content import PROBLEM_PATH, Content, Problem
from avatardesk.shell.page import ClientPage
from avatardesk.shell.recovery import Recovery
from avatardesk.shell.scheme import ORIGIN, SCHEME, SchemeHandler
from avatardesk.shell.window import BACKGROUND

_log = logging.getLogger(__name__)

_NO_PAGE = Problem(
    "The page is missing",
    "This copy of AvatarDesk has no page to show: it was not built.",
    "In a source checkout, run: python3 dev.py build",
    retry=False,
)

_EVALUATE_SECONDS = 10.0
_SPIN_ROUNDS = 10


class PageHost:
    """Owns the page in `view`. Create it after Chromium's flags are set; `close` before the application
    goes.
    """

    def __init__(
        self,
        view: QWebEngineView,
        settings: Settings,
        folders: Paths,
        program: Program,
        *,
        on_loaded: Callable[[bool], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        self._view = view
        self._on_problem = on_problem
        asset = Path(settings.avatar.asset).expanduser().resolve() if settings.avatar.asset else None
        self.content = Content(paths.page_dir(), folders.vendor_dir, asset)
        # A named profile: only there do devices keep their ids.
        self._profile = QWebEngineProfile("avatardesk")
        self._profile.setPersistentStoragePath(str(folders.data_dir / "web"))
        self._profile.setCachePath(str(folders.cache_dir / "web"))
        self._profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
        self._scheme = SchemeHandler(self.content, settings)
        self._profile.installUrlSchemeHandler(SCHEME.encode(), self._scheme)
        permissions.pre_grant(self._profile)
        self._page = ClientPage(self._profile, None, background=BACKGROUND, kiosk=settings.kiosk.enabled)
        permissions.answer_requests(self._page)
        registry = Registry()
        register_methods(registry, program)
        self.channel = Channel(registry, lambda: page_is_ours(self._page))
        self._web_channel = install(self._page, self.channel)
        self._recovery = Recovery(
            self._page,
            reload=self.load,
            give_up=self.show_problem,
            hang_seconds=settings.window.watchdog_seconds,
        )
        self._page.loadFinished.connect(on_loaded)
        view.setPage(self._page)

    @property
    def page(self) -> ClientPage:
        """The page itself."""
        return self._page

    @property
    def render_process(self) -> int:
        """Process id of the page's renderer; 0 while there is none."""
        return self._page.renderProcessPid()

    def load(self) -> None:
        """Load the page, or say that there is none."""
        self.channel.page_gone()
        if self.content.page_dir is None:
            self.show_problem(_NO_PAGE)
            return
        self._page.setUrl(QUrl(f"{ORIGIN}/index.html"))

    def show_problem(self, problem: Problem) -> None:
        """Show the page of last resort."""
        _log.error("%s: %s %s", problem.title, problem.text, problem.hint)
        self.channel.page_gone()
        self.content.problem = problem
        self._page.setUrl(QUrl(ORIGIN + PROBLEM_PATH))
        self._on_problem(problem)

    async def evaluate(self, script: str) -> Any:
        """Run JavaScript in the page and return its value (what JSON can hold).

        Raises:
            PlatformError: the page does not answer.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(value: object) -> None:
            if not answer.done():
                answer.set_result(value)

        # As JSON text: PySide6 6.12 turns an object or an array into an empty string.
        self._page.runJavaScript(f"JSON.stringify({script}) ?? 'null'", take)
        try:
            text = await asyncio.wait_for(answer, _EVALUATE_SECONDS)
            return json.loads(text) if isinstance(text, str) and text else None
        except TimeoutError as problem:
            raise PlatformError("The page does not answer.") from problem

    async def close(self) -> None:
        """Take the page down before its profile, in the one order Qt WebEngine bears."""
        self._recovery.stop()
        await self.channel.close()
        self._view.setPage(None)  # type: ignore[arg-type]  # Qt takes a null page; the stub does not say so
        self._page.deleteLater()
        for _ in range(_SPIN_ROUNDS):
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            await asyncio.sleep(0)
        self._profile.removeUrlSchemeHandler(self._scheme)
        self._profile.deleteLater()
        for _ in range(_SPIN_ROUNDS):
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            await asyncio.sleep(0)
