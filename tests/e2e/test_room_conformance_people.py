"""What every LiveKit room must do: who is there, and what they may do.

Run unchanged against the embedded room and a real livekit-server.
"""

from __future__ import annotations

import pytest
from livekit import rtc
from support.livekit_server import RunningRoom
from support.room_clients import eventually, joined, tone

pytestmark = pytest.mark.e2e


async def test_attributes_change_and_an_empty_value_removes_one(server: RunningRoom) -> None:
    may = {"can_update_own_metadata": True}
    async with joined(server, "ann", **may) as ann, joined(server, "bob") as bob:
        await ann.me.set_attributes({"lk.agent.state": "listening", "extra": "1"})
        await eventually(
            lambda: bob.remote("ann").attributes.get("lk.agent.state") == "listening", "listening"
        )
        await ann.me.set_attributes({"lk.agent.state": "speaking", "extra": ""})
        await eventually(lambda: bob.remote("ann").attributes == {"lk.agent.state": "speaking"}, "speaking")


async def test_name_and_metadata_change(server: RunningRoom) -> None:
    may = {"can_update_own_metadata": True}
    async with joined(server, "ann", **may) as ann, joined(server, "bob") as bob:
        await ann.me.set_name("Ann of the Desk")
        await ann.me.set_metadata('{"seat": 4}')
        await eventually(lambda: bob.remote("ann").name == "Ann of the Desk", "the name")
        await eventually(lambda: bob.remote("ann").metadata == '{"seat": 4}', "the metadata")


async def test_attributes_stay_without_the_permission_to_change_them(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        await ann.me.set_attributes({"x": "1"})
        await ann.me.publish_data("later")
        await bob.wait("data_received")
        assert bob.remote("ann").attributes == {}


async def test_participant_kinds_are_seen(server: RunningRoom) -> None:
    async with (
        joined(server, "bob") as bob,
        joined(server, "helper", kind="agent", attributes={"lk.publish_on_behalf": "bob"}),
    ):
        await bob.wait("participant_connected")
        assert bob.remote("helper").kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        assert bob.remote("helper").attributes["lk.publish_on_behalf"] == "bob"


async def test_a_second_participant_of_the_same_identity_takes_the_firsts_place(server: RunningRoom) -> None:
    async with joined(server, "watcher") as watcher, joined(server, "ann") as first:
        await watcher.wait("participant_connected")
        former = watcher.remote("ann").sid
        async with joined(server, "ann") as second:
            (reason,) = await first.wait("disconnected")
            assert reason == rtc.DisconnectReason.DUPLICATE_IDENTITY
            await eventually(lambda: "ann" in watcher.room.remote_participants, "ann again")
            await eventually(lambda: watcher.remote("ann").sid == second.me.sid != former, "the new ann")
            assert second.room.isconnected()


async def test_leaving_is_seen_with_its_reason(server: RunningRoom) -> None:
    async with joined(server, "bob") as bob:
        async with joined(server, "ann"):
            await bob.wait("participant_connected")
        (left,) = await bob.wait("participant_disconnected")
        assert left.identity == "ann"
        assert left.disconnect_reason == rtc.DisconnectReason.CLIENT_INITIATED


async def test_a_hidden_participant_is_not_seen_but_sees(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "ghost", hidden=True) as ghost:
        assert "ann" in ghost.room.remote_participants
        async with joined(server, "bob") as bob:
            await ann.wait("participant_connected")
            assert set(ann.room.remote_participants) == {"bob"}
            assert set(bob.room.remote_participants) == {"ann"}


async def test_without_the_subscribe_grant_nothing_is_received(server: RunningRoom) -> None:
    async with (
        joined(server, "ann") as ann,
        joined(server, "deaf", can_subscribe=False) as deaf,
        joined(server, "bob") as bob,
        tone(440) as sound,
    ):
        await sound.publish(ann)
        await bob.wait("track_subscribed")
        await deaf.wait("track_published")
        assert deaf.seen("track_subscribed") == []
