"""The program's settings: what there is, of which type, and what a value must be.

Each setting has one dotted name (`livekit.url`), used alike in the TOML file, in `--set`, in the environment
(`AVATARDESK_LIVEKIT_URL`, beside the names its ecosystem uses: `LIVEKIT_URL`) and in error messages.
Where the values come from is the business of `avatardesk.settings_sources`. Secrets are not settings: see
`avatardesk.secrets`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

Check = Callable[[Any], "str | None"]


def setting(
    default: Any,
    *,
    env: tuple[str, ...] = (),
    check: Check | None = None,
    page: str = "",
    page_sets: bool = False,
) -> Any:
    """Declare one setting of a section.

    Args:
        default: its value when nobody says otherwise.
        env: further names of environment variables, of the ecosystem the setting comes from.
        check: returns what a value must be when it is not that, else None.
        page: the name under which the page sees the setting (docs/protocols/bridge.md); empty: not at all.
        page_sets: whether the page may change it.
    """
    return field(default=default, metadata={"env": env, "check": check, "page": page, "page_sets": page_sets})


def _url(*schemes: str) -> Check:
    def check(value: str) -> str | None:
        if not value:
            return None
        try:
            parts = urlsplit(value)
            found = parts.scheme in schemes and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            found = False
        return None if found else "a URL beginning with " + " or ".join(f"{scheme}://" for scheme in schemes)

    return check


def _between(low: float, high: float) -> Check:
    return lambda value: None if low <= value <= high else f"a number from {low:g} to {high:g}"


def _zero_or_between(low: float, high: float) -> Check:
    return lambda value: (
        None if value == 0 or low <= value <= high else f"0 or a number from {low:g} to {high:g}"
    )


def _existing_file(value: str) -> str | None:
    return None if not value or Path(value).expanduser().is_file() else "the path of an existing file"


def _avatar_file(value: str) -> str | None:
    if value and Path(value).suffix.lower() not in {".glb", ".vrm"}:
        return "a .glb or .vrm file"
    return _existing_file(value)


@dataclass(frozen=True, slots=True)
class LiveKitSettings:
    """The room. With an empty `url` the program starts a room of its own on this machine."""

    url: str = setting("", env=("LIVEKIT_URL",), check=_url("ws", "wss", "http", "https"))
    room: str = setting("")
    """Name of the room; empty: a random one for each start."""
    token_endpoint: str = setting("", env=("AVATARDESK_TOKEN_ENDPOINT",), check=_url("http", "https"))
    """A LiveKit TokenSource endpoint; then no API secret is needed on this machine."""
    agent_name: str = setting("", env=("LIVEKIT_AGENT_NAME",))
    """An agent that runs elsewhere and is to be dispatched into the room by this name."""


@dataclass(frozen=True, slots=True)
class AvatarSettings:
    """The avatar and its service. With empty endpoints the program starts a service of its own."""

    app_id: str = setting("", env=("SPATIALREAL_APP_ID",))
    avatar_id: str = setting("nova", env=("SPATIALREAL_AVATAR_ID",))
    console_endpoint: str = setting("", env=("SPATIALREAL_CONSOLE_ENDPOINT",), check=_url("http", "https"))
    ingress_endpoint: str = setting(
        "", env=("SPATIALREAL_INGRESS_ENDPOINT",), check=_url("ws", "wss", "http", "https")
    )
    runtime: Literal["auto", "open", "vendor"] = setting("auto", page="avatarRuntime")
    character: str = setting("", page="character", page_sets=True)
    """The look our own renderer gives the avatar; empty: the usual one."""
    asset: str = setting("", check=_avatar_file)
    """The user's own avatar, a GLB or VRM file."""
    av_offset_ms: float = setting(0.0, check=_between(-1000, 1000), page="avOffsetMs", page_sets=True)
    """Added to the time at which motion is shown, for loudspeakers with a delay of their own."""


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """The voice agent that answers."""

    enabled: bool = setting(True)
    greeting: bool = setting(True)
    stt: Literal["auto", "pocketsphinx", "openai"] = setting("auto")
    llm: Literal["auto", "guide", "ollama", "openai"] = setting("auto")
    llm_model: str = setting("")
    tts: Literal["auto", "offline", "openai"] = setting("auto")
    voice: str = setting("")
    """Engine and voice of the offline voice, for example flite:slt; empty: the best one here."""
    endpointing_s: float = setting(0.3, check=_between(0.2, 3.0))
    """Silence after which the agent takes its turn, seconds."""
    openai_base_url: str = setting("", env=("OPENAI_BASE_URL",), check=_url("http", "https"))


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The parts this machine runs when no endpoint is given."""

    room: Literal["embedded", "livekit-server"] = setting("embedded")
    livekit_server: str = setting("", env=("AVATARDESK_LIVEKIT_SERVER",), check=_existing_file)
    """The livekit-server binary; empty: looked for on the PATH."""
    ready_seconds: float = setting(20.0, check=_between(1, 300))
    """How long a part may take until it is ready."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """The window and what the page shows."""

    width: int = setting(1120, check=_between(320, 16384))
    height: int = setting(760, check=_between(240, 16384))
    theme: Literal["auto", "day", "night"] = setting("auto", page="theme", page_sets=True)
    captions: bool = setting(True, page="captions", page_sets=True)
    reduced_motion: Literal["auto", "on", "off"] = setting("auto", page="reducedMotion", page_sets=True)
    volume: float = setting(1.0, check=_between(0, 1), page="volume", page_sets=True)
    microphone: str | None = setting(None, page="microphone", page_sets=True)
    """Label of the microphone to use; none: the system's choice."""
    watchdog_seconds: float = setting(15.0, check=_zero_or_between(1, 600))
    """A page that does not answer for so long is loaded anew; 0: never."""


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """Unattended operation on a public screen."""

    enabled: bool = setting(False)
    idle_reset_seconds: float = setting(60.0, check=_between(5, 86400), page="idleResetSeconds")
    hide_cursor: bool = setting(False)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written down."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("INFO")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, each with a valid value."""

    livekit: LiveKitSettings = field(default_factory=LiveKitSettings)
    avatar: AvatarSettings = field(default_factory=AvatarSettings)
    agent: AgentSettings = field(default_factory=AgentSettings)
    stack: StackSettings = field(default_factory=StackSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    kiosk: KioskSettings = field(default_factory=KioskSettings)
    log: LogSettings = field(default_factory=LogSettings)

    def value(self, key: str) -> Any:
        """Return the value of the setting with that dotted name (which must exist)."""
        section, name = key.split(".")
        return getattr(getattr(self, section), name)

    def replace(self, key: str, value: Any) -> Settings:
        """Return a copy with one setting changed; the value must already be checked."""
        section, name = key.split(".")
        changed = dataclasses.replace(getattr(self, section), **{name: value})
        return dataclasses.replace(self, **{section: changed})

    def page_view(self) -> dict[str, Any]:
        """Return what the page may know, under its own names (without `assetUrl`, which the scheme knows)."""
        return {known.page: self.value(known.key) for known in known_settings().values() if known.page}


@dataclass(frozen=True, slots=True)
class Known:
    """One setting as its sources see it."""

    key: str
    type: Any
    env: tuple[str, ...]
    check: Check | None
    page: str
    page_sets: bool

    @property
    def env_names(self) -> tuple[str, ...]:
        """Every environment variable that sets it; the ecosystem's names count before ours."""
        return (*self.env, "AVATARDESK_" + self.key.upper().replace(".", "_"))

    @property
    def optional(self) -> bool:
        """Whether None is a value."""
        return get_origin(self.type) in (Union, UnionType) and NoneType in get_args(self.type)

    @property
    def plain_type(self) -> Any:
        """The type without None."""
        if self.optional:
            return next(part for part in get_args(self.type) if part is not NoneType)
        return self.type


@cache
def known_settings() -> dict[str, Known]:
    """Return every setting by its dotted name."""
    return {known.key: known for known in _walk()}


def _walk() -> Iterator[Known]:
    for section, section_type in get_type_hints(Settings).items():
        types = get_type_hints(section_type)
        for item in dataclasses.fields(section_type):
            meta = item.metadata
            yield Known(
                key=f"{section}.{item.name}",
                type=types[item.name],
                env=meta["env"],
                check=meta["check"],
                page=meta["page"],
                page_sets=meta["page_sets"],
            )
