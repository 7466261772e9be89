"""Runs a real livekit-server for a test: loopback only, free ports, random key, ended cleanly."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

INSTALL_HINT = (
    "livekit-server is missing: `go install github.com/livekit/livekit-server/cmd/server@v1.13.3`, "
    "or name the binary in AVATARDESK_LIVEKIT_SERVER."
)
_READY_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class RunningRoom:
    """Where a room server listens and the key that opens it, whichever server it is."""

    url: str
    api_key: str
    api_secret: str


def find_binary() -> Path | None:
    """Return this machine's livekit-server: named by the environment, on the PATH, or installed by Go."""
    named = os.environ.get("AVATARDESK_LIVEKIT_SERVER")
    if named:
        return Path(named) if Path(named).is_file() else None
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    places = [Path.home() / "go"]
    go = shutil.which("go")
    if go:
        asked = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=False)
        if asked.stdout.strip():
            places.insert(0, Path(asked.stdout.strip()))
    return next((place / "bin" / "server" for place in places if (place / "bin" / "server").is_file()), None)


def require_binary() -> Path:
    """Return the binary; without one skip the test, or fail it where CI is set."""
    found = find_binary()
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail(INSTALL_HINT)
    pytest.skip(INSTALL_HINT)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that is free on loopback at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config(port: int, udp_port: int, api_key: str, api_secret: str) -> dict[str, object]:
    """Return a configuration that opens nothing but loopback (livekit-server reads JSON as YAML)."""
    return {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "keys": {api_key: api_secret},
        "logging": {"level": "warn"},
        "rtc": {
            "udp_port": udp_port,
            "tcp_port": 0,
            "interfaces": {"includes": ["lo"]},
            "node_ip": "127.0.0.1",
            "use_external_ip": False,
            "enable_loopback_candidate": True,
        },
    }


@asynccontextmanager
async def livekit_server() -> AsyncIterator[RunningRoom]:
    """Run a livekit-server until the block ends."""
    binary = require_binary()
    api_key, api_secret = f"API{secrets.token_hex(5)}", secrets.token_hex(20)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="livekit-server-") as folder:
        # The key is in a file only we can read, not on the command line that everybody can.
        settings = Path(folder) / "livekit.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(config(port, free_port(socket.SOCK_DGRAM), api_key, api_secret)))
        with (Path(folder) / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(binary), "--config", str(settings), stdout=log, stderr=log
            )
        try:
            if not await _ready(process, f"http://127.0.0.1:{port}/"):
                raise RuntimeError(f"livekit-server did not come up: {_tail(Path(folder) / 'log')}")
            yield RunningRoom(f"ws://127.0.0.1:{port}", api_key, api_secret)
        finally:
            await _end(process)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _ready(process: asyncio.subprocess.Process, url: str) -> bool:
    deadline = asyncio.get_running_loop().time() + _READY_TIMEOUT_S
    async with aiohttp.ClientSession() as session:
        while asyncio.get_running_loop().time() < deadline and process.returncode is None:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return True
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
    return False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # The first signal lets it wait for its participants; the second ends it.
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 1.0)
        except TimeoutError:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5.0)
            except TimeoutError:
                process.kill()
                await process.wait()
