"""The avatar service and other processes: the stack's own, the spatius SDK's, and those that die."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import spatialreal
from support.driving_audience import audience
from support.driving_clients import API_KEY, APP_ID, audio, configure, ingress, service, tone
from support.livekit_server import RunningRoom, free_port
from support.room_clients import eventually, make_token
from support.room_servers import embedded_room

from avatardesk.driving import AvatarService, ServiceLimits
from avatardesk.driving.motion import MotionKind
from avatardesk.room import RoomServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

CLIENT = Path(__file__).parents[1] / "support" / "spatius_client.py"
SECRETS = {
    "LIVEKIT_API_KEY": "APIstack",
    "LIVEKIT_API_SECRET": "secret-of-the-room-secret-of-the-room",
    "SPATIALREAL_API_KEY": "secret-of-the-service",
    "SPATIALREAL_APP_ID": "the-app",
}


def egress(room: RunningRoom) -> dict[str, str]:
    return {
        "url": room.url,
        "room_name": "desk",
        "publisher_id": "avatar",
        "api_token": make_token(room, "avatar"),
    }


async def test_spatius_drives_the_avatar() -> None:
    async with embedded_room() as room, service() as running, audience(room) as listener:
        given = {
            "console_url": running.console_url,
            "ingress_url": running.ingress_url,
            "api_key": API_KEY,
            "app_id": APP_ID,
            "livekit_url": room.url,
            "token": make_token(room, "avatar"),
        }
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CLIENT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"no_proxy": "127.0.0.1"},
        )
        out, _ = await client.communicate(json.dumps(given).encode())
        assert client.returncode == 0
        told = json.loads(out)
        assert told["errors"] == []
        assert told["signals"] == [[told["req_id"], False], [told["req_id"], True]]
        await eventually(lambda: listener.kinds() == [MotionKind.START, MotionKind.END], "the round")


@asynccontextmanager
async def stack(**env: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """Start the stack as its supervisor does; give its process and its ready line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from avatardesk.stack.server import main; sys.exit(main())",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | SECRETS | env,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, json.loads(line or "{}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _speaker(ready: dict[str, Any], room: RunningRoom) -> spatialreal.AvatarSession:
    session = spatialreal.new_avatar_session(
        api_key=SECRETS["SPATIALREAL_API_KEY"],
        app_id=SECRETS["SPATIALREAL_APP_ID"],
        avatar_id="nova",
        console_endpoint_url=ready["console_url"],
        ingress_endpoint_url=ready["ingress_url"],
        expire_at=datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5),
        livekit_egress=spatialreal.LiveKitEgressConfig(**egress(room)),
        on_error=lambda _: None,
    )
    await session.init()
    await session.start()
    return session


async def test_the_stack_says_where_it_listens_and_serves_there() -> None:
    async with stack() as (process, ready):
        assert set(ready) == {"ready", "livekit_url", "console_url", "ingress_url"}
        assert ready["ready"] == "stack"
        room = RunningRoom(ready["livekit_url"], SECRETS["LIVEKIT_API_KEY"], SECRETS["LIVEKIT_API_SECRET"])
        async with audience(room) as listener:
            session = await _speaker(ready, room)
            await session.send_audio(tone(0.4, 16000), end=True)
            await listener.sees(MotionKind.END)
            await session.close()
        process.terminate()
        asked = time.monotonic()
        _, log = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0
        assert time.monotonic() - asked < 5
        assert b"secret-of" not in log


async def test_the_stack_ends_with_its_parent_even_in_mid_session() -> None:
    async with stack() as (process, ready):
        room = RunningRoom(ready["livekit_url"], SECRETS["LIVEKIT_API_KEY"], SECRETS["LIVEKIT_API_SECRET"])
        async with audience(room):
            session = await _speaker(ready, room)
            await session.send_audio(tone(5, 16000), end=True)
            assert process.stdin is not None
            asked = time.monotonic()
            process.stdin.close()
            await asyncio.wait_for(process.wait(), 10)
            assert process.returncode == 0
            assert time.monotonic() - asked < 5
            await session.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
