"""How participants of the embedded room come back, and how the room lets go of those who do not."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api, rtc
from support.livekit_server import RunningRoom, free_port
from support.room_clients import eventually, hears, joined, make_token, tone
from support.room_servers import embedded_room

from avatardesk.errors import PlatformError, SettingsError
from avatardesk.room import RoomLimits, RoomServer

pytestmark = pytest.mark.e2e

SECRET = "not a secret, only forty characters long"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RunningRoom]:
    async with embedded_room() as found:
        yield found


async def test_clients_find_a_server_that_was_restarted_on_the_same_port() -> None:
    port = free_port()
    keys = {"key": SECRET}
    first = RoomServer(keys, port=port)
    await first.start()
    running = RunningRoom(first.url, "key", SECRET)
    async with joined(running, "ann") as ann, joined(running, "bob") as bob:
        await first.aclose()
        async with RoomServer(keys, port=port):
            await ann.wait("reconnected", within_s=40)
            await bob.wait("reconnected", within_s=40)
            await eventually(lambda: "ann" in bob.room.remote_participants, "ann again")
            await ann.me.publish_data("here")
            await bob.wait("data_received")


KILLED_CLIENT = """
    import asyncio, sys
    from livekit import rtc

    async def main():
        room = rtc.Room()
        await room.connect(sys.argv[1], sys.stdin.readline().strip())
        print("joined", flush=True)
        await asyncio.sleep(600)

    asyncio.run(main())
"""


async def test_a_killed_client_is_gone_after_its_time() -> None:
    limits = RoomLimits(resume_timeout=3.0)
    async with embedded_room(limits) as server, joined(server, "bob") as bob:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            textwrap.dedent(KILLED_CLIENT),
            server.url,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(make_token(server, "ann").encode() + b"\n")
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"joined\n"
        await bob.wait("participant_connected")
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        (left,) = await bob.wait("participant_disconnected")
        assert left.identity == "ann"
        assert left.disconnect_reason == rtc.DisconnectReason.SIGNAL_CLOSE


async def test_a_client_whose_media_falls_silent_is_told_to_go() -> None:
    limits = RoomLimits(consent_timeout=0.5)
    async with embedded_room(limits) as server, joined(server, "ann") as ann:
        # libwebrtc checks a quiet connection every 2.5 s, which is too seldom for this server.
        (reason,) = await ann.wait("disconnected")
        assert reason == rtc.DisconnectReason.CONNECTION_TIMEOUT


async def test_an_empty_room_is_closed_after_its_time() -> None:
    limits = RoomLimits(departure_timeout=1, empty_timeout=1)
    async with (
        embedded_room(limits) as server,
        api.LiveKitAPI(server.url, server.api_key, server.api_secret) as admin,
    ):

        async def rooms() -> set[str]:
            listed = await admin.room.list_rooms(api.ListRoomsRequest())
            return {room.name for room in listed.rooms}

        async def until(wanted: set[str]) -> None:
            for _ in range(100):
                if await rooms() == wanted:
                    return
                await asyncio.sleep(0.1)
            raise AssertionError(f"the rooms never were {wanted}")

        await admin.room.create_room(api.CreateRoomRequest(name="never joined"))
        async with joined(server, "ann"):
            assert await rooms() == {"never joined", "desk"}
            await until({"desk"})
        await until(set())


async def test_a_slow_reader_of_reliable_data_is_let_go() -> None:
    limits = RoomLimits(reliable_backlog=1_000)
    async with embedded_room(limits) as server, joined(server, "ann") as ann, joined(server, "bob") as bob:
        await asyncio.gather(*(ann.me.publish_data(bytes(10_000)) for _ in range(50)))
        (reason,) = await bob.wait("disconnected")
        assert reason == rtc.DisconnectReason.CONNECTION_TIMEOUT
        assert ann.room.isconnected()


async def test_four_participants_leave_no_warning_in_the_log(
    server: RunningRoom, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        joined(server, "page") as page,
        joined(server, "agent", kind="agent") as agent,
        joined(server, "avatar", attributes={"lk.publish_on_behalf": "agent"}) as avatar,
        joined(server, "speaker") as speaker,
        tone(440) as one,
        tone(880) as two,
        tone(1320) as three,
    ):
        for client, sound in ((page, one), (avatar, two), (speaker, three)):
            await sound.publish(client)
        for client, count in ((page, 2), (agent, 3), (avatar, 2), (speaker, 2)):
            await client.wait("track_subscribed", count)
        frequencies = {"page": 440, "avatar": 880, "speaker": 1320}
        await asyncio.gather(
            *(hears(track, frequencies[who.identity]) for track, _, who in agent.seen("track_subscribed"))
        )
    ours = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name.partition(".")[0] in ("avatardesk", "aiortc", "asyncio")
    ]
    assert ours == []


async def test_a_taken_port_is_named_with_a_hint(server: RunningRoom) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(PlatformError, match=f"Port {port}") as caught:
        await RoomServer({"key": SECRET}, port=port).start()
    assert caught.value.hint


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="32 characters"):
        RoomServer({"key": "short"})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::1", ""])
def test_another_address_than_loopback_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="loopback only"):
        RoomServer({"key": SECRET}, host=host)
