"""Room servers for tests that run against the embedded room, a real livekit-server, or both in turn."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.livekit_server import RunningRoom, livekit_server

from avatardesk.room import RoomLimits, RoomServer

EVERY_SERVER = ["embedded", pytest.param("livekit-server", marks=pytest.mark.livekit_server)]
"""Parameters for a fixture of tests that must pass on both servers."""


@asynccontextmanager
async def embedded_room(limits: RoomLimits | None = None, port: int = 0) -> AsyncIterator[RunningRoom]:
    """Run the embedded room until the block ends."""
    api_key, api_secret = f"API{secrets.token_hex(5)}", secrets.token_hex(20)
    async with RoomServer({api_key: api_secret}, port=port, limits=limits) as server:
        yield RunningRoom(server.url, api_key, api_secret)


@asynccontextmanager
async def any_server(name: str) -> AsyncIterator[RunningRoom]:
    """Run the server that EVERY_SERVER calls `name` until the block ends."""
    async with embedded_room() if name == "embedded" else livekit_server() as found:
        yield found
