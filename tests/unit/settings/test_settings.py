from __future__ import annotations

import logging
from pathlib import Path

import pytest

from avatardesk.errors import SettingsError
from avatardesk.settings import known_settings
from avatardesk.settings_sources import (
    checked_from_page,
    load_settings,
    read_preferences,
    write_preference,
)


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "avatardesk.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_any_source_every_setting_has_its_default() -> None:
    settings = load_settings(env={})
    assert settings.livekit.url == ""
    assert settings.window.captions is True
    assert settings.stack.room == "embedded"


def test_later_sources_win(tmp_path: Path) -> None:
    file = write(tmp_path, '[window]\ntheme = "day"\nvolume = 0.1\nwidth = 800\n[log]\nlevel = "ERROR"\n')
    preferences = tmp_path / "preferences.json"
    write_preference(preferences, "window.volume", 0.2)
    write_preference(preferences, "window.theme", "auto")
    settings = load_settings(
        file=file,
        preferences=preferences,
        env={"AVATARDESK_WINDOW_THEME": "night", "AVATARDESK_LOG_LEVEL": "INFO"},
        overrides=["log.level=DEBUG"],
    )
    assert settings.window.width == 800
    assert settings.window.volume == 0.2
    assert settings.window.theme == "night"
    assert settings.log.level == "DEBUG"


def test_the_names_of_the_ecosystem_are_understood() -> None:
    settings = load_settings(
        env={
            "LIVEKIT_URL": "wss://desk.livekit.cloud",
            "SPATIALREAL_APP_ID": "app",
            "SPATIALREAL_AVATAR_ID": "rohan",
            "SPATIALREAL_CONSOLE_ENDPOINT": "https://c.example/v1/console",
            "SPATIALREAL_INGRESS_ENDPOINT": "wss://i.example/v2/driveningress",
            "AVATARDESK_TOKEN_ENDPOINT": "https://t.example/token",
            "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1",
            "LIVEKIT_AGENT_NAME": "guide",
        }
    )
    assert settings.livekit.url == "wss://desk.livekit.cloud"
    assert settings.livekit.token_endpoint == "https://t.example/token"
    assert settings.livekit.agent_name == "guide"
    assert settings.avatar.avatar_id == "rohan"
    assert settings.avatar.ingress_endpoint == "wss://i.example/v2/driveningress"
    assert settings.agent.openai_base_url == "http://127.0.0.1:11434/v1"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("window.them=night", "did you mean window.theme"),
        ("window.volume=2", "a number from 0 to 1"),
        ("window.volume=loud", "a number"),
        ("window.volume=nan", "a number"),
        ("window.width=80.5", "a whole number"),
        ("window.captions=perhaps", "true or false"),
        ("window.theme=pink", "one of auto, day, night"),
        ("livekit.url=desk.example", "ws:// or wss://"),
        ("livekit.url=ws://desk:notaport", "ws:// or wss://"),
        ("avatar.asset=/nowhere/me.glb", "existing file"),
        ("avatar.asset=me.obj", ".glb or .vrm"),
        ("window", "section.name=value"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_the_reason(override: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(env={}, overrides=[override])
    assert words in caught.value.message
    assert caught.value.field


def test_an_error_in_the_file_names_the_file_and_the_setting(tmp_path: Path) -> None:
    file = write(tmp_path, "[window]\nvolume = true\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(file=file, env={})
    assert str(file) in caught.value.message
    assert "window.volume" in caught.value.message


@pytest.mark.parametrize("text", ["[window\n", "[window]\nvolume = \n", "volume = 1\n"])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(file=write(tmp_path, text), env={})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file=tmp_path / "none.toml", env={})


def test_a_secret_in_the_file_is_refused_and_its_place_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(file=write(tmp_path, '[livekit]\napi_secret = "s3cret-value"\n'), env={})
    assert "LIVEKIT_API_SECRET" in caught.value.hint
    assert "s3cret-value" not in str(caught.value)


def test_a_misspelt_variable_of_ours_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_settings(env={"AVATARDESK_WINDOW_THEM": "day"})
    assert "AVATARDESK_WINDOW_THEME" in caplog.text


def test_the_agents_and_the_process_variables_are_not_mistaken_for_settings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        load_settings(env={"AVATARDESK_HOME": "/x", "AVATARDESK_AGENT_FUTURE": "1"})
    assert caplog.text == ""


def test_the_page_may_set_what_the_protocol_stars_and_nothing_else() -> None:
    allowed = {known.page for known in known_settings().values() if known.page_sets}
    assert allowed == {
        "captions",
        "microphone",
        "theme",
        "character",
        "avOffsetMs",
        "volume",
        "reducedMotion",
    }
    assert checked_from_page("volume", 0.5) == ("window.volume", 0.5)
    assert checked_from_page("microphone", None) == ("window.microphone", None)
    for name, value in (
        ("avatarRuntime", "vendor"),
        ("livekit.url", "ws://x"),
        ("volume", 3),
        ("volume", "1"),
    ):
        with pytest.raises(SettingsError):
            checked_from_page(name, value)


def test_the_page_sees_no_endpoint_and_no_path() -> None:
    settings = load_settings(env={"LIVEKIT_URL": "wss://desk.example", "SPATIALREAL_APP_ID": "app-77"})
    shown = repr(settings.page_view())
    assert "desk.example" not in shown
    assert "app-77" not in shown


def test_choices_made_in_the_window_survive_and_damage_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "state" / "preferences.json"
    write_preference(file, "window.captions", False)
    write_preference(file, "window.volume", 0.3)
    assert read_preferences(file) == {"window.captions": False, "window.volume": 0.3}
    file.write_text('{"window.volume": 7, "window.captions": false, "gone.setting": 1}', encoding="utf-8")
    assert read_preferences(file) == {"window.captions": False}
    file.write_text("{", encoding="utf-8")
    assert read_preferences(file) == {}
