"""The server API: LiveKit's RoomService over Twirp (HTTP POST of protobuf or JSON)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from livekit.protocol import models, rtc
from livekit.protocol import room as api

from avatardesk.room.tokens import Grants, TokenError, verify

if TYPE_CHECKING:
    from avatardesk.room.forwarding import PublishedTrack
    from avatardesk.room.participant import Participant
    from avatardesk.room.room import Room
    from avatardesk.room.server import RoomServer

logger = logging.getLogger(__name__)

_STATUS = {
    "bad_route": 404,
    "failed_precondition": 412,
    "invalid_argument": 400,
    "malformed": 400,
    "not_found": 404,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "unauthenticated": 401,
    "unimplemented": 501,
}
"""Twirp's error codes (version 7 of its specification) that are used here."""


class _TwirpError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_Handler = Callable[[Any, Grants], Awaitable[Message]]


class AdminApi:
    """RoomService for one server. Calls need a token with roomCreate, roomList, or roomAdmin of the room."""

    def __init__(self, server: RoomServer, keys: Mapping[str, str]) -> None:
        self._server = server
        self._keys = keys
        self._calls: dict[str, tuple[type[Message], _Handler]] = {
            "CreateRoom": (api.CreateRoomRequest, self._create_room),
            "ListRooms": (api.ListRoomsRequest, self._list_rooms),
            "DeleteRoom": (api.DeleteRoomRequest, self._delete_room),
            "UpdateRoomMetadata": (api.UpdateRoomMetadataRequest, self._update_room_metadata),
            "ListParticipants": (api.ListParticipantsRequest, self._list_participants),
            "GetParticipant": (api.RoomParticipantIdentity, self._get_participant),
            "RemoveParticipant": (api.RoomParticipantIdentity, self._remove_participant),
            "UpdateParticipant": (api.UpdateParticipantRequest, self._update_participant),
            "MutePublishedTrack": (api.MuteRoomTrackRequest, self._mute_published_track),
            "UpdateSubscriptions": (api.UpdateSubscriptionsRequest, self._update_subscriptions),
            "SendData": (api.SendDataRequest, self._send_data),
        }

    def add_routes(self, app: web.Application) -> None:
        """Put the calls under /twirp."""
        app.router.add_post("/twirp/{service}/{method}", self._call)

    async def _call(self, request: web.Request) -> web.Response:
        as_json = request.content_type == "application/json"
        try:
            answer = await self._dispatch(request, as_json=as_json)
        except _TwirpError as error:
            body = {"code": error.code, "msg": str(error)}
            return web.json_response(body, status=_STATUS[error.code])
        if as_json:
            text = json_format.MessageToJson(answer, preserving_proto_field_name=True)
            return web.Response(text=text, content_type="application/json")
        return web.Response(body=answer.SerializeToString(), content_type="application/protobuf")

    async def _dispatch(self, request: web.Request, *, as_json: bool) -> Message:
        service, method = request.match_info["service"], request.match_info["method"]
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            grants = verify(token, self._keys)
        except TokenError as error:
            raise _TwirpError("unauthenticated", str(error)) from None
        if not service.startswith("livekit."):
            raise _TwirpError("bad_route", f"there is no service {service}")
        if service != "livekit.RoomService" or method not in self._calls:
            raise _TwirpError(
                "unimplemented", f"this room does not offer {service}/{method}; a livekit-server does"
            )
        kind, handler = self._calls[method]
        body = await request.read()
        try:
            if as_json:
                call = json_format.Parse(body, kind(), ignore_unknown_fields=True)
            else:
                call = kind.FromString(body)
        except (DecodeError, json_format.ParseError, ValueError) as error:
            raise _TwirpError("malformed", f"the request is not a {kind.__name__}: {error}") from None
        return await handler(call, grants)

    def _require(self, allowed: bool, grant: str) -> None:
        if not allowed:
            raise _TwirpError("permission_denied", f"the access token has no {grant} grant for this")

    def _room(self, name: str, grants: Grants) -> Room:
        self._require(grants.room_admin and grants.room == name, "roomAdmin")
        found = self._server.rooms.get(name)
        if found is None:
            raise _TwirpError("not_found", "requested room does not exist")
        return found

    def _participant(self, call: Any, grants: Grants) -> Participant:
        found = self._room(call.room, grants).participants.get(call.identity)
        if found is None:
            raise _TwirpError("not_found", "participant does not exist")
        return found

    async def _create_room(self, call: api.CreateRoomRequest, grants: Grants) -> models.Room:
        self._require(grants.room_create, "roomCreate")
        if not call.name:
            raise _TwirpError("invalid_argument", "a room needs a name")
        room = self._server.room(call.name)
        if room is None:
            raise _TwirpError("resource_exhausted", "too many rooms")
        if call.empty_timeout:
            room.info.empty_timeout = call.empty_timeout
        if call.departure_timeout:
            room.info.departure_timeout = call.departure_timeout
        if call.max_participants:
            room.info.max_participants = call.max_participants
        if call.metadata:
            room.set_metadata(call.metadata)
        return room.info

    async def _list_rooms(self, call: api.ListRoomsRequest, grants: Grants) -> api.ListRoomsResponse:
        self._require(grants.room_list, "roomList")
        rooms = (room.info for room in self._server.rooms.values())
        return api.ListRoomsResponse(
            rooms=[room for room in rooms if not call.names or room.name in call.names]
        )

    async def _delete_room(self, call: api.DeleteRoomRequest, grants: Grants) -> api.DeleteRoomResponse:
        self._require(grants.room_create, "roomCreate")
        room = self._server.rooms.get(call.room)
        if room is None:
            raise _TwirpError("not_found", "requested room does not exist")
        await self._server.close_room(room, models.DisconnectReason.ROOM_DELETED)
        return api.DeleteRoomResponse()

    async def _update_room_metadata(self, call: api.UpdateRoomMetadataRequest, grants: Grants) -> models.Room:
        room = self._room(call.room, grants)
        room.set_metadata(call.metadata)
        return room.info

    async def _list_participants(
        self, call: api.ListParticipantsRequest, grants: Grants
    ) -> api.ListParticipantsResponse:
        room = self._room(call.room, grants)
        return api.ListParticipantsResponse(participants=[found.info for found in room.participants.values()])

    async def _get_participant(
        self, call: api.RoomParticipantIdentity, grants: Grants
    ) -> models.ParticipantInfo:
        return self._participant(call, grants).info

    async def _remove_participant(
        self, call: api.RoomParticipantIdentity, grants: Grants
    ) -> api.RemoveParticipantResponse:
        participant = self._participant(call, grants)
        await participant.room.remove(participant, models.DisconnectReason.PARTICIPANT_REMOVED)
        return api.RemoveParticipantResponse()

    async def _update_participant(
        self, call: api.UpdateParticipantRequest, grants: Grants
    ) -> models.ParticipantInfo:
        participant = self._participant(call, grants)
        if call.HasField("permission"):
            participant.set_permission(call.permission)
        reason, message = participant.update(call.name, call.metadata, call.attributes, own=False)
        if reason != rtc.RequestResponse.OK:
            raise _TwirpError("invalid_argument", message)
        return participant.info

    async def _mute_published_track(
        self, call: api.MuteRoomTrackRequest, grants: Grants
    ) -> api.MuteRoomTrackResponse:
        participant = self._participant(call, grants)
        track: PublishedTrack | None = participant.publisher.tracks.get(call.track_sid)
        if track is None:
            raise _TwirpError("not_found", "track is not published")
        if not call.muted and track.info.muted:
            raise _TwirpError("failed_precondition", "remote unmute is not allowed")
        participant.set_muted(track, call.muted)
        mute = rtc.MuteTrackRequest(sid=track.sid, muted=call.muted)
        participant.send(rtc.SignalResponse(mute=mute))
        return api.MuteRoomTrackResponse(track=track.info)

    async def _update_subscriptions(
        self, call: api.UpdateSubscriptionsRequest, grants: Grants
    ) -> api.UpdateSubscriptionsResponse:
        participant = self._participant(call, grants)
        groups = (sid for group in call.participant_tracks for sid in group.track_sids)
        participant.room.subscribe(participant, [*call.track_sids, *groups], subscribe=call.subscribe)
        return api.UpdateSubscriptionsResponse()

    async def _send_data(self, call: api.SendDataRequest, grants: Grants) -> api.SendDataResponse:
        room = self._room(call.room, grants)
        user = models.UserPacket(
            payload=call.data,
            destination_sids=call.destination_sids,
            destination_identities=call.destination_identities,
        )
        if call.HasField("topic"):
            user.topic = call.topic
        room.deliver(
            models.DataPacket(kind=call.kind, user=user, destination_identities=call.destination_identities)
        )
        return api.SendDataResponse()
