"""What every LiveKit room must do: sound, video and the way back after a break.

Run unchanged against the embedded room and a real livekit-server.
"""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from livekit import api, rtc
from livekit.rtc._proto.room_pb2 import SimulateScenarioKind
from support.livekit_server import RunningRoom
from support.room_clients import Client, eventually, hears, joined, make_token, tone
from support.tcp_relay import relay

pytestmark = pytest.mark.e2e


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
