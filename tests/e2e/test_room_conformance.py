"""What every LiveKit room must do, run unchanged against the embedded room and a real livekit-server."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api, rtc
from livekit.rtc._proto.room_pb2 import SimulateScenarioKind
from support.livekit_server import RunningRoom
from support.room_clients import Client, eventually, hears, joined, make_token, tone
from support.room_servers import EVERY_SERVER, any_server
from support.tcp_relay import relay

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture(params=EVERY_SERVER)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[RunningRoom]:
    async with any_server(request.param) as found:
        yield found


async def test_a_tone_is_heard_both_ways(server: RunningRoom) -> None:
    async with (
        joined(server, "ann") as ann,
        joined(server, "bob") as bob,
        tone(440) as low,
        tone(1000) as high,
    ):
        await low.publish(ann)
        await high.publish(bob)
        at_bob, _, _ = await bob.wait("track_subscribed")
        at_ann, _, _ = await ann.wait("track_subscribed")
        await asyncio.gather(hears(at_bob, 440), hears(at_ann, 1000))


async def test_the_publisher_learns_that_its_track_is_received(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob"), tone(440) as sound:
        publication = await sound.publish(ann)
        await asyncio.wait_for(publication.wait_for_subscription(), 10)


async def test_a_late_joiner_hears_and_knows_what_was_there_before(server: RunningRoom) -> None:
    async with joined(server, "ann", name="Ann", attributes={"mood": "calm"}) as ann, tone(700) as sound:
        await sound.publish(ann)
        async with joined(server, "bob") as bob:
            assert bob.remote("ann").name == "Ann"
            assert bob.remote("ann").attributes == {"mood": "calm"}
            track, _, _ = await bob.wait("track_subscribed")
            await hears(track, 700)


@pytest.mark.parametrize(("width", "height", "simulcast"), [(16, 16, False), (640, 360, True)])
async def test_black_video_reaches_a_late_joiner(
    server: RunningRoom, width: int, height: int, simulcast: bool
) -> None:
    async with joined(server, "avatar") as avatar:
        source = rtc.VideoSource(width, height)
        track = rtc.LocalVideoTrack.create_video_track("face", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=simulcast)
        await avatar.me.publish_track(track, options)

        async def paint() -> None:
            black = rtc.VideoFrame(width, height, rtc.VideoBufferType.RGBA, bytes(width * height * 4))
            while True:
                source.capture_frame(black)
                await asyncio.sleep(0.1)

        painting = asyncio.create_task(paint())
        try:
            # The key frame at the start is long gone when the second one joins.
            for identity in ("ann", "bob"):
                async with joined(server, identity) as viewer:
                    seen, _, _ = await viewer.wait("track_subscribed")
                    stream = rtc.VideoStream(seen)
                    frame = await asyncio.wait_for(anext(stream), 10)
                    assert frame.frame.width * height == frame.frame.height * width
                    await stream.aclose()
        finally:
            painting.cancel()
            await source.aclose()


async def test_muting_and_unmuting_is_seen_by_the_others(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, tone(440) as sound:
        await sound.publish(ann)
        track, publication, _ = await bob.wait("track_subscribed")
        await hears(track, 440)
        sound.track.mute()
        await bob.wait("track_muted")
        assert publication.muted
        sound.track.unmute()
        await bob.wait("track_unmuted")
        await hears(track, 440)


async def test_a_track_can_be_withdrawn_and_another_published(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, tone(440) as one, tone(900) as two:
        first = await one.publish(ann)
        await bob.wait("track_subscribed")
        await ann.me.unpublish_track(first.sid)
        await bob.wait("track_unpublished")
        await two.publish(ann)
        track, _, _ = await bob.wait("track_subscribed", 2)
        await hears(track, 900)


@pytest.mark.parametrize("reliable", [True, False])
async def test_data_reaches_everybody_but_its_sender(server: RunningRoom, reliable: bool) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, joined(server, "cy") as cy:
        await ann.me.publish_data(b"\x00\x01 hello", topic="greeting", reliable=reliable)
        for other in (bob, cy):
            (packet,) = await other.wait("data_received")
            assert (packet.data, packet.topic) == (b"\x00\x01 hello", "greeting")
            assert packet.participant.identity == "ann"
        assert ann.seen("data_received") == []


async def test_data_for_one_reaches_only_that_one(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, joined(server, "cy") as cy:
        await ann.me.publish_data("for bob", destination_identities=["bob"])
        await ann.me.publish_data("for all")
        await cy.wait("data_received")
        assert [packet.data for (packet,) in cy.seen("data_received")] == [b"for all"]
        await bob.wait("data_received", 2)


async def test_reliable_data_stays_in_order(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        for number in range(200):
            await ann.me.publish_data(f"{number}", reliable=True)
        await bob.wait("data_received", 200)
        assert [int(packet.data) for (packet,) in bob.seen("data_received")] == list(range(200))


async def test_a_long_text_stream_arrives_whole(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        text = "Wörter und Zeichen ✓ " * 4_000
        received: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        reading = []

        def opened(reader: rtc.TextStreamReader, identity: str) -> None:
            async def read() -> None:
                received.put_nowait((identity, await reader.read_all()))

            reading.append(asyncio.create_task(read()))

        bob.room.register_text_stream_handler("lk.chat", opened)
        await ann.me.send_text(text, topic="lk.chat")
        assert await asyncio.wait_for(received.get(), 10) == ("ann", text)


async def test_a_remote_procedure_answers_and_fails_as_its_owner_says(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:

        async def double(call: rtc.RpcInvocationData) -> str:
            if call.payload == "bad":
                raise rtc.RpcError(code=1234, message="no")
            return call.payload * 2

        bob.me.register_rpc_method("double", double)
        answer = await ann.me.perform_rpc(destination_identity="bob", method="double", payload="ab")
        assert answer == "abab"
        with pytest.raises(rtc.RpcError) as caught:
            await ann.me.perform_rpc(destination_identity="bob", method="double", payload="bad")
        assert caught.value.code == 1234


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


async def test_who_speaks_is_announced_and_so_is_silence(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, tone(440) as sound:
        await sound.publish(ann)
        await eventually(
            lambda: any(
                [p.identity for p in speakers] == ["ann"]
                for (speakers,) in bob.seen("active_speakers_changed")
            ),
            "ann speaking",
        )
        sound.track.mute()
        await eventually(lambda: bob.seen("active_speakers_changed")[-1][0] == [], "nobody speaking")


async def test_a_good_connection_is_called_excellent(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob"), tone(440) as sound:
        await sound.publish(ann)
        excellent = rtc.ConnectionQuality.QUALITY_EXCELLENT
        await eventually(
            lambda: any(quality == excellent for _, quality in ann.seen("connection_quality_changed")),
            "an excellent connection",
        )


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


async def test_without_the_data_grant_nothing_is_sent(server: RunningRoom) -> None:
    async with (
        joined(server, "mute", can_publish_data=False) as mute,
        joined(server, "ann") as ann,
        joined(server, "bob") as bob,
    ):
        await mute.me.publish_data("not allowed")
        await ann.me.publish_data("allowed")
        await bob.wait("data_received")
        await ann.me.publish_data("again")
        await bob.wait("data_received", 2)
        assert [packet.data for (packet,) in bob.seen("data_received")] == [b"allowed", b"again"]


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


def _admin(server: RunningRoom) -> api.LiveKitAPI:
    return api.LiveKitAPI(server.url, server.api_key, server.api_secret)


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


@pytest.mark.parametrize(("kind", "name_seen"), [("agent", "user"), ("standard", "writer")])
async def test_only_an_agent_writes_captions_in_another_name(
    server: RunningRoom, kind: str, name_seen: str
) -> None:
    async with joined(server, "user") as user, joined(server, "writer", kind=kind) as writer:
        names: asyncio.Queue[str] = asyncio.Queue()
        user.room.register_text_stream_handler(
            "lk.transcription", lambda reader, identity: names.put_nowait(identity)
        )
        stream = await writer.me.stream_text(topic="lk.transcription", sender_identity="user")
        await stream.write("what the user said")
        await stream.aclose()
        assert await asyncio.wait_for(names.get(), 10) == name_seen


async def test_broken_signalling_is_resumed_while_the_sound_goes_on(server: RunningRoom) -> None:
    async with relay(server.url) as wire, joined(server, "bob") as bob, tone(440) as sound:
        through_wire = dataclasses.replace(server, url=f"ws://127.0.0.1:{wire.port}")
        async with joined(through_wire, "ann", can_update_own_metadata=True) as ann:
            await sound.publish(ann)
            track, _, _ = await bob.wait("track_subscribed")
            sid = ann.me.sid
            wire.cut()
            await ann.wait("reconnected")
            assert bob.remote("ann").sid == sid, "a resume keeps the participant"
            assert bob.seen("participant_disconnected") == []
            await hears(track, 440)
            await ann.me.set_attributes({"back": "yes"})
            await eventually(lambda: bob.remote("ann").attributes == {"back": "yes"}, "the attribute")
            await bob.me.publish_data("welcome back")
            (packet,) = await ann.wait("data_received")
            assert packet.data == b"welcome back"


async def test_what_happened_during_a_break_is_known_after_the_resume(server: RunningRoom) -> None:
    async with relay(server.url) as wire, joined(server, "bob", can_update_own_metadata=True) as bob:
        through_wire = dataclasses.replace(server, url=f"ws://127.0.0.1:{wire.port}")
        async with joined(through_wire, "ann") as ann, tone(600) as sound:
            wire.cut()
            await sound.publish(bob)
            await bob.me.set_attributes({"seat": "4"})
            await ann.wait("reconnected")
            track, _, _ = await ann.wait("track_subscribed")
            await hears(track, 600)
            assert ann.remote("bob").attributes == {"seat": "4"}


@pytest.mark.parametrize("scenario", ["SIMULATE_FULL_RECONNECT", "SIMULATE_NODE_FAILURE"])
async def test_a_full_reconnect_publishes_again(server: RunningRoom, scenario: str) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, tone(440) as sound:
        await sound.publish(ann)
        await bob.wait("track_subscribed")
        former = bob.remote("ann").sid
        await ann.room.simulate_scenario(SimulateScenarioKind.Value(scenario))
        track, _, _ = await bob.wait("track_subscribed", 2)
        assert bob.remote("ann").sid != former
        await hears(track, 440)


async def test_permissions_taken_away_end_what_they_allowed(server: RunningRoom) -> None:
    async with (
        api.LiveKitAPI(server.url, server.api_key, server.api_secret) as admin,
        joined(server, "ann") as ann,
        joined(server, "bob") as bob,
        tone(440) as sound,
    ):
        await sound.publish(ann)
        await bob.wait("track_subscribed")
        await admin.room.update_participant(
            api.UpdateParticipantRequest(
                room="desk",
                identity="ann",
                permission=api.ParticipantPermission(
                    can_subscribe=True, can_publish=False, can_publish_data=True
                ),
            )
        )
        await bob.wait("track_unpublished")
        await ann.wait("participant_permissions_changed")


async def test_a_track_is_let_go_and_taken_again(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob, tone(440) as sound:
        await sound.publish(ann)
        _, publication, _ = await bob.wait("track_subscribed")
        publication.set_subscribed(False)
        await bob.wait("track_unsubscribed")
        publication.set_subscribed(True)
        track, _, _ = await bob.wait("track_subscribed", 2)
        await hears(track, 440)


async def test_somebody_who_does_not_subscribe_by_itself_gets_what_it_asks_for(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, tone(440) as sound:
        await sound.publish(ann)
        shy = Client()
        options = rtc.RoomOptions(auto_subscribe=False)
        await shy.room.connect(server.url, make_token(server, "shy"), options)
        publication = next(iter(shy.remote("ann").track_publications.values()))
        assert not publication.subscribed
        publication.set_subscribed(True)
        track, _, _ = await shy.wait("track_subscribed")
        await hears(track, 440)
        await shy.room.disconnect()


async def test_a_byte_stream_arrives_whole(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        content = bytes(range(256)) * 1_000
        received: asyncio.Queue[bytes] = asyncio.Queue()
        reading = []

        def opened(reader: rtc.ByteStreamReader, identity: str) -> None:
            async def read() -> None:
                received.put_nowait(b"".join([chunk async for chunk in reader]))

            reading.append(asyncio.create_task(read()))

        bob.room.register_byte_stream_handler("files", opened)
        writer = await ann.me.stream_bytes("desk.bin", topic="files", total_size=len(content))
        await writer.write(content)
        await writer.aclose()
        assert await asyncio.wait_for(received.get(), 10) == content


async def test_a_big_packet_arrives(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        content = bytes(range(250)) * 240
        await ann.me.publish_data(content, reliable=True)
        (packet,) = await bob.wait("data_received")
        assert packet.data == content


async def test_the_rooms_metadata_changes_for_everybody(server: RunningRoom) -> None:
    async with _admin(server) as admin, joined(server, "ann") as ann, joined(server, "bob") as bob:
        await admin.room.update_room_metadata(api.UpdateRoomMetadataRequest(room="desk", metadata="oak"))
        for client in (ann, bob):
            await client.wait("room_metadata_changed")
            assert client.room.metadata == "oak"


async def test_rooms_are_apart(server: RunningRoom) -> None:
    async with (
        joined(server, "ann", room="desk") as ann,
        joined(server, "bob", room="hall") as bob,
        joined(server, "cy", room="desk") as cy,
    ):
        await ann.me.publish_data("at the desk")
        await cy.wait("data_received")
        assert bob.seen("data_received") == []
        assert bob.room.remote_participants == {}


async def test_a_hidden_participant_is_heard_by_nobody_but_its_data_is(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "ghost", hidden=True) as ghost:
        await ghost.me.publish_data("boo")
        (packet,) = await ann.wait("data_received")
        assert packet.data == b"boo"
        assert ann.seen("participant_connected") == []


async def test_a_client_that_the_server_sends_away_stays_away(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "bob") as bob:
        await bob.me.publish_data("ready")
        await ann.wait("data_received")
        await ann.room.simulate_scenario(SimulateScenarioKind.SIMULATE_SERVER_LEAVE)
        await ann.wait("disconnected")
        await bob.wait("participant_disconnected")
