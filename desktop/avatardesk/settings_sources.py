"""Where settings come from: the TOML file, the choices made in the window, the environment, the command line.

Later sources win. Every error names the place, the setting and what its value must be; unknown names are
refused with the nearest known one.
"""

from __future__ import annotations

import difflib
import json
import logging
import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from avatardesk import secrets
from avatardesk.errors import SettingsError
from avatardesk.settings import Known, Settings, known_settings

_log = logging.getLogger(__name__)

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}

#: Variables of ours that are no settings: they speak to one process, not to the program's configuration.
_PROCESS_VARIABLES = frozenset(
    {
        "AVATARDESK_HOME",
        "AVATARDESK_PAGE_DIR",
        "AVATARDESK_SOFTWARE_GL",
        "AVATARDESK_STACK_PARTS",
        "AVATARDESK_ROOM",
        "AVATARDESK_PARENT_PID",
        "AVATARDESK_LOG_LEVEL",
        "AVATARDESK_VIRTUAL_SCREEN",
        "AVATARDESK_TOKEN_AUTHORIZATION",
    }
)


def load_settings(
    *,
    file: Path | None = None,
    overrides: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    preferences: Path | None = None,
) -> Settings:
    """Read all sources and return the settings.

    Args:
        file: the TOML file; None: none. It must exist.
        overrides: `section.name=value` texts of the command line.
        env: the environment; None: the process's own.
        preferences: the file with the choices made in the window; it may be absent, and a damaged one is
        ignored.

    Raises:
        SettingsError: a name is unknown or a value is wrong; says which, where and why.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values.update(_from_file(file))
    if preferences is not None:
        values.update(read_preferences(preferences))
    values.update(_from_environment(os.environ if env is None else env))
    values.update(_from_overrides(overrides))
    settings = Settings()
    for key, value in values.items():
        settings = settings.replace(key, value)
    return settings


def checked(key: str, raw: Any, origin: str, *, text: bool = False) -> Any:
    """Return `raw` as a value of the setting `key`.

    Args:
        key: dotted name.
        raw: the value as found.
        origin: where it was found, for the error.
        text: whether numbers and truth values are written as text there (environment, command line).

    Raises:
        SettingsError: unknown name, wrong type, or a value out of range.
    """
    known = known_settings().get(key)
    if known is None:
        raise _unknown(key, origin)
    wanted, value = _coerce(known, raw, text=text)
    if wanted is None and known.check is not None and value is not None:
        wanted = known.check(value)
    if wanted is not None:
        raise SettingsError(f"{origin}: {key} must be {wanted}, not {raw!r}.", field=key)
    return value


def checked_from_page(name: str, raw: Any) -> tuple[str, Any]:
    """Return the dotted name and the checked value of a setting the page wants to change.

    Raises:
        SettingsError: the page may not set it, or the value is wrong.
    """
    for known in known_settings().values():
        if known.page == name:
            if not known.page_sets:
                break
            return known.key, checked(known.key, raw, "window")
    allowed = ", ".join(known.page for known in known_settings().values() if known.page_sets)
    raise SettingsError(
        f"The page may not set {name!r}.", hint=f"It may set: {allowed}.", code="setting_refused", field=name
    )


def read_preferences(file: Path) -> dict[str, Any]:
    """Return the choices made in the window; what is damaged or no longer valid is left out with a
    warning.
    """
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        _log.warning("preferences ignored: %s", problem)
        return {}
    values: dict[str, Any] = {}
    for key, raw in stored.items() if isinstance(stored, dict) else ():
        try:
            values[key] = checked(key, raw, str(file))
        except SettingsError as problem:
            _log.warning("preference ignored: %s", problem)
    return values


def write_preference(file: Path, key: str, value: Any) -> None:
    """Store one choice made in the window; replaces the file as a whole, so that a crash cannot halve it."""
    values = read_preferences(file)
    values[key] = value
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(values, indent=2, sort_keys=True), encoding="utf-8")
    draft.replace(file)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(
            f"The settings file cannot be read: {problem}.",
            hint="Check the path after --config.",
            field="--config",
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{file}: not valid TOML: {problem}.", field="--config") from problem
    values: dict[str, Any] = {}
    for section, content in document.items():
        if not isinstance(content, dict):
            raise _unknown(section, str(file))
        for name, raw in content.items():
            key = f"{section}.{name}"
            values[key] = checked(key, raw, str(file))
    return values


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    used: set[str] = set()
    for known in known_settings().values():
        used.update(known.env_names)
        name = next((name for name in known.env_names if env.get(name)), None)
        if name is not None:
            values[known.key] = checked(known.key, env[name], f"environment {name}", text=True)
    for name in env:
        if name.startswith("AVATARDESK_") and not name.startswith("AVATARDESK_AGENT_"):
            if name in used or name in _PROCESS_VARIABLES:
                continue
            _log.warning(
                "environment: %s is not known%s", name, _did_you_mean(name, [*used, *_PROCESS_VARIABLES])
            )
    return values


def _from_overrides(overrides: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for text in overrides:
        key, equals, raw = text.partition("=")
        if not equals:
            raise SettingsError(
                f"--set {text}: must be written section.name=value.",
                hint="For example: --set window.theme=night",
                field="--set",
            )
        values[key.strip()] = checked(key.strip(), raw.strip(), "--set", text=True)
    return values


def _coerce(known: Known, raw: Any, *, text: bool) -> tuple[str | None, Any]:
    """Return (what it must be or None, value)."""
    if known.optional and (raw is None or (text and raw == "")):
        return None, None
    kind = known.plain_type
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return (None if raw in choices else "one of " + ", ".join(choices)), raw
    if kind is bool:
        return _truth(raw, text=text)
    if kind in (int, float):
        return _number(raw, kind, text=text)
    return (None if isinstance(raw, str) else "a text"), raw


def _truth(raw: Any, *, text: bool) -> tuple[str | None, Any]:
    if text and isinstance(raw, str) and raw.lower() in _TRUE | _FALSE:
        return None, raw.lower() in _TRUE
    return (None if isinstance(raw, bool) else "true or false"), raw


def _number(raw: Any, kind: type[int | float], *, text: bool) -> tuple[str | None, Any]:
    wanted = "a whole number" if kind is int else "a number"
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)) or (isinstance(raw, str) and not text):
        return wanted, raw
    try:
        value = kind(raw)
    except (ValueError, OverflowError):
        return wanted, raw
    if not math.isfinite(value) or (kind is int and isinstance(raw, float) and raw != value):
        return wanted, raw
    return None, value


def _unknown(key: str, origin: str) -> SettingsError:
    name = key.rpartition(".")[2].upper()
    secret = next((known for known in secrets.NAMES if known == name or known.endswith("_" + name)), None)
    if secret is not None:
        return SettingsError(
            f"{origin}: {key} is a secret, and secrets are never read from settings.",
            hint=f"Set the environment variable {secret}, or run: avatardesk secrets set {secret}",
            field=key,
        )
    return SettingsError(
        f"{origin}: {key} is not a setting{_did_you_mean(key, known_settings())}.",
        hint="docs/operations.md lists all settings.",
        field=key,
    )


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {nearest[0]}?)" if nearest else ""
