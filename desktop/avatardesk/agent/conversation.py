"""One AgentSession in the room: it greets, listens to the user of the moment, then starts anew."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, ChatContext, inference, room_io
from livekit.agents.voice.turn import TurnHandlingOptions

from avatardesk.agent.llm.select import INSTRUCTIONS
from avatardesk.agent.parts import Parts
from avatardesk.agent.settings import AgentSettings
from avatardesk.agent.turns import TurnLog
from avatardesk.agent.users import choose_user, is_user

logger = logging.getLogger("avatardesk.agent.conversation")

# Nobody has this identity: it keeps RoomIO from linking whoever comes first.
_NOBODY = "-"
_GREETING_WAIT_S = 6.0
# The page's echo canceller has to learn the room once, but who interrupts the first reply must be heard.
_AEC_WARMUP_S = 0.3
_INTERRUPTION_S = 0.3
_FALSE_INTERRUPTION_S = 1.5


def new_session(parts: Parts, settings: AgentSettings) -> AgentSession[None]:
    """Return a session tuned for quick turns: VAD ends them, replies are prepared while it makes sure."""
    turns: TurnHandlingOptions = {
        "turn_detection": "vad",
        "endpointing": {"mode": "fixed", "min_delay": settings.endpointing_s, "max_delay": 2.0},
        "interruption": {
            "mode": "vad",
            "min_duration": _INTERRUPTION_S,
            "resume_false_interruption": True,
            "false_interruption_timeout": _FALSE_INTERRUPTION_S,
        },
        "preemptive_generation": {"enabled": True, "preemptive_tts": True, "max_retries": 6},
    }
    return AgentSession(
        stt=parts.stt,
        llm=parts.llm,
        tts=parts.tts,
        vad=inference.VAD(model="silero", min_silence_duration=0.2),
        turn_handling=turns,
        aec_warmup_duration=_AEC_WARMUP_S,
        user_away_timeout=None,
        session_close_transcript_timeout=0.1,
    )


@dataclass
class Memory:
    """What outlives one session: who was talked with, and the words, as long as that user stays."""

    greeted: set[str] = field(default_factory=set)
    user: str = ""
    chat: ChatContext | None = None


class Conversation:
    """The session's life in one room: which user is linked, when to greet, when to forget."""

    def __init__(
        self,
        session: AgentSession[None],
        room: rtc.Room,
        parts: Parts,
        settings: AgentSettings,
        memory: Memory,
    ) -> None:
        self._session = session
        self._room = room
        self._parts = parts
        self._settings = settings
        self._memory = memory
        self._greeting: asyncio.Task[None] | None = None
        TurnLog(session)

    async def start(self, *, own_voice: bool) -> None:
        """Start listening. `own_voice`: publish the replies as a track of our own (there is no avatar)."""
        await self._session.start(
            self._agent(self._memory.chat),
            room=self._room,
            room_options=room_io.RoomOptions(
                audio_input=room_io.AudioInputOptions(sample_rate=16000, frame_size_ms=20),
                audio_output=room_io.AudioOutputOptions(sample_rate=self._parts.tts.sample_rate)
                if own_voice
                else False,
                participant_identity=_NOBODY,
                close_on_disconnect=False,
            ),
            record=False,
        )
        self._room.on("participant_connected", self._came)
        self._room.on("participant_disconnected", self._left)
        if (user := choose_user(self._room.remote_participants.values())) is not None:
            self._link(user)

    async def aclose(self) -> None:
        """Stop, and leave the room as it is."""
        self._room.off("participant_connected", self._came)
        self._room.off("participant_disconnected", self._left)
        await self._cancel_greeting()
        self._memory.chat = self._session.current_agent.chat_ctx.copy(exclude_instructions=True)
        await self._session.aclose()

    @property
    def busy(self) -> bool:
        """Whether somebody is speaking or being answered right now."""
        return self._session.agent_state in ("thinking", "speaking") or self._session.user_state == "speaking"

    def _agent(self, chat: ChatContext | None = None) -> Agent:
        return Agent(instructions=INSTRUCTIONS, chat_ctx=chat)

    def _came(self, participant: rtc.RemoteParticipant) -> None:
        current = self._memory.user
        if is_user(participant) and (current == participant.identity or not self._present(current)):
            self._link(participant)

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self._memory.user:
            return
        logger.info("the user left")
        self._session.interrupt()
        if (other := choose_user(self._room.remote_participants.values())) is not None:
            self._link(other)

    def _link(self, participant: rtc.RemoteParticipant) -> None:
        """Listen to a user; a new one gets a new conversation and a greeting."""
        identity = participant.identity
        logger.info("listening to %s", identity)
        if identity != self._memory.user:
            if self._memory.user:
                self._session.update_agent(self._agent())
            self._memory.user = identity
        self._session.room_io.set_participant(identity)
        if self._settings.greeting and identity not in self._memory.greeted:
            self._memory.greeted.add(identity)
            self._greeting = asyncio.create_task(self._greet(identity), name="agent_greeting")

    def _present(self, identity: str) -> bool:
        return identity in self._room.remote_participants

    async def _greet(self, identity: str) -> None:
        """Greet when the page is ready to hear it: its microphone is there, or some seconds have passed."""
        ready = asyncio.Event()

        def published(_: Any, participant: rtc.RemoteParticipant) -> None:
            if participant.identity == identity:
                ready.set()

        self._room.on("track_published", published)
        try:
            present = self._room.remote_participants.get(identity)
            if present is None or not present.track_publications:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ready.wait(), _GREETING_WAIT_S)
        finally:
            self._room.off("track_published", published)
        if self._present(identity) and not self.busy:
            self._session.say(self._parts.guide.greeting)

    async def _cancel_greeting(self) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._greeting
