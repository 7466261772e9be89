"""Fixtures of several end-to-end tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from support.livekit_server import RunningRoom
from support.room_servers import EVERY_SERVER, any_server


@pytest_asyncio.fixture(params=EVERY_SERVER)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[RunningRoom]:
    """A room server: the embedded one, then a real livekit-server."""
    async with any_server(request.param) as found:
        yield found
