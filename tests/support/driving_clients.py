"""Clients for tests of the avatar service: tokens, messages, a bare WebSocket client."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
from spatialreal.proto.generated import message_pb2 as pb

from avatardesk.driving import AvatarService

API_KEY = "test-api-key"
APP_ID = "test-app"


def service(**options: Any) -> AvatarService:
    """Return a service with the tests' credentials; the engine is the caller's choice."""
    return AvatarService(api_key=API_KEY, app_id=APP_ID, **options)


def tone(seconds: float, rate: int, amplitude: float = 0.4, hertz: float = 440.0) -> bytes:
    """Return s16le mono PCM."""
    t = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * t) * amplitude * 32767).astype("<i2").tobytes()


async def token(running: AvatarService, *, key: str = API_KEY, lasting: float = 60) -> str:
    """Return a session token."""
    async with aiohttp.ClientSession() as http:
        body = {"expireAt": int(time.time() + lasting)}
        url = f"{running.console_url}/session-tokens"
        async with http.post(url, json=body, headers={"X-Api-Key": key}) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return str(answer["sessionToken"])


def configure(**fields: Any) -> bytes:
    """Return a configure message; a `livekit` or `agora` dict becomes that egress."""
    message = pb.Message(type=pb.MESSAGE_CLIENT_CONFIGURE_SESSION)
    session = message.client_configure_session
    for name, value in fields.items():
        if isinstance(value, dict):
            for key, entry in value.items():
                setattr(getattr(session, name), key, entry)
        else:
            setattr(session, name, value)
    return message.SerializeToString()


def audio(req_id: str, data: bytes, *, end: bool = False) -> bytes:
    """Return an audio message."""
    message = pb.Message(type=pb.MESSAGE_CLIENT_AUDIO_INPUT)
    message.client_audio_input.req_id = req_id
    message.client_audio_input.audio = data
    message.client_audio_input.end = end
    return message.SerializeToString()


class Ingress:
    """An open WebSocket to the service."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, data: bytes) -> None:
        await self.socket.send_bytes(data)

    def abort(self) -> None:
        """Cut the connection, as a process that dies does."""
        transport = self.socket._response.connection.transport  # no public way
        transport.abort()

    async def receive(self, within: float = 10.0) -> Any:
        """Return the next message, or fail when the socket closes instead."""
        received = await self.socket.receive(timeout=within)
        assert received.type is aiohttp.WSMsgType.BINARY, received
        message = pb.Message()
        message.ParseFromString(received.data)
        return message

    async def closed(self, within: float = 10.0) -> int | None:
        """Wait for the server to close; return its close code."""
        received = await self.socket.receive(timeout=within)
        assert received.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED), received
        return self.socket.close_code

    async def refused(self, within: float = 10.0) -> tuple[int, str, int | None]:
        """Wait for an error message and the close; return the error's code and text, and the close code."""
        message = await self.receive(within)
        assert message.type == pb.MESSAGE_SERVER_ERROR, message
        error = message.server_error
        return error.code, error.message, await self.closed(within)


@asynccontextmanager
async def ingress(
    running: AvatarService,
    *,
    avatar: str = "nova",
    app_id: str = APP_ID,
    session_key: str | None = None,
    query: bool = False,
) -> AsyncIterator[Ingress]:
    """Open a WebSocket, authenticated by headers or by the query."""
    key = await token(running) if session_key is None else session_key
    params = {"id": avatar}
    headers = {}
    if query:
        params |= {"appId": app_id, "sessionKey": key}
    else:
        headers = {"X-App-ID": app_id, "X-Session-Key": key}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{running.ingress_url}/websocket", params=params, headers=headers) as socket,
    ):
        yield Ingress(socket)
