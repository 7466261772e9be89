"""The room server: an HTTP port for signalling and server API, a UDP port for media."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiohttp import web
from aiortc.rtcdtlstransport import RTCCertificate
from livekit.protocol import models, rtc

from avatardesk.errors import PlatformError, SettingsError
from avatardesk.room.admin import AdminApi
from avatardesk.room.ice import IceSocket
from avatardesk.room.limits import RoomLimits
from avatardesk.room.participant import Participant, Services
from avatardesk.room.room import Room
from avatardesk.room.signalling import SignalChannel
from avatardesk.room.state import is_loopback, leave_request, origin_allowed
from avatardesk.room.tokens import Grants, TokenError, verify

logger = logging.getLogger(__name__)

PROTOCOL = 16
"""The signalling protocol's version that livekit-client 2.16 and livekit 1.1 speak at most."""
SERVER_VERSION = "1.9.0"
"""The livekit-server release this room behaves like; clients switch features by it."""
MIN_SECRET = 32
_PING_INTERVAL_S, _PING_TIMEOUT_S = 5, 15
_SPEAKER_INTERVAL_S = 0.4


class RoomServer:
    """A LiveKit-compatible server for the participants of one desk.

    `keys` maps API keys to secrets of at least 32 characters. `host` is an IPv4 loopback address; `port` 0
    takes a free one. Also an asynchronous context manager. Raises SettingsError for anything else.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: RoomLimits | None = None,
    ) -> None:
        if not keys or any(len(secret) < MIN_SECRET for secret in keys.values()):
            raise SettingsError(
                f"The room needs an API key with a secret of at least {MIN_SECRET} characters.",
                field="livekit.api_secret",
            )
        if not is_loopback(host):
            raise SettingsError(
                f"The room listens on loopback only, not on {host!r}.",
                hint="Use a livekit-server for other machines.",
                field="host",
            )
        self._keys = dict(keys)
        self._host = host
        self._port = port
        self._limits = limits or RoomLimits()
        self._socket = IceSocket()
        self._services = Services(
            self._socket, RTCCertificate.generateCertificate(), self._limits, self._keys
        )
        self.rooms: dict[str, Room] = {}
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The server's address for clients, `ws://HOST:PORT`."""
        return f"ws://{self._host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen. Raises PlatformError when the port is taken."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/", self._health)
        app.router.add_get("/rtc", self._signal)
        app.router.add_get("/rtc/validate", self._validate)
        AdminApi(self, self._keys).add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
            await self._socket.open(self._host)
        except OSError as error:
            await runner.cleanup()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise PlatformError(
                f"Port {self._port} on {self._host} cannot be opened: {error.strerror}.",
                hint="Close the program that uses it, or choose another port (0 takes a free one).",
                code="port_in_use",
            ) from error
        self._port = runner.addresses[0][1]
        self._runner = runner
        self._ticker = asyncio.create_task(self._tick())
        logger.info("the room listens at %s, media at UDP port %d", self.url, self._socket.address[1])

    async def aclose(self) -> None:
        """Tell everybody that the server goes (a client may try to reconnect), and stop listening."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        rooms, self.rooms = list(self.rooms.values()), {}
        reconnect = rtc.LeaveRequest.RECONNECT
        await asyncio.gather(
            *(room.close(models.DisconnectReason.SERVER_SHUTDOWN, reconnect) for room in rooms)
        )
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._socket.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def room(self, name: str) -> Room | None:
        """Return the room called `name`, opening it if need be; None when there are too many."""
        found = self.rooms.get(name)
        if found is None and len(self.rooms) < self._limits.max_rooms:
            found = self.rooms[name] = Room(name, self._limits)
            logger.info("opened room %s", name)
        return found

    async def close_room(self, room: Room, reason: models.DisconnectReason) -> None:
        """Take everybody out of a room and forget it."""
        if self.rooms.get(room.name) is room:
            del self.rooms[room.name]
            await room.close(reason)
            logger.info("closed room %s", room.name)

    async def _tick(self) -> None:
        next_second = 0.0
        while True:
            await asyncio.sleep(_SPEAKER_INTERVAL_S)
            now = time.monotonic()
            whole = now >= next_second
            if whole:
                next_second = now + 0.9
            for room in list(self.rooms.values()):
                try:
                    room.tick_speakers()
                    if whole:
                        room.tick(now)
                        if room.expired(now):
                            await self.close_room(room, models.DisconnectReason.ROOM_CLOSED)
                except Exception:
                    logger.exception("the periodic work of room %s failed", room.name)

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response(text="OK")

    def _authorize(self, request: web.Request) -> tuple[Grants, str]:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ") if header else request.query.get("access_token", "")
        grants = verify(token, self._keys)
        name = grants.room or request.query.get("room", "")
        if not grants.room_join:
            raise TokenError("permissions denied: the access token has no roomJoin grant")
        if not name or not grants.identity:
            raise TokenError("the access token must name a room and an identity")
        return grants, name

    async def _validate(self, request: web.Request) -> web.Response:
        cors = {"Access-Control-Allow-Origin": "*"}
        try:
            self._authorize(request)
        except TokenError as error:
            return web.Response(status=401, text=str(error), headers=cors)
        return web.Response(text="success", headers=cors)

    async def _signal(self, request: web.Request) -> web.StreamResponse:
        if not origin_allowed(request.headers.get("Origin"), self._limits.allowed_origins):
            return web.Response(status=403, text="this web origin may not use the room")
        try:
            grants, name = self._authorize(request)
        except TokenError as error:
            return web.Response(status=401, text=str(error))
        room = self.room(name)
        if room is None:
            return web.Response(status=503, text="too many rooms")
        socket = web.WebSocketResponse(
            max_msg_size=self._limits.max_signal_message, heartbeat=_PING_TIMEOUT_S, timeout=2.0
        )
        await socket.prepare(request)
        channel = SignalChannel(socket, self._limits)
        try:
            if request.query.get("reconnect") in ("1", "true"):
                participant = self._resume(room, grants, request.query.get("sid", ""), channel)
            else:
                participant = await self._join(room, grants, request, channel)
            if participant is not None:
                await self._serve(room, participant, channel)
        finally:
            await channel.close()
        return socket

    async def _join(
        self, room: Room, grants: Grants, request: web.Request, channel: SignalChannel
    ) -> Participant | None:
        while (former := room.participants.get(grants.identity)) is not None:
            await room.remove(former, models.DisconnectReason.DUPLICATE_IDENTITY)
        if room.full:
            leave = leave_request(models.DisconnectReason.JOIN_FAILURE)
            channel.send(rtc.SignalResponse(leave=leave))
            return None
        protocol = request.query.get("client_protocol", "0")
        participant = Participant(
            room,
            grants,
            self._services,
            auto_subscribe=request.query.get("auto_subscribe", "1") not in ("0", "false"),
            client_protocol=int(protocol) if protocol.isdecimal() and len(protocol) < 4 else 0,
        )
        participant.signal = channel
        join = rtc.JoinResponse(
            room=room.info,
            participant=participant.info,
            other_participants=room.visible(participant),
            server_version=SERVER_VERSION,
            subscriber_primary=True,
            ping_timeout=_PING_TIMEOUT_S,
            ping_interval=_PING_INTERVAL_S,
            server_info=_server_info(),
            enabled_publish_codecs=room.info.enabled_codecs,
            fast_publish=grants.can_publish,
        )
        participant.send(rtc.SignalResponse(join=join))
        room.add(participant)
        return participant

    def _resume(self, room: Room, grants: Grants, sid: str, channel: SignalChannel) -> Participant | None:
        participant = room.participants.get(grants.identity)
        if participant is None or (sid and participant.sid != sid) or not participant.active:
            leave = leave_request(models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
            channel.send(rtc.SignalResponse(leave=leave))
            return None
        former, participant.signal = participant.signal, channel
        participant.signal_lost_at = None
        channel.send(rtc.SignalResponse(reconnect=rtc.ReconnectResponse(server_info=_server_info())))
        room.resume(participant)
        logger.info("room %s: %s resumed", room.name, participant.identity)
        if former is not None:
            room.soon(former.close())
        return participant

    async def _serve(self, room: Room, participant: Participant, channel: SignalChannel) -> None:
        try:
            async for message in channel.requests():
                if participant.signal is not channel:
                    break
                if message.HasField("leave"):
                    await room.remove(participant, models.DisconnectReason.CLIENT_INITIATED, tell=False)
                    break
                try:
                    participant.handle(message)
                except Exception:
                    # Our mistake: one request fails, the conversation goes on.
                    logger.exception("a request of %s could not be handled", participant.identity)
        finally:
            if participant.signal is channel:
                participant.signal = None
                participant.signal_lost_at = time.monotonic()


def _server_info() -> models.ServerInfo:
    return models.ServerInfo(
        edition=models.ServerInfo.Standard,
        version=SERVER_VERSION,
        protocol=PROTOCOL,
        region="desk",
        node_id="ND_avatardesk",
    )
