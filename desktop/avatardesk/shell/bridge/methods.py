"""The methods the page calls (docs/protocols/bridge.md), each a thin line to the part that does the work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from avatardesk.errors import ProtocolError
from avatardesk.shell.bridge.envelope import VERSION, check_version
from avatardesk.shell.bridge.registry import Params, Registry

_page_log = logging.getLogger("avatardesk.page")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_MAX_LOG = 4000


class Program(Protocol):
    """What the bridge needs of the program."""

    def greet(self, page_version: str) -> dict[str, Any]:
        """Note that a page is there; return hello's result without the bridge's version."""

    async def connection(self) -> dict[str, Any]:
        """Return a fresh connection for the page."""

    def microphones(self, devices: list[dict[str, Any]], selected: str | None, permission: str) -> str | None:
        """Note the microphones; return the label of the preferred one."""

    def change_setting(self, name: str, value: Any) -> dict[str, Any]:
        """Check and store a setting; return what the page may know."""

    def page_status(self, status: dict[str, Any]) -> None:
        """Note the page's state."""

    def page_turn(self, turn: dict[str, Any]) -> None:
        """Note a finished turn."""

    def mark(self, name: str, epoch_ms: float) -> None:
        """Note when something happened."""

    def diagnostics(self, figures: dict[str, Any]) -> None:
        """Note the page's measurements."""

    def retry(self, part: str) -> None:
        """Start a part once more."""

    def quit_from_page(self) -> None:
        """End the program, where the page may ask for it."""


@dataclass(frozen=True, slots=True)
class _Methods:
    program: Program

    async def hello(self, params: Params) -> dict[str, Any]:
        check_version(params.required("bridge"))
        return {"bridge": VERSION, **self.program.greet(params.text("page"))}

    async def connection_get(self, params: Params) -> dict[str, Any]:
        return await self.program.connection()

    async def microphones_report(self, params: Params) -> dict[str, Any]:
        permission = params.text("permission", choices=("granted", "denied", "none"))
        preferred = self.program.microphones(
            params.objects("devices"), params.optional_text("selected"), permission
        )
        return {"preferred": preferred}

    async def settings_set(self, params: Params) -> dict[str, Any]:
        return {"settings": self.program.change_setting(params.text("key"), params.required("value"))}

    async def page_status(self, params: Params) -> dict[str, Any]:
        self.program.page_status(dict(params.data))
        return {}

    async def page_turn(self, params: Params) -> dict[str, Any]:
        self.program.page_turn(dict(params.data))
        return {}

    async def page_mark(self, params: Params) -> dict[str, Any]:
        self.program.mark(params.text("name"), params.number("at"))
        return {}

    async def log(self, params: Params) -> dict[str, Any]:
        level = params.text("level").lower()
        context = params.data.get("context")
        message = params.text("message")[:_MAX_LOG] + (f" {str(context)[:_MAX_LOG]}" if context else "")
        _page_log.log(_LEVELS.get(level, logging.WARNING), "%s", message)
        return {}

    async def diagnostics(self, params: Params) -> dict[str, Any]:
        self.program.diagnostics(dict(params.data))
        return {}

    async def app_retry(self, params: Params) -> dict[str, Any]:
        self.program.retry(params.text("part", choices=("stack", "agent")))
        return {}

    async def app_quit(self, params: Params) -> dict[str, Any]:
        self.program.quit_from_page()
        return {}


def register_methods(registry: Registry, program: Program) -> None:
    """Offer every method of the protocol."""
    methods = _Methods(program)
    for name, method in (
        ("hello", methods.hello),
        ("connection.get", methods.connection_get),
        ("microphones.report", methods.microphones_report),
        ("settings.set", methods.settings_set),
        ("page.status", methods.page_status),
        ("page.turn", methods.page_turn),
        ("page.mark", methods.page_mark),
        ("log", methods.log),
        ("diagnostics", methods.diagnostics),
        ("app.retry", methods.app_retry),
        ("app.quit", methods.app_quit),
    ):
        registry.add(name, method)


def refuse_in_kiosk(kiosk: bool, action: Callable[[], None]) -> None:
    """Run `action`, except in a kiosk.

    Raises:
        ProtocolError: this is a kiosk (code `kiosk`).
    """
    if kiosk:
        raise ProtocolError("A kiosk cannot be ended from its page.", code="kiosk")
    action()
