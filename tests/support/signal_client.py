"""A client of the signalling WebSocket that sends and sees the bare protocol messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from livekit.protocol import rtc

DEADLINE_S = 10.0


class SignalClient:
    """Requests out, responses in; responses asked for are waited for, the others skipped."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        """Send a SignalRequest with this field."""
        await self.socket.send_bytes(rtc.SignalRequest(**message).SerializeToString())

    async def receive(
        self, kind: str, where: Callable[[Any], bool] = lambda message: True, within_s: float = DEADLINE_S
    ) -> Any:
        """Return the next response of this kind that `where` is true of; fail when the socket closes."""
        async with asyncio.timeout(within_s):
            while True:
                received = await self.socket.receive()
                assert received.type == aiohttp.WSMsgType.BINARY, f"closed while waiting for {kind}"
                response = rtc.SignalResponse.FromString(received.data)
                if response.WhichOneof("message") == kind and where(getattr(response, kind)):
                    return getattr(response, kind)

    async def closed(self, within_s: float = DEADLINE_S) -> list[rtc.SignalResponse]:
        """Wait for the server to close; return what came before."""
        async with asyncio.timeout(within_s):
            return [rtc.SignalResponse.FromString(message.data) async for message in self.socket]


@asynccontextmanager
async def signalling(url: str, token: str, **query: str) -> AsyncIterator[SignalClient]:
    """Open the signalling WebSocket of the server at `url` until the block ends."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/rtc", params={"access_token": token, **query}) as socket,
    ):
        yield SignalClient(socket)
