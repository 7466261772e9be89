from __future__ import annotations

import asyncio

from avatardesk.session.state import ConversationState


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_words_and_speech_count_as_activity_and_a_repeated_status_does_not() -> None:
    clock = Clock()
    state = ConversationState(clock)
    state.update({"state": "listening", "lastHeard": "hello"})
    clock.now += 30
    state.update({"state": "listening", "lastHeard": "hello"})
    assert state.idle_seconds == 30
    state.update({"state": "speaking", "lastHeard": "hello"})
    assert state.idle_seconds == 0
    clock.now += 5
    state.touch()
    assert state.idle_seconds == 0


def test_the_line_names_what_a_person_wants_to_know() -> None:
    state = ConversationState()
    assert state.line() == "waiting for the page"
    state.update(
        {
            "room": "connected",
            "agent": "speaking",
            "state": "speaking",
            "lastSaid": "Hello.\n How are you?" * 9,
        }
    )
    assert state.line().startswith('room connected | agent speaking | state speaking | said "Hello. How')
    assert len(state.line()) < 160
    assert state.agent_speaks
    state.forget()
    assert state.line() == "waiting for the page"


async def test_a_new_status_wakes_whoever_waits() -> None:
    state = ConversationState()
    waiting = asyncio.create_task(state.changed())
    await asyncio.sleep(0)
    state.update({"state": "idle"})
    await asyncio.wait_for(waiting, 1)
