"""The signalling WebSocket: LiveKit's SignalRequest and SignalResponse messages, bounded both ways."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from aiohttp import WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from avatardesk.room.limits import RateLimit, RoomLimits

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 2.0


class SignalChannel:
    """One client's WebSocket with a single writer, so that a Leave is on the wire before the close is."""

    def __init__(self, socket: web.WebSocketResponse, limits: RoomLimits) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[rtc.SignalResponse | None] = asyncio.Queue()
        self._limit = limits.signal_queue
        self._rate = RateLimit(limits.signal_rate, limits.signal_rate * 10)
        self._writer = asyncio.create_task(self._write())
        self._closing = False

    def send(self, message: rtc.SignalResponse) -> None:
        """Queue a message. A client that does not read loses its connection."""
        if self._closing:
            return
        if self._queue.qsize() >= self._limit:
            logger.info("closing the signalling of a client that does not read it")
            self._closing = True
            self._writer.cancel()
            return
        self._queue.put_nowait(message)

    async def close(self, last: rtc.SignalResponse | None = None) -> None:
        """Send what is queued, then `last`, then close. Waits for a slow client only a moment."""
        if not self._closing:
            if last is not None:
                self._queue.put_nowait(last)
            self._closing = True
            self._queue.put_nowait(None)
        _, pending = await asyncio.wait({self._writer}, timeout=_CLOSE_TIMEOUT_S)
        for task in pending:
            task.cancel()

    async def _write(self) -> None:
        try:
            while (message := await self._queue.get()) is not None:
                await self._socket.send_bytes(message.SerializeToString())
        except (ConnectionError, RuntimeError) as error:
            logger.debug("signalling ended: %s", error)
        finally:
            self._closing = True
            await self._socket.close()

    async def requests(self) -> AsyncIterator[rtc.SignalRequest]:
        """Yield what the client asks, until it or we close. Malformed messages end the connection."""
        async for message in self._socket:
            if message.type != WSMsgType.BINARY:
                logger.info("a client sent a signalling message that is not binary; closing")
                break
            if not self._rate.take(time.monotonic()):
                logger.info("a client signals too fast; closing")
                break
            try:
                request = rtc.SignalRequest.FromString(message.data)
            except DecodeError:
                logger.info("a client sent a malformed signalling message; closing")
                break
            yield request
