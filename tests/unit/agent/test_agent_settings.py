from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from asyncio.subprocess import PIPE

import pytest

from avatardesk.agent.settings import AgentSettings
from avatardesk.agent.token import IDENTITY_PREFIX, mint_agent_token, new_identity
from avatardesk.errors import SettingsError

ENV = {
    "LIVEKIT_URL": "ws://127.0.0.1:7880",
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "a-secret-that-nobody-knows-0123456789",
    "AVATARDESK_ROOM": "desk",
}
AVATAR = {
    "SPATIALREAL_API_KEY": "secret-avatar-key",
    "SPATIALREAL_APP_ID": "app",
    "SPATIALREAL_AVATAR_ID": "nova",
    "SPATIALREAL_CONSOLE_ENDPOINT": "http://127.0.0.1:1/v1/console",
    "SPATIALREAL_INGRESS_ENDPOINT": "ws://127.0.0.1:1/v2/driveningress",
}


def claims_of(token: str) -> dict[str, object]:
    body = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert isinstance(found, dict)
    return found


def test_the_token_grants_one_room_and_what_the_agent_does_there() -> None:
    claims = claims_of(mint_agent_token("key", "s" * 32, room="desk", identity="avatardesk-agent-1"))
    assert claims["video"] == {
        "roomJoin": True,
        "room": "desk",
        "canPublish": True,
        "canSubscribe": True,
        "canPublishData": True,
        "canPublishSources": ["microphone"],
        "canUpdateOwnMetadata": True,
    }
    assert claims["sub"] == "avatardesk-agent-1"
    assert claims["kind"] == "agent"
    assert isinstance(claims["exp"], int) and isinstance(claims["nbf"], int)
    assert claims["exp"] - claims["nbf"] == 6 * 3600


def test_each_agent_has_an_identity_of_its_own() -> None:
    assert new_identity() != new_identity()
    assert new_identity().startswith(IDENTITY_PREFIX)


def test_settings_are_read_and_secrets_stay_out_of_their_text() -> None:
    settings = AgentSettings.from_env({**ENV, **AVATAR, "OPENAI_API_KEY": "sk-hidden"})
    assert settings.room == "desk"
    assert settings.greeting
    assert settings.avatar is not None and settings.avatar.avatar_id == "nova"
    for secret in ("nobody-knows", "secret-avatar-key", "sk-hidden"):
        assert secret not in repr(settings)


def test_an_avatar_is_optional_but_not_half_of_one() -> None:
    assert AgentSettings.from_env(ENV).avatar is None
    with pytest.raises(SettingsError, match="SPATIALREAL_APP_ID is missing"):
        AgentSettings.from_env({**ENV, **AVATAR, "SPATIALREAL_APP_ID": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIVEKIT_URL", ""),
        ("LIVEKIT_URL", "ftp://x"),
        ("LIVEKIT_API_SECRET", ""),
        ("AVATARDESK_ROOM", "a b"),
        ("AVATARDESK_AGENT_GREETING", "perhaps"),
        ("AVATARDESK_AGENT_LLM", "oracle"),
        ("AVATARDESK_AGENT_ENDPOINTING_S", "nan"),
        ("AVATARDESK_AGENT_ENDPOINTING_S", "9"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        AgentSettings.from_env({**ENV, name: value})
    assert wrong.value.field == name


async def test_the_process_ends_with_2_and_one_line_when_a_setting_is_missing() -> None:
    ours = ("LIVEKIT_", "AVATARDESK_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "avatardesk.agent.main",
        env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 2
    assert output == b""
    assert errors.decode().startswith("avatardesk agent: AVATARDESK_ROOM is missing.")
