"""The child processes a conversation needs, and what each is given."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from avatardesk import paths, secrets
from avatardesk.errors import CredentialsError
from avatardesk.secrets import Secrets
from avatardesk.session.endpoints import Endpoints
from avatardesk.settings import Settings
from avatardesk.stack.child import ChildSpec
from avatardesk.stack.health import RestartPolicy
from avatardesk.stack.livekit_server import BINARY_VARIABLE, find_binary
from avatardesk.stack.orphan import PARENT_VARIABLE
from avatardesk.stack.supervisor import PartState, Supervisor

_log = logging.getLogger(__name__)

#: Importing the agent's framework alone takes 2.5 s of a quiet core.
_AGENT_READY_SECONDS = 60.0

#: Worst first: the page knows the room and the avatar service as one part, "stack".
_WORST_FIRST = ("down", "restarting", "starting", "ready", "off")


class Services:
    """Starts the local room, the local avatar service and the agent, as far as they are wanted.

    `on_state` gets the data of the bridge's event `stack.state`; `on_renewed` is called when a part that
    others are connected to has been started anew, and every connection to it is void.
    """

    def __init__(
        self,
        settings: Settings,
        secret_store: Secrets,
        *,
        on_state: Callable[[dict[str, Any]], None],
        on_renewed: Callable[[], None],
        policy: RestartPolicy | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secret_store
        self._on_state = on_state
        self._on_renewed = on_renewed
        self.supervisor = Supervisor(self._part_changed, policy=policy)
        self.endpoints = Endpoints(settings, secret_store, self.supervisor)
        self._log_level = {"AVATARDESK_LOG_LEVEL": settings.log.level}
        self._was_ready: set[str] = set()
        self._told: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """Start what is wanted; returns at once."""
        stack_parts = []
        if self.endpoints.local_room and self.endpoints.room_part == "stack":
            stack_parts.append("room")
        elif self.endpoints.local_room:
            self.supervisor.start("room", self._room_spec)
        if self.endpoints.local_avatar:
            stack_parts.append("avatar")
        if stack_parts:

            async def stack_spec() -> ChildSpec:
                return self._stack_spec(stack_parts)

            self.supervisor.start("stack", stack_spec)
        if self._settings.agent.enabled:
            self.supervisor.start("agent", self._agent_spec)

    def states(self) -> list[dict[str, Any]]:
        """Return the last state told of each part: for a page that comes late."""
        return list(self._told.values())

    def retry(self, part: str) -> None:
        """Start what was given up once more; `part` is the page's word for it."""
        for name in ("room", "stack", "agent") if part == "stack" else (part,):
            self.supervisor.retry(name)

    def agent_identity(self) -> str | None:
        """Return the agent's identity in the room, when there is an agent of ours."""
        ready = self.supervisor.state("agent").ready
        return None if ready is None else str(ready.data.get("identity") or "") or None

    async def stop(self) -> None:
        """End all children."""
        await self.supervisor.stop()

    def _stack_spec(self, parts: list[str]) -> ChildSpec:
        given = {
            **self.endpoints.local_secrets(),
            **self._log_level,
            "AVATARDESK_STACK_PARTS": ",".join(parts),
        }
        env = child_environment(given)
        return ChildSpec("stack", paths.command("stack"), env, self._settings.stack.ready_seconds)

    async def _room_spec(self) -> ChildSpec:
        binary = find_binary(self._settings.stack.livekit_server)
        env = child_environment(
            {**self.endpoints.local_secrets(), **self._log_level, BINARY_VARIABLE: binary}
        )
        return ChildSpec("room", paths.command("room-server"), env, self._settings.stack.ready_seconds)

    async def _agent_spec(self) -> ChildSpec:
        room = await self.endpoints.room()
        avatar = await self.endpoints.avatar()
        if room.keys is None:
            raise CredentialsError(
                "The agent of this machine needs LiveKit's API key; tokens from an endpoint are not enough.",
                hint="Set agent.enabled to false and let an agent run elsewhere (livekit.agent_name).",
                field="agent.enabled",
            )
        agent = self._settings.agent
        given = {
            "LIVEKIT_URL": room.url,
            "LIVEKIT_API_KEY": room.keys.api_key,
            "LIVEKIT_API_SECRET": room.keys.api_secret,
            "SPATIALREAL_API_KEY": avatar.api_key,
            "SPATIALREAL_APP_ID": avatar.app_id,
            "SPATIALREAL_AVATAR_ID": avatar.avatar_id,
            "SPATIALREAL_CONSOLE_ENDPOINT": avatar.console_url,
            "SPATIALREAL_INGRESS_ENDPOINT": avatar.ingress_url,
            "AVATARDESK_ROOM": room.room_name,
            "AVATARDESK_AGENT_LOG_LEVEL": self._settings.log.level.lower(),
            "AVATARDESK_AGENT_GREETING": "1" if agent.greeting else "0",
            "AVATARDESK_AGENT_STT": agent.stt,
            "AVATARDESK_AGENT_LLM": agent.llm,
            "AVATARDESK_AGENT_LLM_MODEL": agent.llm_model,
            "AVATARDESK_AGENT_TTS": agent.tts,
            "AVATARDESK_AGENT_VOICE": agent.voice,
            "AVATARDESK_AGENT_ENDPOINTING_S": f"{agent.endpointing_s:g}",
        }
        if agent.openai_base_url:
            given["OPENAI_BASE_URL"] = agent.openai_base_url
        wants_key = agent.openai_base_url or "openai" in (agent.stt, agent.llm, agent.tts)
        key = (
            self._secrets.get("OPENAI_API_KEY")
            if wants_key
            else self._secrets.from_environment("OPENAI_API_KEY")
        )
        if key:
            given["OPENAI_API_KEY"] = key
        return ChildSpec("agent", paths.command("agent"), child_environment(given), _AGENT_READY_SECONDS)

    def _part_changed(self, state: PartState) -> None:
        name = state.part
        if name in ("room", "stack"):
            self._tell_stack()
            if state.state == "ready":
                if name in self._was_ready:
                    self._renew()
                self._was_ready.add(name)
            return
        self._tell(state.to_dict())

    def _renew(self) -> None:
        """A local room or service lives again, with other ports: the agent and the page must come anew."""
        self._on_renewed()
        if self._settings.agent.enabled:
            _log.info("the agent is started anew, because the stack was")
            self.supervisor.restart("agent")

    def _tell_stack(self) -> None:
        states = [state for state in self.supervisor.states() if state.part in ("room", "stack")]
        worst = min(states, key=lambda state: _WORST_FIRST.index(state.state))
        self._tell({**worst.to_dict(), "part": "stack"})

    def _tell(self, data: dict[str, Any]) -> None:
        if self._told.get(data["part"]) != data:
            self._told[data["part"]] = data
            self._on_state(data)


def child_environment(given: Mapping[str, str], base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a child's environment: ours, without secrets and without what only Qt reads, plus what it is
    given.
    """
    inherited = os.environ if base is None else base
    env = {
        name: value
        for name, value in inherited.items()
        if name not in secrets.NAMES and not name.startswith(("QTWEBENGINE_", "QT_"))
    }
    env.update(given)
    env[PARENT_VARIABLE] = str(os.getpid())
    env["PYTHONUNBUFFERED"] = "1"
    return without_proxy_for_loopback(env)


def without_proxy_for_loopback(env: dict[str, str]) -> dict[str, str]:
    """Add loopback to the hosts no proxy is used for: some clients ask a proxy even for 127.0.0.1."""
    hosts = [host for host in env.get("no_proxy", env.get("NO_PROXY", "")).split(",") if host.strip()]
    hosts += [host for host in ("127.0.0.1", "localhost", "::1") if host not in hosts]
    env["no_proxy"] = env["NO_PROXY"] = ",".join(hosts)
    return env
