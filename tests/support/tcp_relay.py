"""A TCP relay that a test can cut: what a client sees when its signalling connection breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class TcpRelay:
    """Forwards connections to one port until they are cut."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._accepting = True
        self.port = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection (asyncio calls this)."""
        if not self._accepting:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self, *, for_good: bool = False) -> None:
        """Break all connections; with `for_good` also those to come."""
        self._accepting = not for_good
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[TcpRelay]:
    """A relay to the server at `url` until the block ends."""
    made = TcpRelay(urlsplit(url).port or 0)
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut(for_good=True)
        await server.wait_closed()
