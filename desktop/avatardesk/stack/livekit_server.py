"""The room served by a `livekit-server` binary of the machine instead of the embedded one.

A small process of ours stands between the supervisor and the server: it says the readiness line, minds the
end of its standard input, and takes the server down with it. The server listens on loopback only; its
configuration, the keys included, travels in the environment, so that no file and no command line ever holds
them.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable

from avatardesk.errors import AvatarDeskError, PlatformError, RoomError
from avatardesk.stack.readiness import failed_line, ready_line

_log = logging.getLogger(__name__)

#: Path of the binary, from the settings.
BINARY_VARIABLE = "AVATARDESK_LIVEKIT_SERVER"

#: `go install` of the server's module names the program just "server", too plain a name to search for.
_PROGRAM = "livekit-server"
_READY_SECONDS = 15.0


def find_binary(configured: str = "") -> str:
    """Return the path of the server's binary.

    Raises:
        PlatformError: there is none.
    """
    found = configured or shutil.which(_PROGRAM)
    if not found:
        raise PlatformError(
            "The setting stack.room asks for livekit-server, but there is none on this machine.",
            hint="Install it, set stack.livekit_server to its path, or set stack.room to embedded.",
            code="no_livekit_server",
            field="stack.room",
        )
    return found


def configuration(port: int, udp_port: int) -> str:
    """Return the server's configuration (YAML, of which JSON is a part), without keys: loopback only."""
    return json.dumps(
        {
            "port": port,
            "bind_addresses": ["127.0.0.1"],
            "logging": {"level": "warn"},
            "rtc": {
                "udp_port": udp_port,
                "tcp_port": 0,
                "interfaces": {"includes": ["lo", "lo0"]},
                "node_ip": "127.0.0.1",
                "use_external_ip": False,
                "enable_loopback_candidate": True,
            },
        }
    )


def main() -> int:
    """Body of the wrapper process; returns its exit code."""
    try:
        return asyncio.run(_serve())
    except AvatarDeskError as problem:
        print(failed_line(problem.to_dict()), flush=True)
        _log.error("%s", problem)
        return 1


async def _serve() -> int:
    binary = find_binary(os.environ.get(BINARY_VARIABLE, ""))
    port = _free_port(socket.SOCK_STREAM)
    env = dict(os.environ)
    env["LIVEKIT_CONFIG"] = configuration(port, _free_port(socket.SOCK_DGRAM))
    env["LIVEKIT_KEYS"] = f"{env.pop('LIVEKIT_API_KEY')}: {env.pop('LIVEKIT_API_SECRET')}"
    try:
        server = await asyncio.create_subprocess_exec(
            binary,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            preexec_fn=_die_with_parent() if sys.platform == "linux" else None,
        )
    except OSError as problem:
        raise PlatformError(
            f"livekit-server cannot be started: {problem}.", field="stack.livekit_server"
        ) from problem
    ended = asyncio.create_task(server.wait())
    asked = asyncio.create_task(_asked_to_end())
    try:
        await asyncio.wait_for(_listening(port, ended), _READY_SECONDS)
        print(ready_line("room", livekit_url=f"ws://127.0.0.1:{port}"), flush=True)
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError as problem:
        raise RoomError(f"livekit-server did not answer within {_READY_SECONDS:g} s.") from problem
    finally:
        asked.cancel()
        await _end(server)
    return 0 if not ended.cancelled() and asked.done() else 1


def _die_with_parent() -> Callable[[], object]:
    libc = ctypes.CDLL(None)  # loaded before the fork: after it, only the call itself is safe
    return lambda: libc.prctl(1, signal.SIGKILL, 0, 0, 0)


async def _end(server: asyncio.subprocess.Process) -> None:
    if server.returncode is None:
        server.terminate()
        try:
            await asyncio.wait_for(server.wait(), 2.0)
        except TimeoutError:
            server.kill()
            await server.wait()


async def _listening(port: int, ended: asyncio.Task[int]) -> None:
    while not ended.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RoomError(
        f"livekit-server ended with code {ended.result()} before it was ready.", code="room_failed"
    )


async def _asked_to_end() -> None:
    """Return on SIGTERM, SIGINT or the end of standard input."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    if os.name == "posix":
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end.set)

    def read_to_end() -> None:
        sys.stdin.buffer.read()
        try:
            loop.call_soon_threadsafe(end.set)
        except RuntimeError:
            pass  # the loop has ended already

    # A daemon thread, not the executor's: the process must not wait for a read that never returns.
    threading.Thread(target=read_to_end, name="stdin", daemon=True).start()
    await end.wait()


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
