"""A room between livekit-client in a real Chromium and the Python client, on both servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit import rtc
from support.browser import Page, open_page
from support.livekit_server import RunningRoom
from support.room_clients import Client, eventually, hears, joined, make_token, tone

from avatardesk.room.tokens import verify

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[1] / "support" / "room_page"


@pytest_asyncio.fixture
async def page(server: RunningRoom) -> AsyncIterator[Page]:
    async with open_page(PAGE) as found:
        token = make_token(server, "page", can_update_own_metadata=True, attributes={"who": "page"})
        await found.call("participant.join", server.url, token)
        yield found


@pytest_asyncio.fixture
async def agent(server: RunningRoom, page: Page) -> AsyncIterator[Client]:
    async with joined(server, "agent", kind="agent", can_update_own_metadata=True) as found:
        await page.call("participant.knows", "agent")
        yield found


async def test_page_and_agent_hear_each_other(page: Page, agent: Client) -> None:
    async with tone(700) as sound:
        await page.call("participant.publishTone", 1200)
        publication = await sound.publish(agent)
        track, _, _ = await agent.wait("track_subscribed")
        await hears(track, 1200)
        await asyncio.wait_for(publication.wait_for_subscription(), 10)
        await page.call("participant.event", "track")
        assert abs(await page.call("participant.loudestFrequency") - 700) < 10
        speaking = await page.call("participant.event", "speakers")
        assert "agent" in speaking["identities"] or "page" in speaking["identities"]


async def test_the_microphone_is_muted_and_unmuted(page: Page, agent: Client) -> None:
    await page.call("participant.publishMicrophone")
    _, publication, _ = await agent.wait("track_subscribed")
    assert publication.source == rtc.TrackSource.SOURCE_MICROPHONE
    await page.call("participant.setMicrophone", False)
    await agent.wait("track_muted")
    await page.call("participant.setMicrophone", True)
    await agent.wait("track_unmuted")


async def test_data_texts_and_calls_cross_both_ways(page: Page, agent: Client) -> None:
    for reliable in (True, False):
        await page.call("participant.send", "from the page", "note", reliable)
        await agent.me.publish_data("from the agent", topic="avatar.motion", reliable=reliable)
    await agent.wait("data_received", 2)
    assert {packet.kind for (packet,) in agent.seen("data_received")} == {
        rtc.DataPacketKind.KIND_RELIABLE,
        rtc.DataPacketKind.KIND_LOSSY,
    }
    second = await page.call("participant.event", "data", 2)
    assert (second["text"], second["topic"], second["from"]) == ("from the agent", "avatar.motion", "agent")

    await agent.me.send_text("what was said " * 2_000, topic="lk.transcription")
    text = await page.call("participant.event", "text")
    assert text["text"] == "what was said " * 2_000

    await page.call("participant.answerRpc", "shout", "!")
    assert await agent.me.perform_rpc(destination_identity="page", method="shout", payload="hey") == "hey!"

    async def whisper(call: rtc.RpcInvocationData) -> str:
        return call.payload.lower()

    agent.me.register_rpc_method("whisper", whisper)
    assert await page.call("participant.rpc", "agent", "whisper", "HEY") == "hey"


async def test_attributes_are_seen_on_both_sides(page: Page, agent: Client) -> None:
    assert agent.remote("page").attributes == {"who": "page"}
    await agent.me.set_attributes({"lk.agent.state": "thinking"})
    await page.call("participant.event", "attributes")
    assert await page.call("participant.attributesOf", "agent") == {"lk.agent.state": "thinking"}
    await page.call("participant.setAttributes", {"who": "the page"})
    await eventually(lambda: agent.remote("page").attributes == {"who": "the page"}, "the page's attribute")


async def test_simulcast_video_of_the_page_arrives(page: Page, agent: Client) -> None:
    await page.call("participant.publishCamera")
    track, _, _ = await agent.wait("track_subscribed")
    stream = rtc.VideoStream(track)
    frame = await asyncio.wait_for(anext(stream), 20)
    assert frame.frame.width > 0
    await stream.aclose()


@pytest.mark.parametrize(
    ("scenario", "begins"),
    [("signal-reconnect", "signalReconnecting"), ("full-reconnect", "reconnecting")],
)
async def test_the_page_comes_back_after_a_break(
    page: Page, agent: Client, scenario: str, begins: str
) -> None:
    await page.call("participant.publishTone", 1200)
    await agent.wait("track_subscribed")
    await page.call("participant.simulate", scenario)
    await page.call("participant.event", begins)
    await page.call("participant.event", "reconnected")
    if scenario == "full-reconnect":
        await agent.wait("track_subscribed", 2)
    track, _, _ = agent.seen("track_subscribed")[-1]
    await hears(track, 1200)
    await agent.me.publish_data("still there?", reliable=True)
    assert (await page.call("participant.event", "data"))["text"] == "still there?"


async def test_the_page_is_given_a_fresh_token(server: RunningRoom) -> None:
    async with open_page(PAGE) as page:
        given = make_token(
            server, "page", name="The Page", can_update_own_metadata=True, can_publish_data=False
        )
        await page.call("participant.join", server.url, given)
        fresh = await page.call("participant.tokenOtherThan", given)
        grants = verify(fresh, {server.api_key: server.api_secret})
        assert (grants.identity, grants.name, grants.room) == ("page", "The Page", "desk")
        assert grants.room_join
        assert grants.can_update_own_metadata
        assert not grants.can_publish_data
        assert not grants.room_admin
