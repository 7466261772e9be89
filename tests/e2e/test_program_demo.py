"""The whole program: window, page, local stack, agent, a recorded voice at the microphone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.livekit_server import livekit_server
from support.program import assert_whole_conversation, run_program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


async def test_the_avatar_hears_three_questions_answers_sounds_and_moves(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = await run_program("demo", "--short", "--out", str(out), home=tmp_path / "home", deadline=240)
    report = assert_whole_conversation(ran, out)
    assert all(value is not None for value in report["cold_start_ms"].values())
    assert report["av_offset_ms"]["n"] > 0
    assert report["errors"] == []


@pytest.mark.livekit_server
async def test_the_same_conversation_runs_in_a_real_livekit_server(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with livekit_server() as room:
        services = {
            "LIVEKIT_URL": room.url,
            "LIVEKIT_API_KEY": room.api_key,
            "LIVEKIT_API_SECRET": room.api_secret,
        }
        ran = await run_program(
            "demo", "--short", "--out", str(out), home=tmp_path / "home", extra=services, deadline=240
        )
    assert_whole_conversation(ran, out)
    assert room.api_secret not in ran.output