async def test_the_stack_runs_only_the_part_that_is_asked_for() -> None:
    async with stack(AVATARDESK_STACK_PARTS="avatar", LIVEKIT_API_KEY="") as (process, ready):
        assert set(ready) == {"ready", "console_url", "ingress_url"}
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 10)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("env", "word"),
    [({"SPATIALREAL_API_KEY": ""}, "SPATIALREAL_API_KEY"), ({"AVATARDESK_STACK_PARTS": "cake"}, "cake")],
)
async def test_the_stack_says_what_it_lacks(env: dict[str, str], word: str) -> None:
    async with stack(**env) as (process, ready):
        assert ready == {}
        _, log = await process.communicate()
        assert process.returncode == 2
        assert word.encode() in log


async def _in_room(running: AvatarService, room: RunningRoom, client: Any) -> None:
    await client.send(configure(sample_rate=16000, egress_type=1, livekit_egress=egress(room)))
    assert (await client.receive()).HasField("server_confirm_session")


async def test_an_avatar_whose_client_dies_in_mid_sentence_leaves() -> None:
    async with embedded_room() as room, service() as running, audience(room) as listener:
        async with ingress(running) as client:
            await _in_room(running, room, client)
            await client.send(audio("a", tone(20, 16000), end=True))
            await listener.hears()
            client.abort()
        await listener.client.wait("participant_disconnected")
        async with ingress(running) as again:
            await _in_room(running, room, again)
            began = time.monotonic()
            await again.send(audio("a", tone(0.5, 16000), end=True))
            await listener.hears(began)


async def test_an_avatar_comes_back_when_its_room_was_restarted_in_mid_sentence() -> None:
    port = free_port()
    limits = ServiceLimits(rejoin_seconds=20)
    async with service(limits=limits) as running, ingress(running) as client:
        async with embedded_room(port=port) as room:
            await _in_room(running, room, client)
            await client.send(audio("a", tone(30, 16000), end=True))
            async with audience(room) as listener:
                await listener.hears()
        async with (
            _same_room(room, port) as again,
            audience(again) as listener,
        ):
            await eventually(lambda: listener.seconds() > 0.5, "the reply goes on", 30)
            await eventually(lambda: listener.motion, "its motion goes on")
            assert listener.motion[-1][1].round == 1


@asynccontextmanager
async def _same_room(room: RunningRoom, port: int) -> AsyncIterator[RunningRoom]:
    async with RoomServer({room.api_key: room.api_secret}, port=port):
        yield room


@pytest.mark.slow  # the LiveKit SDK tries for twenty seconds before it gives up
async def test_a_room_that_stays_away_ends_the_session() -> None:
    async with (
        service(limits=ServiceLimits(rejoin_seconds=0.5, egress_seconds=2)) as running,
        ingress(running) as client,
    ):
        async with embedded_room() as room:
            await _in_room(running, room, client)
        code, text, _ = await client.refused(60)
        assert code == 4503
        assert "failed to create egress connection" in text


@pytest.mark.chaos
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process for a while")
@pytest.mark.parametrize("stall", [0.15, 0.8])
async def test_a_stalled_process_neither_skips_nor_repeats(stall: float) -> None:
    async with (
        embedded_room() as room,
        stack_avatar() as (pid, running),
        audience(room) as listener,
        ingress(running) as client,
    ):
        await _in_room(running, room, client)
        await client.send(audio("a", tone(3, 16000), end=True))
        await listener.hears()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(stall)  # the fault itself
        os.kill(pid, signal.SIGCONT)
        end = await listener.sees(MotionKind.END)
        start = listener.events()[0]
        assert listener.kinds() == [MotionKind.START, MotionKind.END]
        assert end.track_samples - start.track_samples == 3 * 48000
        assert listener.frames(1) == set(range(150))


class _Remote:
    """What the clients need of a service that runs in another process."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.console_url = str(ready["console_url"])
        self.ingress_url = str(ready["ingress_url"])


@asynccontextmanager
async def stack_avatar() -> AsyncIterator[tuple[int, Any]]:
    env = {
        "AVATARDESK_STACK_PARTS": "avatar",
        "SPATIALREAL_API_KEY": API_KEY,
        "SPATIALREAL_APP_ID": APP_ID,
    }
    async with stack(**env) as (process, ready):
        yield process.pid, _Remote(ready)


async def test_the_service_answers_on_loopback_only() -> None:
    async with service() as running, aiohttp.ClientSession() as http:
        url = running.console_url.replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.post(f"{url}/session-tokens", json={})
