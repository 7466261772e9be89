from __future__ import annotations

import pytest

from avatardesk.errors import CredentialsError, ServiceError, SettingsError
from avatardesk.secrets import Secrets
from avatardesk.session.endpoints import Endpoints
from avatardesk.session.services import child_environment, without_proxy_for_loopback
from avatardesk.settings_sources import load_settings
from avatardesk.stack.readiness import Ready

REAL_AVATAR = {
    "SPATIALREAL_CONSOLE_ENDPOINT": "https://console.example/v1/console",
    "SPATIALREAL_INGRESS_ENDPOINT": "wss://api.example/v2/driveningress",
    "SPATIALREAL_APP_ID": "app-real",
}


class EmptyStore:
    """A key store without anything in it."""

    def get_password(self, service_name: str, username: str) -> str | None:
        return None

    def set_password(self, service_name: str, username: str, password: str) -> None:
        raise AssertionError("nothing is to be stored here")

    def delete_password(self, service_name: str, username: str) -> None:
        raise AssertionError("nothing is to be forgotten here")


class Parts:
    """Stands for the supervisor: parts that are ready, by name."""

    def __init__(self, **ready: dict[str, str]) -> None:
        self._ready = ready

    async def ready(self, name: str) -> Ready:
        if name not in self._ready:
            raise ServiceError(f"{name} is down.", code="stack_down")
        return Ready(name, dict(self._ready[name]))


STACK = {
    "livekit_url": "ws://127.0.0.1:1",
    "console_url": "http://127.0.0.1:2/v1/console",
    "ingress_url": "ws://127.0.0.1:2/v2/driveningress",
}


def endpoints(env: dict[str, str], parts: Parts | None = None, *overrides: str) -> Endpoints:
    settings = load_settings(env=env, overrides=overrides)
    return Endpoints(settings, Secrets(env, EmptyStore()), parts or Parts(stack=STACK))


async def test_with_nothing_set_everything_is_on_this_machine() -> None:
    found = endpoints({})
    assert found.local_room
    assert found.local_avatar
    room, avatar = await found.room(), await found.avatar()
    assert room.url == STACK["livekit_url"]
    assert avatar.console_url == STACK["console_url"]
    assert avatar.avatar_id == "nova"
    secrets = found.local_secrets()
    assert room.keys is not None
    assert room.keys.api_secret == secrets["LIVEKIT_API_SECRET"]
    assert avatar.api_key == secrets["SPATIALREAL_API_KEY"]


async def test_a_room_elsewhere_leaves_the_avatar_service_here() -> None:
    found = endpoints(
        {
            "LIVEKIT_URL": "wss://x.livekit.cloud",
            "LIVEKIT_API_KEY": "APIreal",
            "LIVEKIT_API_SECRET": "real-secret",
        },
        Parts(stack={"console_url": STACK["console_url"], "ingress_url": STACK["ingress_url"]}),
    )
    assert not found.local_room
    room = await found.room()
    assert room.url == "wss://x.livekit.cloud"
    assert room.keys is not None
    assert room.keys.api_key == "APIreal"
    assert (await found.avatar()).ingress_url == STACK["ingress_url"]


async def test_an_avatar_service_elsewhere_with_a_room_elsewhere_needs_no_stack() -> None:
    env = {
        **REAL_AVATAR,
        "SPATIALREAL_API_KEY": "sk-real-1",
        "LIVEKIT_URL": "wss://x.livekit.cloud",
        "LIVEKIT_API_KEY": "APIreal",
        "LIVEKIT_API_SECRET": "real-secret",
    }
    found = endpoints(env, Parts())
    found.check()
    assert not found.local_avatar
    avatar = await found.avatar()
    assert (avatar.app_id, avatar.api_key) == ("app-real", "sk-real-1")
    assert "sk-real-1" not in repr(avatar)


async def test_the_room_may_be_served_by_a_livekit_server() -> None:
    found = endpoints({}, Parts(room={"livekit_url": "ws://127.0.0.1:9"}), "stack.room=livekit-server")
    assert found.room_part == "room"
    assert (await found.room()).url == "ws://127.0.0.1:9"


async def test_a_room_without_its_keys_is_named() -> None:
    with pytest.raises(CredentialsError) as caught:
        await endpoints({"LIVEKIT_URL": "wss://x.livekit.cloud"}).room()
    assert caught.value.field == "LIVEKIT_API_KEY"


async def test_with_a_token_endpoint_no_key_is_needed() -> None:
    found = endpoints({"AVATARDESK_TOKEN_ENDPOINT": "https://t.example/token"})
    assert not found.local_room
    room = await found.room()
    assert room.keys is None
    assert room.source is not None


def test_a_service_elsewhere_cannot_reach_a_room_here() -> None:
    with pytest.raises(SettingsError) as caught:
        endpoints(REAL_AVATAR).check()
    assert "LIVEKIT_URL" in caught.value.hint


def test_half_an_avatar_service_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        endpoints({"SPATIALREAL_CONSOLE_ENDPOINT": "https://c.example/v1"}).check()
    assert caught.value.field == "avatar.ingress_endpoint"


def test_a_service_on_loopback_may_use_the_room_here() -> None:
    endpoints(
        {
            "SPATIALREAL_CONSOLE_ENDPOINT": "http://127.0.0.1:5/v1/console",
            "SPATIALREAL_INGRESS_ENDPOINT": "ws://127.0.0.1:5/v2/driveningress",
        }
    ).check()


def test_every_start_has_other_keys_and_another_room() -> None:
    first, second = endpoints({}), endpoints({})
    assert first.local_secrets() != second.local_secrets()
    assert first.room_name != second.room_name
    assert first.user_identity != second.user_identity


async def test_a_stack_that_is_down_says_so() -> None:
    with pytest.raises(ServiceError) as caught:
        await endpoints({}, Parts()).room()
    assert caught.value.error_code == "stack_down"


def test_a_child_is_given_its_own_secrets_only() -> None:
    base = {
        "PATH": "/bin",
        "LIVEKIT_API_SECRET": "real",
        "OPENAI_API_KEY": "real",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--x",
        "HTTP_PROXY": "http://proxy:3128",
    }
    env = child_environment({"LIVEKIT_API_SECRET": "local"}, base)
    assert env["LIVEKIT_API_SECRET"] == "local"
    assert "OPENAI_API_KEY" not in env
    assert "QTWEBENGINE_CHROMIUM_FLAGS" not in env
    assert env["PATH"] == "/bin"
    assert "127.0.0.1" in env["no_proxy"].split(",")


def test_loopback_is_never_sent_through_a_proxy() -> None:
    env = without_proxy_for_loopback({"NO_PROXY": "intranet.example"})
    assert set(env["no_proxy"].split(",")) == {"intranet.example", "127.0.0.1", "localhost", "::1"}
    assert env["NO_PROXY"] == env["no_proxy"]
