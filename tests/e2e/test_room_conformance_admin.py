"""What every LiveKit room must do: tokens, limits and the server's API.

Run unchanged against the embedded room and a real livekit-server.
"""

from __future__ import annotations

import pytest
from livekit import api, rtc
from livekit.rtc._proto.room_pb2 import SimulateScenarioKind
from support.livekit_server import RunningRoom
from support.room_clients import Client, eventually, joined, make_token, tone

pytestmark = pytest.mark.e2e


def _admin(server: RunningRoom) -> api.LiveKitAPI:
    return api.LiveKitAPI(server.url, server.api_key, server.api_secret)


@pytest.mark.parametrize(
    ("change", "ttl_s"),
    [({}, -3600), ({"room_join": False}, 600)],
    ids=["expired", "no roomJoin"],
)
async def test_a_bad_token_is_refused(server: RunningRoom, change: dict[str, object], ttl_s: float) -> None:
    token = make_token(server, "ann", ttl_s=ttl_s, **change)
    with pytest.raises(rtc.ConnectError):
        await rtc.Room().connect(server.url, token)


async def test_a_forged_token_is_refused(server: RunningRoom) -> None:
    forged = make_token(
        RunningRoom(server.url, server.api_key, "another secret, just as long as ours"), "ann"
    )
    with pytest.raises(rtc.ConnectError):
        await rtc.Room().connect(server.url, forged)


async def test_rooms_are_created_listed_and_deleted(server: RunningRoom) -> None:
    async with _admin(server) as admin:
        made = await admin.room.create_room(
            api.CreateRoomRequest(name="desk", metadata="oak", empty_timeout=60)
        )
        assert (made.name, made.metadata, made.empty_timeout) == ("desk", "oak", 60)
        listed = await admin.room.list_rooms(api.ListRoomsRequest(names=["desk"]))
        assert [room.sid for room in listed.rooms] == [made.sid]
        async with joined(server, "ann") as ann:
            assert ann.room.metadata == "oak"
            await admin.room.delete_room(api.DeleteRoomRequest(room="desk"))
            (reason,) = await ann.wait("disconnected")
            assert reason == rtc.DisconnectReason.ROOM_DELETED
        assert (await admin.room.list_rooms(api.ListRoomsRequest(names=["desk"]))).rooms == []


async def test_participants_are_listed_and_removed(server: RunningRoom) -> None:
    async with _admin(server) as admin, joined(server, "ann") as ann, joined(server, "bob") as bob:
        listed = await admin.room.list_participants(api.ListParticipantsRequest(room="desk"))
        assert {found.identity for found in listed.participants} == {"ann", "bob"}
        found = await admin.room.get_participant(api.RoomParticipantIdentity(room="desk", identity="ann"))
        assert found.sid == ann.me.sid
        await admin.room.remove_participant(api.RoomParticipantIdentity(room="desk", identity="ann"))
        (reason,) = await ann.wait("disconnected")
        assert reason == rtc.DisconnectReason.PARTICIPANT_REMOVED
        await bob.wait("participant_disconnected")
        with pytest.raises(api.TwirpError) as caught:
            await admin.room.get_participant(api.RoomParticipantIdentity(room="desk", identity="ann"))
        assert caught.value.code == "not_found"


async def test_the_server_changes_a_participant_and_sends_it_data(server: RunningRoom) -> None:
    async with _admin(server) as admin, joined(server, "ann") as ann, joined(server, "bob") as bob:
        await admin.room.update_participant(
            api.UpdateParticipantRequest(room="desk", identity="ann", name="Ann", attributes={"seat": "4"})
        )
        await eventually(lambda: bob.remote("ann").attributes == {"seat": "4"}, "the attribute")
        await eventually(lambda: ann.me.name == "Ann", "the name at home")
        await admin.room.send_data(
            api.SendDataRequest(
                room="desk", data=b"news", kind=api.DataPacket.Kind.RELIABLE, destination_identities=["bob"]
            )
        )
        (packet,) = await bob.wait("data_received")
        assert (packet.data, packet.participant) == (b"news", None)


async def test_the_server_mutes_a_track(server: RunningRoom) -> None:
    async with (
        _admin(server) as admin,
        joined(server, "ann") as ann,
        joined(server, "bob") as bob,
        tone(440) as sound,
    ):
        publication = await sound.publish(ann)
        await bob.wait("track_subscribed")
        await admin.room.mute_published_track(
            api.MuteRoomTrackRequest(room="desk", identity="ann", track_sid=publication.sid, muted=True)
        )
        await bob.wait("track_muted")
        await ann.wait("track_muted")


async def test_the_server_api_asks_for_its_grants(server: RunningRoom) -> None:
    async with api.LiveKitAPI(
        server.url, server.api_key, "some other secret of forty characters !!!"
    ) as stranger:
        with pytest.raises(api.TwirpError) as caught:
            await stranger.room.list_rooms(api.ListRoomsRequest())
        assert caught.value.status == 401


async def test_the_last_of_too_many_is_refused(server: RunningRoom) -> None:
    async with _admin(server) as admin:
        await admin.room.create_room(api.CreateRoomRequest(name="desk", max_participants=1))
        async with joined(server, "ann") as ann:
            late = Client()
            with pytest.raises(rtc.ConnectError):
                await late.room.connect(server.url, make_token(server, "bob"))
            assert ann.room.isconnected()


async def test_the_rooms_metadata_changes_for_everybody(server: RunningRoom) -> None:
    async with _admin(server) as admin, joined(server, "ann") as ann, joined(server, "bob") as bob:
        await admin.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="desk", metadata="oak"))
        for client in (ann, bob):
            await client.wait("room_metadata_changed")
            assert client.room.metadata == "oak"


async def test_a_client_that_the_server_sends_away_stays_away(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        await bob.me.publish_data("ready")
        await ann.wait("data_received")
        await ann.room.simulate_scenario(SimulateScenarioKind.SIMULATE_SERVER_LEAVE)
        await ann.wait("disconnected")
        await bob.wait("participant_disconnected")
