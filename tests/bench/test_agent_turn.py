"""How soon the agent answers, and how soon it falls silent; the figures of docs/agent.md:

pytest -s -m bench tests/bench/test_agent_turn.py

Room, avatar service and agent process are the real ones; the listener is a participant that measures the
avatar's voice as it comes out of its WebRTC receiver.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

import numpy as np
import pytest
from support.agent_process import AVATAR, ROOM, agent_in, ask, attribute, avatar_service, quiet_again
from support.room_clients import eventually
from support.room_servers import embedded_room
from support.spoken_user import spoken_user, spoken_wav

pytestmark = [pytest.mark.bench, pytest.mark.slow, pytest.mark.timeout(600)]

QUESTIONS = (
    "What can you do?", "What is your name?", "Tell me a joke.", "What is avatar desk?",
    "What time is it now?", "How are you today?", "Is my voice recorded somewhere?", "Can you hear me?",
)  # fmt: skip
INTERRUPTIONS = ("Thank you. Goodbye.", "Stop. What time is it now?", "Wait a moment.")


def row(values: list[float]) -> str:
    return f"p50 {np.percentile(values, 50):5.0f}  p95 {np.percentile(values, 95):5.0f}  n {len(values)}"


async def test_time_from_the_end_of_a_question_to_the_avatars_voice() -> None:
    waits: list[float] = []
    async with (
        embedded_room() as room, avatar_service() as (_, env),
        agent_in(room, **env) as agent, spoken_user(room, ROOM) as user,
    ):  # fmt: skip
        await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar")
        for question in QUESTIONS:
            waits.append(1000 * await ask(user, question, AVATAR))
            await quiet_again(user, AVATAR)
        await eventually(lambda: len(agent.turns()) == len(QUESTIONS), "the last line of figures")
    parts: dict[str, list[float]] = defaultdict(list)
    for turn in agent.turns():
        for name, value in turn.items():
            if name != "interrupted":
                parts[name].append(value)
    print(f"\nlast sound of the question to first sound of the answer, ms: {row(waits)}")
    for name, values in parts.items():
        print(f"  {name:12} {row(values)}")
    assert max(waits) < 10_000


async def test_time_from_the_first_sound_of_an_interruption_to_silence() -> None:
    waits: list[float] = []
    async with (
        embedded_room() as room, avatar_service() as (_, env),
        agent_in(room, **env), spoken_user(room, ROOM) as user,
    ):  # fmt: skip
        await eventually(lambda: attribute(user, "avatardesk.avatar") == "speaking", "the avatar")
        for text in INTERRUPTIONS * 2:
            await ask(user, "How does it work?", AVATAR)
            await asyncio.sleep(0.8)
            began = time.monotonic()
            speaking = asyncio.create_task(user.say(await spoken_wav(text)))
            await eventually(lambda: user.heard[AVATAR].silent_since() > 0.4, "silence", 10)
            waits.append(1000 * (time.monotonic() - user.heard[AVATAR].silent_since() - began))
            await speaking
            await asyncio.sleep(2.0)
            await quiet_again(user, AVATAR, 1.5)
    print(f"\nfirst sound of the interruption to the avatar's last, ms: {row(waits)}")
    assert max(waits) < 5_000
