"""livekit-plugins-spatialreal, unmodified: an agent speaks through the avatar, is interrupted, pauses, goes
on.
"""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession, inference
from livekit.agents.voice import room_io
from livekit.plugins import spatialreal
from support.driving_agent import HummingTTS, RecitingLLM
from support.driving_audience import Audience, audience
from support.driving_clients import API_KEY, APP_ID, service
from support.livekit_server import RunningRoom
from support.room_clients import eventually, joined
from support.room_servers import embedded_room

from avatardesk.driving import AvatarService
from avatardesk.driving.motion import MotionKind

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

SPEECH = Path(__file__).parents[3] / "shared" / "speech" / "austen-0870.wav"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
async def room() -> AsyncIterator[RunningRoom]:
    async with embedded_room() as running:
        yield running


@pytest.fixture
async def running() -> AsyncIterator[AvatarService]:
    async with service() as started:
        yield started


@asynccontextmanager
async def agent(
    running: AvatarService, room: RunningRoom, *, seconds: float, hears: bool = False
) -> AsyncIterator[AgentSession[None]]:
    """An agent in the room that speaks through the avatar; with `hears` it minds who speaks over it."""
    async with joined(room, "agent", kind="agent") as client:
        session: AgentSession[None] = AgentSession(
            llm=RecitingLLM(),
            tts=HummingTTS(seconds),
            vad=inference.VAD(model="silero") if hears else None,
            turn_handling={
                "turn_detection": "vad" if hears else "manual",
                "interruption": {"mode": "vad", "min_duration": 0.3},
            },
            aec_warmup_duration=0.0,
        )
        avatar = spatialreal.AvatarSession(
            api_key=API_KEY,
            app_id=APP_ID,
            avatar_id="nova",
            console_endpoint_url=running.console_url,
            ingress_endpoint_url=running.ingress_url,
        )
        await avatar.start(
            session,
            client.room,
            livekit_url=room.url,
            livekit_api_key=room.api_key,
            livekit_api_secret=room.api_secret,
        )
        await session.start(
            Agent(instructions="Recite."),
            room=client.room,
            room_options=room_io.RoomOptions(participant_identity="user"),
            record=False,
        )
        try:
            yield session
        finally:
            await session.aclose()
            await avatar.aclose()


async def _speaks(listener: Audience) -> None:
    await eventually(lambda: listener.seconds() > 0.6, "the avatar speaks")


async def test_an_agent_speaks_through_the_avatar(running: AvatarService, room: RunningRoom) -> None:
    async with audience(room) as listener, agent(running, room, seconds=1.5) as session:
        began = time.monotonic()
        await asyncio.wait_for(session.say("Hello.").wait_for_playout(), 15)
        took = time.monotonic() - began
        await listener.sees(MotionKind.END)
        assert listener.kinds() == [MotionKind.START, MotionKind.END]
        assert 1.4 < took < 4.0  # without the service's signals the plugin waits for its timers
        avatar = listener.client.room.remote_participants["spatialreal-avatar"]
        assert avatar.attributes["lk.publish_on_behalf"] == "agent"
        assert avatar.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT


async def test_the_llm_answers_through_the_avatar(running: AvatarService, room: RunningRoom) -> None:
    async with audience(room) as listener, agent(running, room, seconds=0.6) as session:
        await asyncio.wait_for(session.generate_reply(user_input="Recite!").wait_for_playout(), 15)
        await listener.sees(MotionKind.END)


async def test_an_interrupted_agent_is_silent_and_speaks_again(
    running: AvatarService, room: RunningRoom
) -> None:
    async with audience(room) as listener, agent(running, room, seconds=8) as session:
        speech = session.say("A long story.")
        await _speaks(listener)
        asked = time.monotonic()
        await session.interrupt()
        await asyncio.wait_for(speech.wait_for_playout(), 5)
        await listener.sees(MotionKind.INTERRUPTED)
        await asyncio.sleep(0.5)  # what is not heard has no event
        assert max(listener.loud(asked), default=asked) - asked < 0.5
        again = time.monotonic()
        handle = session.say("Another one.")
        await listener.hears(again)
        assert listener.kinds(again) == [MotionKind.START]
        await session.interrupt()
        await handle.wait_for_playout()


async def test_a_false_interruption_pauses_and_goes_on(running: AvatarService, room: RunningRoom) -> None:
    async with audience(room) as listener, agent(running, room, seconds=2.5) as session:
        speech = session.say("A story.")
        await _speaks(listener)
        output = session.output.audio
        assert output is not None
        assert output.can_pause
        asked = time.monotonic()
        output.pause()
        await listener.sees(MotionKind.PAUSED)
        await asyncio.sleep(0.6)  # what is not heard has no event
        assert max(listener.loud(asked), default=asked) - asked < 0.5
        output.resume()
        await asyncio.wait_for(speech.wait_for_playout(), 15)
        await listener.sees(MotionKind.END)
        assert listener.kinds() == [
            MotionKind.START,
            MotionKind.PAUSED,
            MotionKind.RESUMED,
            MotionKind.END,
        ]
        assert listener.events()[-1].round == 1
        await eventually(lambda: abs(listener.seconds() - 2.5) < 0.2, "all of the story")


@pytest.mark.skipif(not SPEECH.exists(), reason="needs the recordings in ../shared/speech")
async def test_a_user_who_speaks_up_is_let_speak(running: AvatarService, room: RunningRoom) -> None:
    async with (
        audience(room) as listener,
        joined(room, "user") as user,
        agent(running, room, seconds=12, hears=True) as session,
    ):
        source = rtc.AudioSource(16000, 1, queue_size_ms=100)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        await user.me.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
        session.say("A very long story.")
        await eventually(lambda: listener.kinds() == [MotionKind.START], "the avatar speaks")
        began = time.monotonic()
        speaking = asyncio.create_task(_speak(source))
        await eventually(lambda: len(listener.kinds()) > 1, "the avatar stops", 8)
        assert listener.kinds()[1] in (MotionKind.PAUSED, MotionKind.INTERRUPTED)
        assert time.monotonic() - began < 4
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        await source.aclose()


async def _speak(source: rtc.AudioSource) -> None:
    with wave.open(str(SPEECH)) as recording:
        pcm = np.frombuffer(recording.readframes(recording.getnframes()), dtype=np.int16)
    for start in range(0, pcm.size - 320, 320):
        await source.capture_frame(rtc.AudioFrame(pcm[start : start + 320].tobytes(), 16000, 1, 320))
