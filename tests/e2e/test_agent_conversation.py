"""The agent as its own process, in a room with a user who speaks, and with the avatar that answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest
from support.agent_process import (
    AVATAR,
    ROOM,
    AgentProcess,
    agent_in,
    ask,
    attribute,
    avatar_service,
    quiet_again,
)
from support.fake_openai import fake_openai
from support.livekit_server import RunningRoom, livekit_server
from support.room_clients import eventually
from support.room_servers import embedded_room
from support.spoken_user import RATE, spoken_user, spoken_wav

from avatardesk.driving import DEFAULT_AVATARS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(params=["embedded", pytest.param("livekit", marks=pytest.mark.livekit_server)])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[RunningRoom]:
    async with embedded_room() if request.param == "embedded" else livekit_server() as server:
        yield server


async def test_a_spoken_question_is_answered_by_the_avatars_voice(room: RunningRoom) -> None:
    async with avatar_service() as (_, env), agent_in(room, **env) as agent, spoken_user(room, ROOM) as user:
        await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar")
        latency = await ask(user, "What is avatar desk?", AVATAR)
        assert latency < 5.0
        await eventually(lambda: user.finals_of(user.identity), "the caption of the question")
        assert user.finals_of(user.identity)[-1] == "what is avatar desk"
        await quiet_again(user, AVATAR)
        await eventually(lambda: "face to face" in user.text_of(agent.identity), "the caption of the answer")
        await ask(user, "Yes please.", AVATAR)
        await eventually(lambda: "LiveKit room" in user.text_of(agent.identity), "the follow-up")
        await eventually(lambda: len(agent.turns()) >= 1, "a line of figures")
        assert {"endpointing", "stt", "llm", "tts", "total"} <= agent.turns()[0].keys()


async def test_speaking_up_silences_the_avatar_and_is_answered(room: RunningRoom) -> None:
    async with avatar_service() as (_, env), agent_in(room, **env) as agent, spoken_user(room, ROOM) as user:
        await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar")
        await ask(user, "How does it work?", AVATAR)
        await asyncio.sleep(0.8)
        question = await spoken_wav("Stop. What time is it now?")
        began = time.monotonic()
        speaking = asyncio.create_task(user.say(question))
        await eventually(lambda: user.heard[AVATAR].silent_since() > 0.4, "silence", 10)
        assert time.monotonic() - 0.4 - began < 3.0
        end = await speaking
        await eventually(lambda: user.heard[AVATAR].first_after(end), "the answer", 20)
        await eventually(lambda: " in the " in user.text_of(agent.identity, since=began), "the time")


async def test_typed_chat_is_answered(room: RunningRoom) -> None:
    async with agent_in(room) as agent, spoken_user(room, ROOM) as user:
        await eventually(lambda: user.participant("avatardesk-agent-"), "the agent")
        await asyncio.sleep(0.5)
        await user.type("what is seven times eight?")
        await eventually(lambda: "fifty six" in user.text_of(agent.identity), "the answer", 20)


async def test_without_an_avatar_service_the_agent_speaks_itself_and_says_why() -> None:
    env = {
        "SPATIALREAL_API_KEY": "k",
        "SPATIALREAL_APP_ID": "app",
        "SPATIALREAL_AVATAR_ID": DEFAULT_AVATARS[0],
        "SPATIALREAL_CONSOLE_ENDPOINT": "http://127.0.0.1:9/v1/console",
        "SPATIALREAL_INGRESS_ENDPOINT": "ws://127.0.0.1:9/v2/driveningress",
    }
    async with embedded_room() as room, agent_in(room, **env) as agent, spoken_user(room, ROOM) as user:
        await eventually(
            lambda: attribute(user, "avatardesk.avatar").startswith("missing: the avatar"), "why"
        )
        await ask(user, "What is avatar desk?", agent.identity)
        assert any("going on with voice only" in line for line in agent.log)


async def test_the_avatar_comes_when_its_service_does() -> None:
    async with embedded_room() as room, avatar_service() as (service, env):
        port = int(service.console_url.split(":")[2].split("/")[0])
        await service.aclose()
        async with agent_in(room, **env) as agent, spoken_user(room, ROOM) as user:
            await eventually(lambda: attribute(user, "avatardesk.avatar").startswith("missing"), "no avatar")
            async with avatar_service(port=port):
                await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar", 30)
                await ask(user, "What is avatar desk?", AVATAR)
            assert agent.process.returncode is None


async def test_a_new_user_is_greeted_and_nothing_is_remembered_of_the_last() -> None:
    async with embedded_room() as room, agent_in(room, AVATARDESK_AGENT_GREETING="1") as agent:
        async with spoken_user(room, ROOM, "user-one") as first:
            await eventually(lambda: "I'm the guide" in first.text_of(agent.identity), "a greeting", 20)
            await first.type("my name is Clara")
            await eventually(lambda: "Clara" in first.text_of(agent.identity), "the name", 20)
        async with spoken_user(room, ROOM, "user-one") as back:
            await asyncio.sleep(1)
            await back.type("what is my name")
            await eventually(lambda: "Clara" in back.text_of(agent.identity), "the name after a reload", 20)
            assert "I'm the guide" not in back.text_of(agent.identity)
        async with spoken_user(room, ROOM, "user-two") as second:
            await eventually(lambda: "I'm the guide" in second.text_of(agent.identity), "a greeting", 20)
            await second.type("what is my name")
            await eventually(lambda: "haven't told me" in second.text_of(agent.identity), "no name", 20)


async def test_a_language_model_answers_when_there_is_one() -> None:
    async with embedded_room() as room, fake_openai("The model says good day.") as model:
        options = {"AVATARDESK_AGENT_LLM": "auto", "OPENAI_BASE_URL": model.base_url}
        async with agent_in(room, **options) as agent, spoken_user(room, ROOM) as user:
            assert agent.ready["llm"].startswith("openai:")
            await ask(user, "What is avatar desk?", agent.identity)
            await eventually(lambda: "good day" in user.text_of(agent.identity), "the model's words", 20)
        assert model.requests[-1]["messages"][-1]["content"] == "what is avatar desk"


async def test_a_short_noise_does_not_stop_the_answer() -> None:
    async with embedded_room() as room, agent_in(room) as agent, spoken_user(room, ROOM) as user:
        await ask(user, "How does it work?", agent.identity)
        began = time.monotonic()
        noise = np.random.default_rng(3).normal(0, 6000, RATE // 4).astype(np.int16)
        await asyncio.sleep(0.5)
        await user.say(noise)
        await quiet_again(user, agent.identity)
        await eventually(agent.turns, "a line of figures")
        assert agent.turns()[-1]["interrupted"] is False
        assert time.monotonic() - began > 4.0


async def test_the_agent_waits_for_the_room_and_comes_back_after_it_was_gone() -> None:
    async with embedded_room() as first:
        port = int(first.url.rsplit(":", 1)[1])
    async with agent_in(first, wait=False) as agent:
        await eventually(
            lambda: any("the room does not answer" in line for line in agent.log), "the reason", 30
        )
        async with embedded_room(port=port) as second:
            key = RunningRoom(second.url, first.api_key, first.api_secret)
            assert key.url == first.url
            assert agent.process.returncode is None


@pytest.mark.parametrize("how", ["terminate", "close its input"])
async def test_the_process_ends_cleanly_and_soon(how: str) -> None:
    async with embedded_room() as room, agent_in(room) as agent, spoken_user(room, ROOM):
        assert await seconds_to_end(agent, how) < 3.0
        assert not any("Traceback" in line for line in agent.log), "".join(agent.log)


@pytest.mark.parametrize("how", ["terminate", "close its input"])
async def test_it_ends_as_soon_when_room_and_avatar_service_have_died(how: str) -> None:
    async with AsyncExitStack() as parts:
        room = await parts.enter_async_context(embedded_room())
        _, env = await parts.enter_async_context(avatar_service())
        async with agent_in(room, **env) as agent:
            async with spoken_user(room, ROOM) as user:
                await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar")
            await parts.aclose()
            await eventually(
                lambda: any("restarting connection" in line for line in agent.log), "the loss", 20
            )
            told = len(agent.log)
            assert await seconds_to_end(agent, how) < 3.0
            # What was on its way through the pipe when the agent was told may still come.
            complaints = [line for line in agent.log[told + 3 :] if " ERROR " in line or "Traceback" in line]
            assert not complaints


async def seconds_to_end(agent: AgentProcess, how: str) -> float:
    """Tell the agent to end and return how long it took; it must end with 0."""
    started = time.monotonic()
    if how == "terminate":
        agent.process.terminate()
    else:
        assert agent.process.stdin is not None
        agent.process.stdin.close()
    async with asyncio.timeout(10):
        assert await agent.process.wait() == 0
    return time.monotonic() - started
