"""A room: who is in it, who hears whom, and what everybody is told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from typing import Any

from livekit.protocol import models, rtc

from avatardesk.room.data import deliver
from avatardesk.room.forwarding import PublishedTrack
from avatardesk.room.limits import RoomLimits
from avatardesk.room.participant import Participant
from avatardesk.room.state import connection_quality, leave_request, make_id, speaker_changes

logger = logging.getLogger(__name__)


class Room:
    """Participants by identity, and the broadcasts between them."""

    def __init__(self, name: str, limits: RoomLimits) -> None:
        self.limits = limits
        self.participants: dict[str, Participant] = {}
        now = time.time()
        self.info = models.Room(
            sid=make_id("RM"),
            name=name,
            empty_timeout=limits.empty_timeout,
            departure_timeout=limits.departure_timeout,
            max_participants=limits.max_participants,
            creation_time=int(now),
            creation_time_ms=int(now * 1000),
            enabled_codecs=[models.Codec(mime="audio/opus"), models.Codec(mime="video/VP8")],
        )
        self.empty_since: float | None = time.monotonic()
        self._ever_joined = False
        self._speakers: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The room's name."""
        return self.info.name

    @property
    def full(self) -> bool:
        """Whether nobody else may join."""
        most = min(self.info.max_participants or self.limits.max_participants, self.limits.max_participants)
        return len(self.participants) >= most

    def visible(self, to: Participant) -> list[models.ParticipantInfo]:
        """Return the other participants as `to` may know them."""
        others = (found for found in self.participants.values() if found is not to and not found.hidden)
        return [found.info for found in others]

    def add(self, participant: Participant) -> None:
        """Let a participant in. Its JoinResponse must be queued already."""
        self.participants[participant.identity] = participant
        self.empty_since = None
        self._ever_joined = True
        self._count()
        self.announce(participant, include_self=False)
        self.update_subscriptions(participant, negotiate=False)
        participant.subscriber.negotiate()

    async def remove(
        self,
        participant: Participant,
        reason: models.DisconnectReason,
        action: rtc.LeaveRequest.Action = rtc.LeaveRequest.DISCONNECT,
        *,
        tell: bool = True,
    ) -> None:
        """Take a participant out, tell the others, and (with `tell`) tell it why."""
        if self.participants.get(participant.identity) is not participant:
            return
        del self.participants[participant.identity]
        logger.info(
            "room %s: %s left (%s)", self.name, participant.identity, models.DisconnectReason.Name(reason)
        )
        self._speakers.pop(participant.sid, None)
        for track in list(participant.publisher.tracks.values()):
            participant.publisher.unpublish(track)
        participant.info.state = models.ParticipantInfo.DISCONNECTED
        participant.info.disconnect_reason = reason
        participant.changed()
        self._count()
        if not self.participants:
            self.empty_since = time.monotonic()
        await participant.close(leave_request(reason, action) if tell else None)

    async def close(
        self,
        reason: models.DisconnectReason,
        action: rtc.LeaveRequest.Action = rtc.LeaveRequest.DISCONNECT,
    ) -> None:
        """Take everybody out."""
        everybody = list(self.participants.values())
        await asyncio.gather(*(self.remove(found, reason, action) for found in everybody))
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background, until the room closes at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def broadcast(self, message: rtc.SignalResponse, *, but: Participant | None = None) -> None:
        """Send a signalling message to everybody."""
        for participant in self.participants.values():
            if participant is not but:
                participant.send(message)

    def announce(self, participant: Participant, *, include_self: bool = True) -> None:
        """Tell everybody who may know about `participant` what it is now."""
        message = rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=[participant.info]))
        if include_self and self.participants.get(participant.identity) is participant:
            participant.send(message)
        if not participant.hidden:
            self.broadcast(message, but=participant)

    def _count(self) -> None:
        visible = [found for found in self.participants.values() if not found.hidden]
        self.info.num_participants = len(visible)
        self.info.num_publishers = sum(found.info.is_publisher for found in visible)
        self.broadcast(rtc.SignalResponse(room_update=rtc.RoomUpdate(room=self.info)))

    def set_metadata(self, metadata: str) -> None:
        """Change the room's metadata and tell everybody."""
        self.info.metadata = metadata
        self._count()

    def participant_active(self, participant: Participant) -> None:
        """Note that a participant's connection is up: it may now be told things beside its own state."""
        logger.info("room %s: %s joined", self.name, participant.identity)
        speakers = [
            models.SpeakerInfo(sid=sid, level=level, active=True) for sid, level in self._speakers.items()
        ]
        if speakers:
            participant.send(rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=speakers)))
        participant.send_token(time.monotonic())

    def resume(self, participant: Participant) -> None:
        """Bring a client whose WebSocket is new up to date, and its subscriber connection back."""
        infos = [participant.info, *self.visible(participant)]
        participant.send(rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=infos)))
        participant.send(rtc.SignalResponse(room_update=rtc.RoomUpdate(room=self.info)))
        participant.subscriber.restart()

    # Media

    def published(self, publisher: Participant, track: PublishedTrack) -> None:
        """Announce a new track and forward it to those who subscribe by themselves."""
        logger.info("room %s: %s published %s", self.name, publisher.identity, track.info.mime_type)
        publisher.changed()
        self._count()
        for participant in self.participants.values():
            if participant.auto_subscribe and self._may_hear(participant, publisher):
                participant.subscriber.add(track, publisher.sid)
                participant.subscriber.negotiate()

    def unpublished(self, publisher: Participant, track: PublishedTrack) -> None:
        """Withdraw a track."""
        publisher.changed()
        self._count()
        for participant in self.participants.values():
            if participant.subscriber.remove(track.sid):
                participant.subscriber.negotiate()

    def _may_hear(self, participant: Participant, publisher: Participant) -> bool:
        return (
            participant is not publisher
            and participant.info.permission.can_subscribe
            and not publisher.hidden
        )

    def update_subscriptions(self, participant: Participant, *, negotiate: bool = True) -> None:
        """Subscribe to all that may be heard, or unsubscribe from all that may not."""
        if participant.info.permission.can_subscribe:
            sids = [sid for found in self.participants.values() for sid in found.publisher.tracks]
            if participant.auto_subscribe:
                self.subscribe(participant, sids, subscribe=True, negotiate=negotiate)
        else:
            sids = [forwarder.track.sid for forwarder in participant.subscriber.forwarders]
            self.subscribe(participant, sids, subscribe=False, negotiate=negotiate)

    def subscribe(
        self, participant: Participant, sids: Iterable[str], *, subscribe: bool, negotiate: bool = True
    ) -> None:
        """Begin or end a participant's subscriptions."""
        wanted = set(sids)
        for publisher in self.participants.values():
            for track in publisher.publisher.tracks.values():
                if track.sid in wanted and not subscribe:
                    participant.subscriber.remove(track.sid)
                elif track.sid in wanted and self._may_hear(participant, publisher):
                    participant.subscriber.add(track, publisher.sid)
        if negotiate and wanted:
            participant.subscriber.negotiate()

    def track_subscribed(self, sid: str) -> None:
        """Tell a track's publisher that somebody receives it now."""
        for publisher in self.participants.values():
            if sid in publisher.publisher.tracks:
                told = rtc.TrackSubscribed(track_sid=sid)
                publisher.send(rtc.SignalResponse(track_subscribed=told))

    # Data

    def deliver(self, packet: models.DataPacket) -> None:
        """Hand a data packet to whom it is for."""
        recipients = (found for found in self.participants.values() if found.active)
        for participant in deliver(packet, recipients, self.limits):
            logger.warning("room %s: %s reads data too slowly", self.name, participant.identity)
            self.soon(self.remove(participant, models.DisconnectReason.CONNECTION_TIMEOUT))

    # Periodic work

    def tick_speakers(self) -> None:
        """Announce who speaks how loudly; several times a second."""
        levels = {
            participant.sid: max(
                (track.take_level() for track in participant.publisher.tracks.values()), default=0.0
            )
            for participant in self.participants.values()
            if not participant.hidden
        }
        changes, self._speakers = speaker_changes(self._speakers, levels)
        if changes:
            self.broadcast(rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=changes)))

    def tick(self, now: float) -> None:
        """Report to publishers, judge connections, and let go of who is gone; once a second."""
        updates = []
        for participant in list(self.participants.values()):
            reason = self._gone(participant, now)
            if reason is not None:
                self.soon(self.remove(participant, reason))
                continue
            participant.publisher.send_reports(now)
            if participant.active:
                participant.send_token(now)
                updates += self._quality(participant, now)
        if updates:
            quality = rtc.ConnectionQualityUpdate(updates=updates)
            self.broadcast(rtc.SignalResponse(connection_quality=quality))

    def _gone(self, participant: Participant, now: float) -> models.DisconnectReason | None:
        limits = self.limits
        silent = now - participant.last_heard
        if not participant.active:
            late = now - participant.joined_at > limits.join_timeout or participant.signal is None
            return models.DisconnectReason.JOIN_FAILURE if late else None
        if participant.signal_lost_at is not None:
            waited = now - participant.signal_lost_at
            if min(silent, waited) > limits.resume_timeout or waited > limits.signal_timeout:
                return models.DisconnectReason.SIGNAL_CLOSE
        if silent > limits.consent_timeout:
            return models.DisconnectReason.CONNECTION_TIMEOUT
        return None

    def _quality(self, participant: Participant, now: float) -> list[rtc.ConnectionQualityInfo]:
        sent = [track.fraction_lost for track in participant.publisher.tracks.values()]
        received = [forwarder.fraction_lost for forwarder in participant.subscriber.forwarders]
        loss = max([*sent, *received], default=0.0)
        quality, score = connection_quality(loss, now - participant.last_heard)
        if quality == participant.quality or participant.hidden:
            return []
        participant.quality = quality
        return [rtc.ConnectionQualityInfo(participant_sid=participant.sid, quality=quality, score=score)]

    def expired(self, now: float) -> bool:
        """Tell whether the room has been empty for too long."""
        if self.empty_since is None:
            return False
        most = self.info.departure_timeout if self._ever_joined else self.info.empty_timeout
        return now - self.empty_since > most
