"""The avatar service: console and ingress on one loopback port."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from avatardesk.driving.console import CONSOLE_PATH, Console
from avatardesk.driving.ingress import INGRESS_PATH, Ingress
from avatardesk.driving.limits import ServiceLimits
from avatardesk.driving.speech import Engine, EngineFactory
from avatardesk.driving.tokens import SessionTokens
from avatardesk.errors import PlatformError, SettingsError

DEFAULT_AVATARS = ("nova", "atlas", "iris")
"""The avatars that come with the program."""


class AvatarService:
    """Serves session tokens and avatar sessions on one loopback port.

    api_key, app_id: what clients must know. avatars: ids that may be asked for (default: those of the
    program).
    engine: makes a lip-sync engine for a sample rate (default: LipSyncEngine). port 0 takes a free one.

    Use `start` and `aclose`, or `async with`.
    """

    def __init__(
        self,
        *,
        api_key: str,
        app_id: str,
        host: str = "127.0.0.1",
        port: int = 0,
        avatars: Iterable[str] | None = None,
        engine: EngineFactory | None = None,
        limits: ServiceLimits | None = None,
    ) -> None:
        if not api_key or not app_id:
            raise SettingsError("The avatar service needs an API key and an app id.", field="api_key")
        if not _is_loopback(host):
            raise SettingsError(
                f"The avatar service listens on this machine only, not on {host}.",
                hint="Use 127.0.0.1.",
                field="host",
            )
        self._host = host
        self._port = port
        tokens = SessionTokens(app_id)
        self._console = Console(api_key, app_id, tokens)
        self._ingress = Ingress(
            app_id,
            DEFAULT_AVATARS if avatars is None else avatars,
            tokens,
            engine or _default_engine,
            limits or ServiceLimits(),
        )
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises PlatformError when the port cannot be had."""
        app = web.Application()
        app.add_routes(self._console.routes())
        app.add_routes(self._ingress.routes())
        # No access log: a page's session token is in its URL.
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            busy = error.errno == errno.EADDRINUSE
            raise PlatformError(
                f"The avatar service cannot listen on {self._host}:{self._port}: "
                + ("the port is in use." if busy else f"{error.strerror}."),
                hint="End the program that uses it, or choose port 0 to take any free one.",
                code="port_in_use" if busy else None,
            ) from error
        self._runner = runner
        self._port = runner.addresses[0][1]

    @property
    def console_url(self) -> str:
        """Base URL for session tokens, as the SDKs want it."""
        return f"http://{self._host}:{self._port}{CONSOLE_PATH}"

    @property
    def ingress_url(self) -> str:
        """Base URL of the ingress WebSocket, as the SDKs want it."""
        return f"ws://{self._host}:{self._port}{INGRESS_PATH}"

    async def aclose(self) -> None:
        """End every session and stop listening."""
        await self._ingress.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _default_engine(sample_rate: int) -> Engine:
    # Imported when first needed: it loads a speech model, and a program may bring an engine of its own.
    from avatardesk.driving.lipsync import LipSyncEngine

    return LipSyncEngine(sample_rate)
