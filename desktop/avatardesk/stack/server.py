"""The body of `avatardesk stack`: the room and the avatar service in one event loop.

Secrets come in through the environment and never leave it. When both parts listen, one JSON line on stdout
says where; everything else goes to stderr. It ends on SIGTERM, on SIGINT, and when stdin reaches its end,
which is how a child learns that its parent died.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TextIO

from avatardesk.driving import AvatarService
from avatardesk.errors import AvatarDeskError, SettingsError
from avatardesk.room import RoomServer

_log = logging.getLogger(__name__)

PARTS = ("room", "avatar")

_STOP_SECONDS = 4.0
"""For an orderly end; the supervisor waits five."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """What runs, and with which secrets (kept out of the repr)."""

    parts: tuple[str, ...]
    livekit_key: str = field(default="", repr=False)
    livekit_secret: str = field(default="", repr=False)
    avatar_key: str = field(default="", repr=False)
    avatar_app: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> StackConfig:
        """Read AVATARDESK_STACK_PARTS and the secrets that its parts need, or raise SettingsError."""
        names = env.get("AVATARDESK_STACK_PARTS", ",".join(PARTS)).split(",")
        parts = tuple(name.strip() for name in names if name.strip())
        unknown = set(parts) - set(PARTS)
        if unknown or not parts:
            named = ", ".join(sorted(unknown)) or "nothing"
            raise SettingsError(
                f"AVATARDESK_STACK_PARTS names no part of the stack: {named}.",
                hint=f"Name {' or '.join(PARTS)}, or both with a comma.",
                field="AVATARDESK_STACK_PARTS",
            )
        needed = {
            "room": ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
            "avatar": ("SPATIALREAL_API_KEY", "SPATIALREAL_APP_ID"),
        }
        for name in (name for part in parts for name in needed[part]):
            if not env.get(name):
                raise SettingsError(
                    f"{name} is not set.", hint="`avatardesk` sets it for its stack.", field=name
                )
        return cls(
            parts,
            env.get("LIVEKIT_API_KEY", ""),
            env.get("LIVEKIT_API_SECRET", ""),
            env.get("SPATIALREAL_API_KEY", ""),
            env.get("SPATIALREAL_APP_ID", ""),
        )


async def serve(config: StackConfig, ready: Callable[[dict[str, str]], None], stop: asyncio.Event) -> None:
    """Run the stack's parts until `stop` is set; `ready` is called once, with their URLs."""
    urls: dict[str, str] = {}
    async with AsyncExitStack() as parts:
        if "room" in config.parts:
            room = RoomServer({config.livekit_key: config.livekit_secret})
            await room.start()
            parts.push_async_callback(room.aclose)
            urls["livekit_url"] = room.url
        if "avatar" in config.parts:
            avatar = AvatarService(api_key=config.avatar_key, app_id=config.avatar_app)
            await avatar.start()
            # Ends before the room: avatars then leave it instead of losing it.
            parts.push_async_callback(avatar.aclose)
            urls["console_url"] = avatar.console_url
            urls["ingress_url"] = avatar.ingress_url
        ready(urls)
        await stop.wait()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await parts.aclose()
        except TimeoutError:
            _log.warning("the stack did not end in order within %g s", _STOP_SECONDS)


def run_stack(env: Mapping[str, str], stdin: TextIO | None, stdout: TextIO) -> int:
    """Run the stack in an event loop of its own; return the exit code. See the module's description."""
    try:
        config = StackConfig.from_env(env)
        asyncio.run(_run(config, stdin, stdout))
    except AvatarDeskError as error:
        print(f"avatardesk stack: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    return 0


async def _run(config: StackConfig, stdin: TextIO | None, stdout: TextIO) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if stdin is not None:
        _stop_at_end_of(stdin.fileno(), stop)

    def ready(urls: dict[str, str]) -> None:
        print(json.dumps({"ready": "stack", **urls}), file=stdout, flush=True)

    await serve(config, ready, stop)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _stop_at_end_of(descriptor: int, stop: asyncio.Event) -> None:
    """Set `stop` when the pipe is closed at its other end.

    A thread, because Windows cannot wait for a pipe in an event loop; os.read, because a daemon thread must
    not hold a lock of sys.stdin when the interpreter ends.
    """
    loop = asyncio.get_running_loop()

    def wait() -> None:
        try:
            while os.read(descriptor, 1024):
                pass
        except OSError:
            pass
        try:
            loop.call_soon_threadsafe(stop.set)
        except RuntimeError:
            pass  # the loop has ended already, for another reason

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def main() -> int:
    """Run the stack with this process's environment, stdin and stdout; logs go to stderr."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    return run_stack(os.environ, sys.stdin, sys.stdout)
