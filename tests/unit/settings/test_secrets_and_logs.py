from __future__ import annotations

import logging
from pathlib import Path

import pytest

from avatardesk import logs
from avatardesk.errors import CredentialsError, PlatformError
from avatardesk.secrets import NAMES, Secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"


class FakeKeyStore:
    """A key store in memory."""

    def __init__(self, content: dict[str, str] | None = None, broken: bool = False) -> None:
        self.content = content or {}
        self.broken = broken
        self.reads = 0

    def get_password(self, service_name: str, username: str) -> str | None:
        self.reads += 1
        if self.broken:
            raise RuntimeError("no service")
        return self.content.get(username)

    def set_password(self, service_name: str, username: str, password: str) -> None:
        if self.broken:
            raise RuntimeError("no service")
        self.content[username] = password

    def delete_password(self, service_name: str, username: str) -> None:
        del self.content[username]


def test_the_environment_comes_before_the_key_store_which_stays_closed() -> None:
    store = FakeKeyStore({"LIVEKIT_API_KEY": "from-store"})
    secrets = Secrets({"LIVEKIT_API_KEY": "from-env"}, store)
    assert secrets.get("LIVEKIT_API_KEY") == "from-env"
    assert store.reads == 0


def test_the_key_store_is_asked_for_what_the_environment_lacks() -> None:
    secrets = Secrets({}, FakeKeyStore({"OPENAI_API_KEY": "stored-value"}))
    assert secrets.get("OPENAI_API_KEY") == "stored-value"
    assert secrets.get("LIVEKIT_API_KEY") is None


def test_a_missing_secret_is_named_with_both_ways_to_give_it() -> None:
    with pytest.raises(CredentialsError) as caught:
        Secrets({}, FakeKeyStore()).require("LIVEKIT_API_SECRET")
    assert caught.value.field == "LIVEKIT_API_SECRET"
    assert "environment variable" in caught.value.hint
    assert "avatardesk secrets set" in caught.value.hint


def test_a_machine_without_a_key_store_is_no_reason_to_fail() -> None:
    secrets = Secrets({}, FakeKeyStore(broken=True))
    assert secrets.get("LIVEKIT_API_KEY") is None
    with pytest.raises(PlatformError):
        secrets.store("LIVEKIT_API_KEY", "value-123")


def test_a_stored_secret_is_found_and_forgotten() -> None:
    secrets = Secrets({}, FakeKeyStore())
    secrets.store("OPENAI_API_KEY", "abcdef-123")
    assert secrets.get("OPENAI_API_KEY") == "abcdef-123"
    secrets.forget("OPENAI_API_KEY")
    assert secrets.get("OPENAI_API_KEY") is None


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(CredentialsError):
        Secrets({}, FakeKeyStore()).get("PASSWORD")


@pytest.mark.parametrize(
    "text",
    [
        f"connecting to ws://127.0.0.1:7880/rtc?access_token={JWT}&auto=1",
        f"token {JWT}",
        "headers {'X-Api-Key': 'SECRETVALUE', 'Content-Type': 'x'}",
        "Authorization: Bearer SECRETVALUE",
        '{"api_secret": "SECRETVALUE", "room": "r"}',
        "wss://h/websocket?id=1&appId=a&sessionKey=SECRETVALUE",
        "session_token=SECRETVALUE",
        "participant_token: SECRETVALUE",
    ],
)
def test_what_looks_like_a_token_is_blotted_out(text: str) -> None:
    cleaned = logs.redact(text)
    assert JWT not in cleaned
    assert "SECRETVALUE" not in cleaned
    assert "***" in cleaned


def test_ordinary_words_stay() -> None:
    text = "stack started (process 812) at ws://127.0.0.1:7880, avatar nova, 16000 Hz"
    assert logs.redact(text) == text


def test_no_secret_reaches_the_log_file_not_even_in_a_traceback(tmp_path: Path) -> None:
    secret = "kq-81-plain-secret"
    Secrets({"LIVEKIT_API_SECRET": secret})
    root = logging.getLogger()
    before = list(root.handlers)
    level = root.level
    for handler in before:
        root.removeHandler(handler)
    try:
        file = logs.setup_logging("DEBUG", tmp_path)
        log = logging.getLogger("avatardesk.test")
        log.info("key %s", secret)
        log.info("token %s", JWT)
        try:
            raise ValueError(f"bad key {secret}")
        except ValueError:
            log.exception("failed")
        assert file is not None
        written = file.read_text(encoding="utf-8")
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)
        root.setLevel(level)
    assert "ValueError" in written
    assert secret not in written
    assert JWT not in written


def test_a_folder_that_cannot_be_written_costs_only_a_warning(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    root = logging.getLogger()
    before = list(root.handlers)
    for handler in before:
        root.removeHandler(handler)
    try:
        assert logs.setup_logging("INFO", blocked / "logs") is None
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)


def test_every_secret_has_a_description() -> None:
    assert all(NAMES.values())
