from __future__ import annotations

import asyncio
from typing import Any

import pytest

from avatardesk.secrets import Secrets
from avatardesk.session.services import Services
from avatardesk.settings_sources import load_settings
from avatardesk.stack.child import ChildSpec
from avatardesk.stack.readiness import Ready
from avatardesk.stack.supervisor import PartState


class FakeSupervisor:
    """Keeps what it is asked for instead of starting processes."""

    def __init__(self) -> None:
        self.specs: dict[str, Any] = {}
        self.restarted: list[str] = []
        self.retried: list[str] = []
        self.known: dict[str, PartState] = {}

    def start(self, name: str, spec: Any) -> None:
        self.specs[name] = spec

    def state(self, name: str) -> PartState:
        return self.known.get(name, PartState(name, "off"))

    def states(self) -> list[PartState]:
        return list(self.known.values())

    def restart(self, name: str) -> None:
        self.restarted.append(name)

    def retry(self, name: str) -> None:
        self.retried.append(name)

    async def ready(self, name: str) -> Ready:
        state = self.known[name].ready
        assert state is not None
        return state


class Rig:
    """Services with a fake supervisor."""

    def __init__(self, env: dict[str, str], *overrides: str) -> None:
        self.told: list[dict[str, Any]] = []
        self.renewed = 0
        settings = load_settings(env=env, overrides=overrides)
        self.services = Services(settings, Secrets(env), on_state=self.told.append, on_renewed=self.renew)
        self.supervisor = FakeSupervisor()
        self.services.supervisor = self.supervisor  # type: ignore[assignment]
        self.services.endpoints._parts = self.supervisor
        self.services.start()

    def renew(self) -> None:
        self.renewed += 1

    async def spec(self, name: str) -> ChildSpec:
        spec: ChildSpec = await self.supervisor.specs[name]()
        return spec

    def report(self, name: str, state: Any, **ready: str) -> None:
        self.supervisor.known[name] = PartState(
            name, state, ready=Ready(name, dict(ready)) if ready else None
        )
        self.services._part_changed(self.supervisor.known[name])


STACK = {
    "livekit_url": "ws://127.0.0.1:1",
    "console_url": "http://127.0.0.1:2/v1/console",
    "ingress_url": "ws://127.0.0.1:2/v2/driveningress",
}
ROOM = {"LIVEKIT_URL": "wss://r.example", "LIVEKIT_API_KEY": "APIreal", "LIVEKIT_API_SECRET": "secret-real"}
AVATAR = {
    "SPATIALREAL_CONSOLE_ENDPOINT": "https://c.example/v1/console",
    "SPATIALREAL_INGRESS_ENDPOINT": "wss://i.example/v2/driveningress",
    "SPATIALREAL_APP_ID": "app",
    "SPATIALREAL_API_KEY": "key-real-1",
}


async def test_with_nothing_set_the_stack_runs_both_of_its_parts() -> None:
    rig = Rig({})
    assert set(rig.supervisor.specs) == {"stack", "agent"}
    spec = await rig.spec("stack")
    assert spec.env["AVATARDESK_STACK_PARTS"] == "room,avatar"
    assert list(spec.command)[-1] == "stack"
    for name, value in rig.services.endpoints.local_secrets().items():
        assert spec.env[name] == value
        assert value not in " ".join(spec.command), "a secret on a command line is visible to everybody"


async def test_with_a_room_elsewhere_the_stack_runs_the_avatar_service_alone() -> None:
    rig = Rig(ROOM)
    assert (await rig.spec("stack")).env["AVATARDESK_STACK_PARTS"] == "avatar"


async def test_with_everything_elsewhere_only_the_agent_runs_here_and_gets_those_urls() -> None:
    rig = Rig({**ROOM, **AVATAR})
    assert set(rig.supervisor.specs) == {"agent"}
    env = (await rig.spec("agent")).env
    assert env["LIVEKIT_URL"] == "wss://r.example"
    assert env["LIVEKIT_API_SECRET"] == "secret-real"
    assert env["SPATIALREAL_INGRESS_ENDPOINT"] == "wss://i.example/v2/driveningress"
    assert env["AVATARDESK_ROOM"] == rig.services.endpoints.room_name


def test_an_agent_that_is_switched_off_is_not_started() -> None:
    assert "agent" not in Rig({}, "agent.enabled=false").supervisor.specs


def test_a_livekit_server_is_a_part_of_its_own() -> None:
    assert set(Rig({}, "stack.room=livekit-server").supervisor.specs) == {"room", "stack", "agent"}


async def test_the_agent_gets_its_options_and_the_local_endpoints() -> None:
    rig = Rig({}, "agent.stt=pocketsphinx", "agent.voice=flite:rms", "agent.greeting=false")
    rig.report("stack", "ready", **STACK)
    env = (await rig.spec("agent")).env
    assert env["SPATIALREAL_CONSOLE_ENDPOINT"] == STACK["console_url"]
    assert env["SPATIALREAL_AVATAR_ID"] == "nova"
    assert env["AVATARDESK_AGENT_STT"] == "pocketsphinx"
    assert env["AVATARDESK_AGENT_VOICE"] == "flite:rms"
    assert env["AVATARDESK_AGENT_GREETING"] == "0"


def test_the_first_readiness_is_no_renewal_and_the_next_one_is() -> None:
    rig = Rig({})
    rig.report("stack", "ready", **STACK)
    assert (rig.renewed, rig.supervisor.restarted) == (0, [])
    rig.report("stack", "restarting")
    rig.report("stack", "ready", **STACK)
    assert (rig.renewed, rig.supervisor.restarted) == (1, ["agent"])


def test_the_page_hears_of_room_and_avatar_service_as_one_and_only_of_changes() -> None:
    rig = Rig({}, "stack.room=livekit-server")
    rig.report("room", "starting")
    rig.report("stack", "starting")
    rig.report("stack", "ready", **STACK)
    rig.report("room", "ready", livekit_url="ws://127.0.0.1:9")
    rig.report("agent", "starting")
    assert rig.told == [
        {"part": "stack", "state": "starting"},
        {"part": "stack", "state": "ready"},
        {"part": "agent", "state": "starting"},
    ]
    rig.services.retry("stack")
    assert rig.supervisor.retried == ["room", "stack", "agent"]


@pytest.mark.parametrize(("ready", "identity"), [({}, None), ({"identity": "agent-1"}, "agent-1")])
async def test_the_agents_identity_is_known_once_it_is_ready(
    ready: dict[str, str], identity: str | None
) -> None:
    rig = Rig({})
    if ready:
        rig.report("agent", "ready", **ready)
    assert rig.services.agent_identity() == identity
    await asyncio.sleep(0)
