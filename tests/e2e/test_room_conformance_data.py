"""What every LiveKit room must do: messages, streams, remote procedures.

Run unchanged against the embedded room and a real livekit-server.
"""

from __future__ import annotations

import asyncio

import pytest
from livekit import rtc
from support.livekit_server import RunningRoom
from support.room_clients import joined

pytestmark = pytest.mark.e2e


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


async def test_a_hidden_participant_is_heard_by_nobody_but_its_data_is(server: RunningRoom) -> None:
    async with joined(server, "ann") as ann, joined(server, "ghost", hidden=True) as ghost:
        await ghost.me.publish_data("boo")
        (packet,) = await ann.wait("data_received")
        assert packet.data == b"boo"
        assert ann.seen("participant_connected") == []
