from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from avatardesk.errors import AvatarDeskError, InputError, ProtocolError, ServiceError
from avatardesk.shell.bridge import envelope
from avatardesk.shell.bridge.methods import refuse_in_kiosk, register_methods
from avatardesk.shell.bridge.registry import Params, Registry

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocols" / "bridge.md"


class FakeProgram:
    """Keeps what the page told the program."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def greet(self, page_version: str) -> dict[str, Any]:
        return {"version": "1", "page": page_version}

    async def connection(self) -> dict[str, Any]:
        return {"url": "ws://x"}

    def microphones(self, devices: list[dict[str, Any]], selected: str | None, permission: str) -> str | None:
        self.told.append(("microphones", (devices, selected, permission)))
        return "Desk"

    def change_setting(self, name: str, value: Any) -> dict[str, Any]:
        return {name: value}

    def page_status(self, status: dict[str, Any]) -> None:
        self.told.append(("status", status))

    def page_turn(self, turn: dict[str, Any]) -> None:
        self.told.append(("turn", turn))

    def mark(self, name: str, epoch_ms: float) -> None:
        self.told.append(("mark", (name, epoch_ms)))

    def diagnostics(self, figures: dict[str, Any]) -> None:
        self.told.append(("diagnostics", figures))

    def retry(self, part: str) -> None:
        self.told.append(("retry", part))

    def quit_from_page(self) -> None:
        self.told.append(("quit", None))


@pytest.fixture
def program() -> FakeProgram:
    return FakeProgram()


@pytest.fixture
def registry(program: FakeProgram) -> Registry:
    found = Registry()
    register_methods(found, program)
    return found


def documented_methods() -> set[str]:
    table = PROTOCOL.read_text(encoding="utf-8").split("## Methods")[1].split("## Events")[0]
    return set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE))


def test_every_documented_method_exists_and_no_other(registry: Registry) -> None:
    assert set(registry.names) == documented_methods()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_envelope"),
        ("[]", "bad_envelope"),
        ("[" * 5000, "bad_envelope"),
        ('{"v": 2, "id": 1, "method": "hello"}', "bridge_version"),
        ('{"id": 1, "method": "hello"}', "bridge_version"),
        ('{"v": 1, "method": "hello"}', "bad_envelope"),
        ('{"v": 1, "id": true, "method": "hello"}', "bad_envelope"),
        ('{"v": 1, "id": 1, "method": 3}', "bad_envelope"),
        ('{"v": 1, "id": 1, "method": "hello", "params": []}', "bad_envelope"),
        ('"' + "x" * envelope.LIMIT + '"', "too_large"),
        ('"' + "é" * (envelope.LIMIT // 2 + 1) + '"', "too_large"),
    ],
)
def test_what_is_no_call_is_refused(text: str, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        envelope.parse_call(text)
    assert caught.value.error_code == code


def test_a_call_is_read_and_params_may_be_missing() -> None:
    call = envelope.parse_call('{"v": 1, "id": 7, "method": "connection.get"}')
    assert (call.id, call.method, call.params) == (7, "connection.get", {})


def test_every_exception_becomes_an_error_of_the_protocol() -> None:
    ours = json.loads(envelope.error_reply(3, ServiceError("down", hint="wait", field="x")))
    assert ours == {
        "v": 1,
        "id": 3,
        "ok": False,
        "error": {"code": "service", "message": "down", "hint": "wait", "retryable": True, "field": "x"},
    }
    foreign = json.loads(envelope.error_reply(4, KeyError("boom")))["error"]
    assert foreign["code"] == "internal"
    assert "KeyError" in foreign["message"]


def test_an_error_does_not_carry_a_token_to_the_page() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"
    assert token not in envelope.refused(AvatarDeskError(f"connect {token}", hint=token))


async def test_hello_names_the_bridges_version_and_refuses_another(registry: Registry) -> None:
    hello = registry.find("hello")
    assert await hello(Params({"bridge": 1, "page": "0.1.0"})) == {
        "bridge": 1,
        "version": "1",
        "page": "0.1.0",
    }
    with pytest.raises(ProtocolError) as caught:
        await hello(Params({"bridge": 2, "page": "0.1.0"}))
    assert caught.value.error_code == "bridge_version"


async def test_each_method_reaches_the_program(registry: Registry, program: FakeProgram) -> None:
    calls: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("connection.get", {}, {"url": "ws://x"}),
        (
            "microphones.report",
            {"devices": [{"id": "1", "label": "Desk"}], "selected": None, "permission": "granted"},
            {"preferred": "Desk"},
        ),
        ("settings.set", {"key": "volume", "value": 0.5}, {"settings": {"volume": 0.5}}),
        ("page.status", {"state": "idle"}, {}),
        ("page.turn", {"heard": "hi"}, {}),
        ("page.mark", {"name": "first_frame", "at": 5}, {}),
        ("log", {"level": "info", "message": "m", "context": {}}, {}),
        ("diagnostics", {"fps": 30}, {}),
        ("app.retry", {"part": "stack"}, {}),
        ("app.quit", {}, {}),
    ]
    for name, params, result in calls:
        assert await registry.find(name)(Params(params)) == result
    assert [what for what, _ in program.told] == [
        "microphones",
        "status",
        "turn",
        "mark",
        "diagnostics",
        "retry",
        "quit",
    ]


@pytest.mark.parametrize(
    ("name", "params", "field"),
    [
        ("hello", {"page": "x"}, "bridge"),
        ("hello", {"bridge": 1}, "page"),
        ("microphones.report", {"devices": [1], "permission": "granted"}, "devices"),
        ("microphones.report", {"devices": [], "permission": "maybe"}, "permission"),
        ("settings.set", {"key": "volume"}, "value"),
        ("page.mark", {"name": "x", "at": "now"}, "at"),
        ("page.mark", {"name": "x", "at": True}, "at"),
        ("app.retry", {"part": "shell"}, "part"),
        ("log", {"level": "info"}, "message"),
    ],
)
async def test_a_wrong_parameter_is_named(
    registry: Registry, name: str, params: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        await registry.find(name)(Params(params))
    assert caught.value.field == field


def test_a_method_nobody_offers_is_refused(registry: Registry) -> None:
    with pytest.raises(ProtocolError) as caught:
        registry.find("fs.read")
    assert caught.value.error_code == "no_method"


def test_a_kiosk_cannot_be_ended_from_its_page() -> None:
    ended = []
    refuse_in_kiosk(False, lambda: ended.append(1))
    with pytest.raises(ProtocolError):
        refuse_in_kiosk(True, lambda: ended.append(2))
    assert ended == [1]
