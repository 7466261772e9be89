"""What the agent process is told through its environment."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from avatardesk.errors import SettingsError

_ROOM_NAME = re.compile(r"[\w.@:-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class AvatarEndpoint:
    """Where the avatar service is, and the credentials for it."""

    api_key: str = field(repr=False)
    app_id: str
    avatar_id: str
    console_url: str
    ingress_url: str


@dataclass(frozen=True)
class AgentSettings:
    """Endpoints, credentials and options of one agent process. Secrets stay out of its repr."""

    livekit_url: str
    livekit_api_key: str = field(repr=False)
    livekit_api_secret: str = field(repr=False)
    room: str
    avatar: AvatarEndpoint | None
    greeting: bool = True
    stt: str = "auto"
    llm: str = "auto"
    tts: str = "auto"
    voice: str | None = None
    endpointing_s: float = 0.3
    openai_base_url: str | None = None
    openai_api_key: str | None = field(default=None, repr=False)
    openai_model: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AgentSettings:
        """Read the settings; docs/agent.md lists the variables.

        Raises SettingsError naming the variable that is missing or wrong.
        """
        room = _required(env, "AVATARDESK_ROOM")
        if not _ROOM_NAME.fullmatch(room):
            raise SettingsError(
                "AVATARDESK_ROOM is not a room name.",
                hint="Use up to 128 letters, digits and any of . _ - : @",
                field="AVATARDESK_ROOM",
            )
        url = _required(env, "LIVEKIT_URL")
        if not url.startswith(("ws://", "wss://", "http://", "https://")):
            raise SettingsError("LIVEKIT_URL must begin with ws:// or wss://.", field="LIVEKIT_URL")
        return cls(
            livekit_url=url,
            livekit_api_key=_required(env, "LIVEKIT_API_KEY"),
            livekit_api_secret=_required(env, "LIVEKIT_API_SECRET"),
            room=room,
            avatar=_avatar(env),
            greeting=_flag(env, "AVATARDESK_AGENT_GREETING", default=True),
            stt=_choice(env, "AVATARDESK_AGENT_STT", ("auto", "pocketsphinx", "openai")),
            llm=_choice(env, "AVATARDESK_AGENT_LLM", ("auto", "guide", "ollama", "openai")),
            tts=_choice(env, "AVATARDESK_AGENT_TTS", ("auto", "offline", "openai")),
            voice=env.get("AVATARDESK_AGENT_VOICE") or None,
            endpointing_s=_seconds(env, "AVATARDESK_AGENT_ENDPOINTING_S", 0.3, 0.2, 3.0),
            openai_base_url=env.get("OPENAI_BASE_URL") or None,
            openai_api_key=env.get("OPENAI_API_KEY") or None,
            openai_model=env.get("AVATARDESK_AGENT_LLM_MODEL") or None,
        )


def _avatar(env: Mapping[str, str]) -> AvatarEndpoint | None:
    """The avatar endpoint, or None when none of its variables is set; half of them is an error."""
    names = ("API_KEY", "APP_ID", "AVATAR_ID", "CONSOLE_ENDPOINT", "INGRESS_ENDPOINT")
    values = {name: env.get(f"SPATIALREAL_{name}", "") for name in names}
    if not any(values.values()):
        return None
    for name, value in values.items():
        if not value:
            raise SettingsError(
                f"SPATIALREAL_{name} is missing.",
                hint="Set all five SPATIALREAL_ variables for an avatar, or none for voice only.",
                field=f"SPATIALREAL_{name}",
            )
    return AvatarEndpoint(
        api_key=values["API_KEY"],
        app_id=values["APP_ID"],
        avatar_id=values["AVATAR_ID"],
        console_url=values["CONSOLE_ENDPOINT"],
        ingress_url=values["INGRESS_ENDPOINT"],
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is missing.", hint="The agent needs it to join the room.", field=name)
    return value


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name, "").strip().lower() or allowed[0]
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}.", hint=f"Use one of {', '.join(allowed)}.", field=name)
    return value


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "").strip().lower()
    if value in {"", "0", "1", "true", "false", "yes", "no", "on", "off"}:
        return default if not value else value in {"1", "true", "yes", "on"}
    raise SettingsError(f"{name} is {value!r}.", hint="Use 1 or 0.", field=name)


def _seconds(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = env.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise SettingsError(f"{name} is {text!r}.", hint=f"Use seconds from {low} to {high}.", field=name)
    return value
