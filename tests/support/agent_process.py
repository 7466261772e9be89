"""The agent as a process of its own, the avatar service beside it, and what a test asks of the two."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from support.livekit_server import RunningRoom
from support.room_clients import eventually
from support.spoken_user import SpokenUser, spoken_wav

from avatardesk.driving import DEFAULT_AVATARS, AvatarService

ROOM = "desk"
AVATAR = "spatialreal-avatar"


class AgentProcess:
    """The agent's process, its readiness line and its log."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.ready: dict[str, Any] = {}
        self.log: list[str] = []

    @property
    def identity(self) -> str:
        """The agent's participant."""
        return str(self.ready["identity"])

    async def read_log(self) -> None:
        """Collect the log until the process ends."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log.append(line.decode(errors="replace"))

    async def wait_ready(self) -> None:
        """Wait for the readiness line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            line = await self.process.stdout.readline()
        assert line, "".join(self.log)
        self.ready = json.loads(line)

    def turns(self) -> list[dict[str, Any]]:
        """Return the figures of the turns so far."""
        return [json.loads(line.partition(": turn ")[2]) for line in self.log if ": turn {" in line]


@asynccontextmanager
async def agent_in(server: RunningRoom, *, wait: bool = True, **options: str) -> AsyncIterator[AgentProcess]:
    """Run an agent in a room until the block ends; `options` are its environment variables."""
    foreign = ("OPENAI_", "SPATIALREAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env = {
        **kept,
        "LIVEKIT_URL": server.url,
        "LIVEKIT_API_KEY": server.api_key,
        "LIVEKIT_API_SECRET": server.api_secret,
        "AVATARDESK_ROOM": ROOM,
        "AVATARDESK_AGENT_GREETING": "0",
        "AVATARDESK_AGENT_LLM": "guide",
        **options,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "avatardesk.agent.main",
        env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    agent = AgentProcess(process)
    reading = asyncio.create_task(agent.read_log())
    try:
        if wait:
            await agent.wait_ready()
        yield agent
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reading


@asynccontextmanager
async def avatar_service(**options: Any) -> AsyncIterator[tuple[AvatarService, dict[str, str]]]:
    """Run the avatar service; yields it and the variables that lead an agent to it."""
    service = AvatarService(api_key="avatar-key", app_id="app", **options)
    await service.start()
    env = {
        "SPATIALREAL_API_KEY": "avatar-key",
        "SPATIALREAL_APP_ID": "app",
        "SPATIALREAL_AVATAR_ID": DEFAULT_AVATARS[0],
        "SPATIALREAL_CONSOLE_ENDPOINT": service.console_url,
        "SPATIALREAL_INGRESS_ENDPOINT": service.ingress_url,
    }
    try:
        yield service, env
    finally:
        await service.aclose()


async def ask(user: SpokenUser, question: str, speaker: str) -> float:
    """Say a question and return how many seconds after its last sound the answer was heard."""
    samples = await spoken_wav(question)
    # The synthesiser's own silence at the end belongs to the wait, not to the speech.
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 300)
    end = await user.say(samples[: loud[-1] + 1])
    first = await eventually(lambda: user.heard[speaker].first_after(end), f"an answer to {question!r}", 20)
    return float(first - end)


async def quiet_again(user: SpokenUser, speaker: str, for_s: float = 0.8) -> None:
    """Wait until `speaker` has been silent for a while."""
    await eventually(lambda: user.heard[speaker].silent_since() > for_s, "the end of the answer", 40)


def attribute(user: SpokenUser, name: str) -> str:
    """Return an attribute of the agent as the user sees it, or nothing."""
    agent = user.participant("avatardesk-agent-")
    return agent.attributes.get(name, "") if agent is not None else ""
