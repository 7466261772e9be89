"""Data packets: what a participant's inbox lets through and who gets it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from livekit.protocol import models

from avatardesk.room.data import DataInbox, deliver
from avatardesk.room.limits import RateLimit, RoomLimits

LIMITS = RoomLimits(max_data_packet=1_000, lossy_backlog=500, reliable_backlog=1_000)


def user(payload: bytes = b"x", **fields: Any) -> bytes:
    return models.DataPacket(user=models.UserPacket(payload=payload), **fields).SerializeToString()


@pytest.fixture
def inbox() -> DataInbox:
    return DataInbox("ann", "PA_1", LIMITS)


def test_the_senders_name_is_put_on_and_cannot_be_forged(inbox: DataInbox) -> None:
    forged = models.DataPacket(
        participant_identity="bob",
        participant_sid="PA_2",
        kind=models.DataPacket.LOSSY,
        user=models.UserPacket(payload=b"x", participant_identity="bob", topic="t"),
    )
    found = inbox.read(forged.SerializeToString(), reliable=True)
    assert found is not None
    assert (found.participant_identity, found.participant_sid) == ("ann", "PA_1")
    assert (found.user.participant_identity, found.user.participant_sid) == ("ann", "PA_1")
    assert (found.user.payload, found.user.topic) == (b"x", "t")
    assert found.kind == models.DataPacket.RELIABLE


def test_an_agent_may_say_what_a_user_said_in_that_users_name() -> None:
    caption = models.DataPacket(
        participant_identity="user", stream_chunk=models.DataStream.Chunk(stream_id="s", content=b"hello")
    ).SerializeToString()
    agent = DataInbox("agent", "PA_1", LIMITS, agent=True).read(caption, reliable=True)
    other = DataInbox("other", "PA_2", LIMITS).read(caption, reliable=True)
    assert agent is not None
    assert other is not None
    assert (agent.participant_identity, agent.participant_sid) == ("user", "PA_1")
    assert (other.participant_identity, other.participant_sid) == ("other", "PA_2")


def test_repeats_after_a_resume_are_dropped_and_the_number_is_kept(inbox: DataInbox) -> None:
    seen = [inbox.read(user(sequence=number), reliable=True) for number in (1, 2, 2, 1, 3)]
    assert [found.sequence for found in seen if found is not None] == [1, 2, 3]


def test_lossy_and_unnumbered_packets_are_no_repeats(inbox: DataInbox) -> None:
    assert inbox.read(user(sequence=5), reliable=True) is not None
    assert inbox.read(user(sequence=5), reliable=False) is not None
    assert inbox.read(user(), reliable=True) is not None
    assert inbox.read(user(), reliable=True) is not None


@pytest.mark.parametrize("raw", [b"\xff\xff", b"", bytes(2_000), user(bytes(1_000))], ids=len)
def test_malformed_empty_and_big_packets_are_dropped(inbox: DataInbox, raw: bytes) -> None:
    assert inbox.read(raw, reliable=True) is None


def test_nobody_can_say_who_speaks(inbox: DataInbox) -> None:
    lie = models.DataPacket(speaker=models.ActiveSpeakerUpdate(speakers=[models.SpeakerInfo(sid="PA_1")]))
    assert inbox.read(lie.SerializeToString(), reliable=True) is None


def test_too_many_packets_are_dropped() -> None:
    inbox = DataInbox("ann", "PA_1", RoomLimits(data_rate=10))
    passed = [inbox.read(user(), reliable=False) for _ in range(50)]
    assert 10 <= sum(found is not None for found in passed) < 15
    assert inbox.dropped > 30


def test_a_rate_limit_fills_up_again() -> None:
    limit = RateLimit(10, 5)
    assert [limit.take(100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert limit.take(100.15)
    assert not limit.take(100.15)


class Receiver:
    """A participant's end, as far as data goes."""

    def __init__(self, identity: str, backlog: int = 0) -> None:
        self.identity = identity
        self.sid = f"PA_{identity}"
        self.got: list[str] = []
        self.subscriber = SimpleNamespace(transport=self)
        self._backlog = backlog

    def backlog(self, label: str) -> int:
        return self._backlog

    def send_message(self, label: str, data: bytes) -> None:
        self.got.append(label)


def _packet(kind: models.DataPacket.Kind, **fields: Any) -> models.DataPacket:
    return models.DataPacket(
        kind=kind, participant_sid="PA_ann", user=models.UserPacket(payload=bytes(100)), **fields
    )


def _deliver(packet: models.DataPacket, *receivers: Receiver) -> list[Any]:
    return deliver(packet, receivers, LIMITS)  # type: ignore[arg-type]


def test_data_goes_to_the_others_on_the_channel_of_its_kind() -> None:
    ann, bob = Receiver("ann"), Receiver("bob")
    _deliver(_packet(models.DataPacket.RELIABLE), ann, bob)
    _deliver(_packet(models.DataPacket.LOSSY), ann, bob)
    assert ann.got == []
    assert bob.got == ["_reliable", "_lossy"]


def test_data_goes_only_where_it_is_sent() -> None:
    bob, cy = Receiver("bob"), Receiver("cy")
    _deliver(_packet(models.DataPacket.RELIABLE, destination_identities=["cy"]), bob, cy)
    by_sid = _packet(models.DataPacket.RELIABLE)
    by_sid.user.destination_sids.append("PA_cy")
    _deliver(by_sid, bob, cy)
    assert bob.got == []
    assert len(cy.got) == 2


def test_a_slow_reader_loses_lossy_data_and_is_named_for_reliable_data() -> None:
    slow, quick = Receiver("slow", backlog=950), Receiver("quick")
    assert _deliver(_packet(models.DataPacket.LOSSY), slow, quick) == []
    assert _deliver(_packet(models.DataPacket.RELIABLE), slow, quick) == [slow]
    assert slow.got == []
    assert quick.got == ["_lossy", "_reliable"]
