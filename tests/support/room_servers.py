"""Fixtures for tests that run against the embedded room, a real livekit-server, or both in turn."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.livekit_server import RunningRoom

from avatardesk.room import RoomLimits, RoomServer


@asynccontextmanager
async def embedded_room(limits: RoomLimits | None = None, port: int = 0) -> AsyncIterator[RunningRoom]:
    """Run the embedded room until the block ends."""
    api_key, api_secret = f"API{secrets.token_hex(5)}", secrets.token_hex(20)
    async with RoomServer({api_key: api_secret}, port=port, limits=limits) as server:
        yield RunningRoom(server.url, api_key, api_secret)
