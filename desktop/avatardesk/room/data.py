"""Data packets: checking what a participant sends and handing it to the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from livekit.protocol import models

from avatardesk.room.limits import RateLimit, RoomLimits
from avatardesk.room.subscriber import LOSSY, RELIABLE

if TYPE_CHECKING:
    from avatardesk.room.participant import Participant

logger = logging.getLogger(__name__)


class DataInbox:
    """Data packets from one participant, whose name is put on each of them unless it is an agent."""

    def __init__(self, identity: str, sid: str, limits: RoomLimits, *, agent: bool = False) -> None:
        self._identity = identity
        self._sid = sid
        self._agent = agent
        self._limits = limits
        self._rate = RateLimit(limits.data_rate, limits.data_rate)
        self._last_sequence = 0
        self.dropped = 0

    def read(self, raw: bytes, *, reliable: bool) -> models.DataPacket | None:
        """Return the packet as the others are to get it; None for what is malformed, too big or a repeat."""
        if len(raw) > self._limits.max_data_packet or not self._rate.take(time.monotonic()):
            self._drop("over the size or rate limit")
            return None
        try:
            packet = models.DataPacket.FromString(raw)
        except DecodeError:
            self._drop("malformed")
            return None
        if packet.WhichOneof("value") in (None, "speaker"):
            return None
        if reliable and packet.sequence:
            # After a resume the client sends again what it is not sure has arrived.
            if packet.sequence <= self._last_sequence:
                return None
            self._last_sequence = packet.sequence
        packet.kind = models.DataPacket.RELIABLE if reliable else models.DataPacket.LOSSY
        # An agent publishes what a user said in that user's name; livekit-server lets it, too.
        if not self._agent or not packet.participant_identity:
            packet.participant_identity = self._identity
        packet.participant_sid = self._sid
        if packet.HasField("user"):
            # Clients before protocol 11 look here.
            if packet.user.destination_identities and not packet.destination_identities:
                packet.destination_identities.extend(packet.user.destination_identities)
            packet.user.participant_identity, packet.user.participant_sid = self._identity, self._sid
        return packet

    def _drop(self, why: str) -> None:
        self.dropped += 1
        if self.dropped in (1, 100, 10_000):
            logger.info("dropped %d data packets of %s: %s", self.dropped, self._identity, why)


def deliver(
    packet: models.DataPacket, recipients: Iterable[Participant], limits: RoomLimits
) -> list[Participant]:
    """Send `packet` to those `recipients` it is meant for, but never back to its sender.

    Return the participants that read reliable data so slowly that they must go.
    """
    wanted = set(packet.destination_identities)
    wanted_sids = set(packet.user.destination_sids) if packet.HasField("user") else set()
    raw = packet.SerializeToString()
    too_slow = []
    for participant in recipients:
        if participant.sid == packet.participant_sid:
            continue
        if (
            (wanted or wanted_sids)
            and participant.identity not in wanted
            and participant.sid not in wanted_sids
        ):
            continue
        transport = participant.subscriber.transport
        if packet.kind == models.DataPacket.LOSSY:
            if transport.backlog(LOSSY) < limits.lossy_backlog:
                transport.send_message(LOSSY, raw)
        elif transport.backlog(RELIABLE) + len(raw) > limits.reliable_backlog:
            too_slow.append(participant)
        else:
            transport.send_message(RELIABLE, raw)
    return too_slow
