"""One participant of a room: its state, its two peer connections, and what it may ask for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiortc.rtcdtlstransport import RTCCertificate
from livekit.protocol import models, rtc

from avatardesk.room.data import DataInbox
from avatardesk.room.forwarding import PublishedTrack
from avatardesk.room.ice import IceSocket
from avatardesk.room.limits import RoomLimits
from avatardesk.room.publisher import Publisher
from avatardesk.room.sdp import SdpError
from avatardesk.room.signalling import SignalChannel
from avatardesk.room.state import make_id, merge_attributes
from avatardesk.room.subscriber import RELIABLE, Subscriber
from avatardesk.room.tokens import Grants, may_publish, refreshed

if TYPE_CHECKING:
    from avatardesk.room.room import Room

logger = logging.getLogger(__name__)

REFRESH_INTERVAL_S = 300.0


@dataclass(frozen=True, slots=True)
class Services:
    """What every participant of a server shares."""

    socket: IceSocket
    certificate: RTCCertificate
    limits: RoomLimits
    keys: Mapping[str, str]


class Participant:
    """A client from its accepted token until it leaves. It outlives its WebSocket during a resume."""

    def __init__(
        self, room: Room, grants: Grants, services: Services, *, auto_subscribe: bool, client_protocol: int
    ) -> None:
        self.room = room
        self.grants = grants
        self.auto_subscribe = auto_subscribe
        self._services = services
        self.signal: SignalChannel | None = None
        self.joined_at = time.monotonic()
        self.signal_lost_at: float | None = None
        self.quality: models.ConnectionQuality | None = None
        self._token_sent_at = 0.0
        now = time.time()
        self.info = models.ParticipantInfo(
            sid=make_id("PA"),
            identity=grants.identity,
            name=grants.name,
            metadata=grants.metadata,
            attributes=grants.attributes,
            kind=grants.kind,
            state=models.ParticipantInfo.JOINED,
            permission=grants.permission(),
            joined_at=int(now),
            joined_at_ms=int(now * 1000),
            client_protocol=client_protocol,
            version=1,
        )
        self._inbox = DataInbox(self.identity, self.sid, services.limits, agent=self.info.permission.agent)
        self.subscriber = Subscriber(
            services.socket,
            services.certificate,
            services.limits,
            send_offer=lambda offer: self.send(rtc.SignalResponse(offer=offer)),
            on_connected=self._connected,
            on_subscribed=lambda sid: room.track_subscribed(sid),
        )
        self.publisher = Publisher(
            services.socket,
            services.certificate,
            services.limits,
            participant_sid=self.sid,
            on_published=lambda track: room.published(self, track),
            on_unpublished=lambda track: room.unpublished(self, track),
            on_message=self._data,
        )
        self._handlers: dict[str, Callable[[rtc.SignalRequest], None]] = {
            "offer": self._offer,
            "answer": self._answer,
            "add_track": self._add_track,
            "mute": self._mute,
            "subscription": self._subscription,
            "track_setting": self._track_setting,
            "update_metadata": self._update_metadata,
            "update_audio_track": self._update_audio_track,
            "ping": self._ping,
            "ping_req": self._ping_request,
            "simulate": self._simulate,
        }

    @property
    def sid(self) -> str:
        """The participant's id in the room; a new one each time it joins."""
        return self.info.sid

    @property
    def identity(self) -> str:
        """The participant's name for programs, from its token."""
        return self.info.identity

    @property
    def hidden(self) -> bool:
        """Whether the others must not know of it."""
        return self.info.permission.hidden

    @property
    def active(self) -> bool:
        """Whether its subscriber connection has been up."""
        return self.info.state == models.ParticipantInfo.ACTIVE

    @property
    def last_heard(self) -> float:
        """When a STUN check last arrived on either connection (monotonic seconds)."""
        return max(self.publisher.transport.ice.last_heard, self.subscriber.transport.ice.last_heard)

    def send(self, message: rtc.SignalResponse) -> None:
        """Queue a signalling message; dropped without a WebSocket (a resume sends the state anew)."""
        if self.signal is not None:
            self.signal.send(message)

    def changed(self) -> None:
        """Announce that `info` changed."""
        self.info.version += 1
        del self.info.tracks[:]
        self.info.tracks.extend(track.info for track in self.publisher.tracks.values())
        self.info.is_publisher = bool(self.info.tracks)
        self.room.announce(self)

    def send_token(self, now: float) -> None:
        """Send a fresh token when the last is getting old: a reconnect hours later needs a good one."""
        if not self._token_sent_at or now - self._token_sent_at >= REFRESH_INTERVAL_S:
            self._token_sent_at = now
            token = refreshed(self.grants, self.room.name, self.info, self._services.keys)
            self.send(rtc.SignalResponse(refresh_token=token))

    def set_permission(self, permission: models.ParticipantPermission) -> None:
        """Change what the participant may do; tracks it may publish no more are ended."""
        self.info.permission.CopyFrom(permission)
        for track in list(self.publisher.tracks.values()):
            if not may_publish(permission, track.info.source):
                self.unpublish(track)
        self._token_sent_at = 0.0
        self.room.update_subscriptions(self)
        self.changed()
        self.send_token(time.monotonic())

    def unpublish(self, track: PublishedTrack) -> None:
        """End a track from the server's side."""
        self.publisher.unpublish(track)
        self.send(rtc.SignalResponse(track_unpublished=rtc.TrackUnpublishedResponse(track_sid=track.sid)))

    def set_muted(self, track: PublishedTrack, muted: bool) -> None:
        """Mute or unmute a track and tell everybody."""
        if track.info.muted != muted:
            track.set_muted(muted)
            self.changed()

    def handle(self, request: rtc.SignalRequest) -> None:
        """Do what the client asks. Kinds of requests this room has no use for are ignored."""
        handler = self._handlers.get(request.WhichOneof("message") or "")
        if handler is not None:
            try:
                handler(request)
            except SdpError as error:
                logger.info("%s sent an unusable session description: %s", self.identity, error.message)

    def _connected(self) -> None:
        if not self.active:
            self.info.state = models.ParticipantInfo.ACTIVE
            self.changed()
            self.room.participant_active(self)

    def _data(self, label: str, raw: bytes) -> None:
        if self.info.permission.can_publish_data:
            packet = self._inbox.read(raw, reliable=label == RELIABLE)
            if packet is not None:
                self.room.deliver(packet)

    def _offer(self, request: rtc.SignalRequest) -> None:
        allowed = self.info.permission.can_publish
        answer = self.publisher.offered(request.offer, may_publish=allowed)
        self.send(rtc.SignalResponse(answer=answer))
        self.publisher.bind()

    def _answer(self, request: rtc.SignalRequest) -> None:
        self.subscriber.answered(request.answer)

    def _add_track(self, request: rtc.SignalRequest) -> None:
        wanted = request.add_track
        reason = rtc.RequestResponse.NOT_ALLOWED
        info = None
        if may_publish(self.info.permission, wanted.source):
            reason = rtc.RequestResponse.LIMIT_EXCEEDED
            info = self.publisher.announce(wanted)
        if info is None:
            refused = rtc.RequestResponse(reason=reason, message="may not publish", add_track=wanted)
            self.send(rtc.SignalResponse(request_response=refused))
            return
        published = rtc.TrackPublishedResponse(cid=wanted.cid, track=info)
        self.send(rtc.SignalResponse(track_published=published))
        self.publisher.bind()

    def _mute(self, request: rtc.SignalRequest) -> None:
        track = self.publisher.tracks.get(request.mute.sid)
        if track is not None:
            self.set_muted(track, request.mute.muted)

    def _subscription(self, request: rtc.SignalRequest) -> None:
        wanted = request.subscription
        sids = [*wanted.track_sids, *(sid for group in wanted.participant_tracks for sid in group.track_sids)]
        self.room.subscribe(self, sids, subscribe=wanted.subscribe)

    def _track_setting(self, request: rtc.SignalRequest) -> None:
        for sid in request.track_setting.track_sids:
            forwarder = self.subscriber.forwarder(sid)
            if forwarder is not None:
                forwarder.pause(request.track_setting.disabled)

    def _update_metadata(self, request: rtc.SignalRequest) -> None:
        wanted = request.update_metadata
        reason, message = self.update(wanted.name, wanted.metadata, wanted.attributes, own=True)
        response = rtc.RequestResponse(request_id=wanted.request_id, reason=reason, message=message)
        if reason != rtc.RequestResponse.OK:
            response.update_metadata.CopyFrom(wanted)
        self.send(rtc.SignalResponse(request_response=response))

    def update(
        self, name: str, metadata: str, attributes: Mapping[str, str], *, own: bool
    ) -> tuple[rtc.RequestResponse.Reason, str]:
        """Change name, metadata and attributes where given (an empty attribute is removed); say how it went.

        With `own` the participant asks for itself and needs the permission.
        """
        if own and not self.info.permission.can_update_metadata:
            return rtc.RequestResponse.NOT_ALLOWED, "does not have permission to update own metadata"
        merged = merge_attributes(self.info.attributes, attributes)
        limit = self._services.limits.max_metadata
        size = sum(len(key.encode()) + len(value.encode()) for key, value in merged.items())
        if max(size, len(metadata.encode()), len(name.encode())) > limit:
            return rtc.RequestResponse.LIMIT_EXCEEDED, f"more than {limit} bytes"
        self.info.name = name or self.info.name
        self.info.metadata = metadata or self.info.metadata
        self.info.attributes.clear()
        self.info.attributes.update(merged)
        self.changed()
        return rtc.RequestResponse.OK, ""

    def _update_audio_track(self, request: rtc.SignalRequest) -> None:
        track = self.publisher.tracks.get(request.update_audio_track.track_sid)
        if track is not None:
            del track.info.audio_features[:]
            track.info.audio_features.extend(request.update_audio_track.features)
            self.changed()

    def _ping(self, request: rtc.SignalRequest) -> None:
        self.send(rtc.SignalResponse(pong=int(time.time() * 1000)))

    def _ping_request(self, request: rtc.SignalRequest) -> None:
        pong = rtc.Pong(last_ping_timestamp=request.ping_req.timestamp, timestamp=int(time.time() * 1000))
        self.send(rtc.SignalResponse(pong_resp=pong))

    def _simulate(self, request: rtc.SignalRequest) -> None:
        # What clients call to try their own recovery.
        wanted = request.simulate.WhichOneof("scenario")
        if wanted == "server_leave":
            self.room.soon(self.room.remove(self, models.DisconnectReason.SERVER_SHUTDOWN))
        elif wanted == "leave_request_full_reconnect":
            action = rtc.LeaveRequest.RECONNECT
            self.room.soon(self.room.remove(self, models.DisconnectReason.MIGRATION, action))
        elif wanted == "node_failure":
            self.room.soon(self.room.remove(self, models.DisconnectReason.MIGRATION, tell=False))

    async def close(self, leave: rtc.LeaveRequest | None) -> None:
        """Tell the client why, then end its connections."""
        if self.signal is not None:
            signal, self.signal = self.signal, None
            await signal.close(rtc.SignalResponse(leave=leave) if leave is not None else None)
        await self.subscriber.close()
        await self.publisher.close()
