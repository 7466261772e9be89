"""The ingress WebSocket: authentication, handshake, and a session's life."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Iterable

import aiohttp
from aiohttp import web

from avatardesk.driving import wire
from avatardesk.driving.audio_input import accepted_rate
from avatardesk.driving.console import error_response
from avatardesk.driving.limits import (
    MAX_MESSAGE_BYTES,
    CloseCode,
    ServiceLimits,
    SessionEndedError,
)
from avatardesk.driving.outputs import CallerOutput, RoomOutput
from avatardesk.driving.session import IngressSession
from avatardesk.driving.speech import EngineFactory
from avatardesk.driving.stage import LiveKitStage, check_egress
from avatardesk.driving.tokens import SessionTokens
from avatardesk.driving.wire import Configure, EgressType
from avatardesk.errors import AvatarDeskError, CredentialsError, ProtocolError

_log = logging.getLogger(__name__)

INGRESS_PATH = "/v2/driveningress"

_PING_SECONDS = 30.0

_IDLE_CODE = 4
"""DEADLINE_EXCEEDED, as gRPC numbers it: below 1000, so the WebSocket closes normally."""


class Ingress:
    """Accepts sessions and runs each until its client, its room or a limit ends it."""

    def __init__(
        self,
        app_id: str,
        avatars: Iterable[str],
        tokens: SessionTokens,
        engine: EngineFactory,
        limits: ServiceLimits,
    ) -> None:
        self._app_id = app_id
        self._avatars = frozenset(avatars)
        self._tokens = tokens
        self._engine = engine
        self._limits = limits
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get(f"{INGRESS_PATH}/websocket", self._accept)]

    async def aclose(self) -> None:
        """End every session."""
        closing = [socket.close(code=1001, message=b"the service stops") for socket in self._sockets]
        await asyncio.gather(*closing, return_exceptions=True)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        app_id = request.headers.get("X-App-ID") or request.query.get("appId", "")
        by_header = "X-Session-Key" in request.headers
        token = request.headers.get("X-Session-Key") or request.query.get("sessionKey", "")
        if not hmac.compare_digest(app_id.encode(), self._app_id.encode()):
            return error_response(404, "app_not_found", "App not found", "app id unrecognized")
        refused: CredentialsError | None = None
        try:
            self._tokens.check(token)
        except CredentialsError as error:
            refused = error
        if refused is not None and (by_header or not token):
            return error_response(401, refused.error_code, "Session token refused", refused.message)
        avatar_id = request.query.get("id", "")
        if refused is None and avatar_id not in self._avatars:
            return error_response(
                404, "avatar_not_found", "Avatar not found", f"avatar not found: {avatar_id}"
            )
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE_BYTES, heartbeat=_PING_SECONDS, compress=False
        )
        await socket.prepare(request)
        connection = _Connection(socket, avatar_id)
        # Who puts the token into the query is a page, and pages don't see why an upgrade was refused: tell it
        # here.
        if refused is not None:
            await connection.end(SessionEndedError(CloseCode.AUTHENTICATION, refused.message))
        elif len(self._sockets) >= self._limits.max_sessions:
            text = f"too many sessions: this service runs {self._limits.max_sessions} at once"
            await connection.end(SessionEndedError(CloseCode.CONCURRENCY_LIMIT, text))
        else:
            self._sockets.add(socket)
            try:
                await connection.run(self._engine, self._limits)
            finally:
                self._sockets.discard(socket)
        return socket


class _Connection:
    """One accepted WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, avatar_id: str) -> None:
        self._socket = socket
        self._avatar_id = avatar_id
        self.id = f"conn_{secrets.token_hex(8)}"
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()

    async def run(self, engine: EngineFactory, limits: ServiceLimits) -> None:
        """Shake hands, then serve the client until something ends the session."""
        try:
            configure = await self._handshake(limits)
            if configure is not None:
                await self._serve(configure, engine, limits)
        except SessionEndedError as ended:
            await self.end(ended)
        except ConnectionError:
            _log.info("session %s: the client went away", self.id)
        except AvatarDeskError as error:
            # Something this machine lacks, such as the speech model. The words are the cloud's for its own
            # trouble.
            await self.end(SessionEndedError(CloseCode.UPSTREAM, f"driven server request failed: {error}"))

    async def end(self, ended: SessionEndedError) -> None:
        """Tell the client why, and close."""
        _log.info("session %s ends: %s (%s)", self.id, ended.text, ended.code)
        try:
            await self._socket.send_bytes(wire.error(self.id, ended.code, ended.text))
        except ConnectionError:
            return
        # A close reason has 123 bytes at most (RFC 6455 §5.5).
        await self._socket.close(code=ended.close_code, message=ended.text.encode()[:123])

    async def _handshake(self, limits: ServiceLimits) -> Configure | None:
        """Return the client's configuration, or None if it left."""
        try:
            first = await self._socket.receive(timeout=limits.handshake_seconds)
        except TimeoutError:
            raise SessionEndedError(
                CloseCode.INVALID,
                f"expected ClientConfigureSession message within {limits.handshake_seconds:g} s",
            ) from None
        if first.type is aiohttp.WSMsgType.TEXT:
            raise SessionEndedError(CloseCode.INVALID, "unexpected message type: expected binary protobuf")
        if first.type is not aiohttp.WSMsgType.BINARY:
            return None
        try:
            message = wire.parse(first.data)
        except ProtocolError as error:
            raise SessionEndedError(
                CloseCode.INVALID, f"failed to unmarshal initial message: {error.message}"
            ) from error
        if not isinstance(message, Configure):
            raise SessionEndedError(CloseCode.INVALID, "expected ClientConfigureSession message")
        _check(message)
        return message

    async def _serve(self, configure: Configure, factory: EngineFactory, limits: ServiceLimits) -> None:
        rate = accepted_rate(configure.audio_format, configure.sample_rate)
        # Making an engine loads tables: not on the loop that paces every other session.
        engine = await asyncio.to_thread(factory, rate)
        stage: LiveKitStage | None = None
        output: RoomOutput | CallerOutput
        idle = limits.idle_seconds
        if configure.egress_type == EgressType.LIVEKIT:
            egress = check_egress(configure.livekit)
            output = RoomOutput(self.id, self._avatar_id, self._send)
            stage = LiveKitStage(egress, output.playout, limits)
            output.send_motion = stage.send_motion
            idle = egress.idle_timeout or idle
        else:
            output = CallerOutput(self.id, self._avatar_id, self._send)
        session = IngressSession(configure, output, engine, limits)
        try:
            if stage is not None:
                await stage.join()
            await self._socket.send_bytes(wire.confirm(self.id))
            _log.info("session %s: avatar %s at %d Hz", self.id, self._avatar_id, rate)
            await self._run_tasks(session, stage, idle, limits)
        finally:
            session.close()
            if stage is not None:
                await stage.aclose()

    async def _run_tasks(
        self,
        session: IngressSession,
        stage: LiveKitStage | None,
        idle: float | None,
        limits: ServiceLimits,
    ) -> None:
        tasks = [
            asyncio.create_task(self._receive(session)),
            asyncio.create_task(self._write()),
            asyncio.create_task(session.run()),
        ]
        if stage is not None:
            tasks.append(asyncio.create_task(stage.run()))
        if idle:
            tasks.append(asyncio.create_task(_watch_idle(session, idle)))
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=limits.session_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not done:
            raise SessionEndedError(CloseCode.SESSION_TIME_LIMIT, "session time limit reached")
        for task in done:
            task.result()

    def _send(self, data: bytes) -> None:
        self._outgoing.put_nowait(data)

    async def _write(self) -> None:
        while True:
            await self._socket.send_bytes(await self._outgoing.get())

    async def _receive(self, session: IngressSession) -> None:
        """Hand messages to the session until the client closes."""
        async for received in self._socket:
            if received.type is not aiohttp.WSMsgType.BINARY:
                raise SessionEndedError(
                    CloseCode.INVALID, "unexpected message type: expected binary protobuf"
                )
            try:
                message = wire.parse(received.data)
            except ProtocolError as error:
                raise SessionEndedError(
                    CloseCode.INVALID, f"failed to unmarshal message: {error.message}"
                ) from error
            if isinstance(message, Configure):
                raise SessionEndedError(
                    CloseCode.INVALID, "unexpected message type: the session is configured already"
                )
            session.handle(message)


def _check(configure: Configure) -> None:
    """Raise SessionEndedError for a configuration that cannot be served."""
    accepted_rate(configure.audio_format, configure.sample_rate)
    if configure.transport_compression:
        raise SessionEndedError(CloseCode.INVALID, "unsupported transport compression")
    if configure.livekit is not None and configure.has_agora:
        raise SessionEndedError(
            CloseCode.INVALID, "both livekit_egress and agora_egress are configured: use one"
        )
    if configure.egress_type == EgressType.AGORA:
        raise SessionEndedError(CloseCode.INVALID, "agora_egress is not supported here: use livekit_egress")
    if configure.egress_type == EgressType.LIVEKIT:
        check_egress(configure.livekit)
    elif configure.egress_type != EgressType.NONE:
        raise SessionEndedError(CloseCode.INVALID, f"unknown egress type {configure.egress_type}")


async def _watch_idle(session: IngressSession, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        left = session.last_active() + seconds - loop.time()
        if left <= 0:
            raise SessionEndedError(_IDLE_CODE, f"livekit silence timeout: no audio input for {seconds:g} s")
        await asyncio.sleep(left)
