"""The bridge, the page's rights and its limits, seen from the page inside the real window."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.window import Window, running_window

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with running_window(tmp_path_factory.mktemp("home"), "window.theme=night") as found:
        found.wait_for_page()
        yield found


def test_hello_tells_the_page_where_it_is(window: Window) -> None:
    hello = window.evaluate("testPage.hello.result")
    assert hello["bridge"] == 1
    assert hello["kiosk"] is False
    assert hello["demo"] is False
    assert hello["software"] is True
    assert hello["settings"]["theme"] == "night"
    assert hello["settings"]["assetUrl"] is None


def test_the_page_learns_where_the_stack_stands(window: Window) -> None:
    window.wait_told("stack", part="stack", state="ready")
    states = window.resolve(
        "new Promise((done) => { const look = () => {"
        " const seen = testPage.events.filter((one) => one.event === 'stack.state').map((one) => one.data);"
        " seen.at(-1)?.state === 'ready' ? done(seen) : setTimeout(look, 20); }; look(); })"
    )
    assert states[0]["part"] == "stack"
    assert len({json.dumps(state) for state in states}) == len(states), "a state was told twice"


def test_a_connection_has_a_fresh_token_each_time_for_the_same_person(window: Window) -> None:
    first, second = window.call("connection.get")["result"], window.call("connection.get")["result"]
    assert set(first) == {"url", "token", "roomName", "identity", "appId", "avatarId"}
    assert first["url"].startswith("ws://127.0.0.1:")
    assert first["identity"] == second["identity"]
    assert first["roomName"] == second["roomName"]
    assert first["token"].count(".") == 2


def test_no_token_is_written_to_the_log(window: Window) -> None:
    token = window.call("connection.get")["result"]["token"]
    window.call("log", level="warning", message=f"connecting with {token}", context={"token": token})
    window.wait_until("log line", lambda: "connecting with" in window.log)
    assert token not in window.log


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "bad_envelope"),
        ('{"v": 9, "id": 1, "method": "hello"}', "bridge_version"),
        ('{"v": 1, "id": 1, "method": "os.system", "params": {}}', "no_method"),
    ],
)
def test_a_call_that_cannot_be_taken_is_answered_with_the_reason(
    window: Window, text: str, code: str
) -> None:
    answer = json.loads(window.resolve(f"testPage.raw({json.dumps(text)})"))
    assert answer["ok"] is False
    assert answer["error"]["code"] == code


def test_a_failing_method_is_an_error_in_the_page_and_in_the_log(window: Window) -> None:
    reply = window.call("settings.set", key="volume", value=9)
    assert reply["ok"] is False
    assert reply["error"]["code"] == "settings"
    assert reply["error"]["field"] == "window.volume"
    window.wait_until("log line", lambda: "window.volume must be" in window.log)


def test_a_setting_made_in_the_page_is_kept(window: Window) -> None:
    reply = window.call("settings.set", key="captions", value=False)
    assert reply["result"]["settings"]["captions"] is False
    stored = json.loads((window.home / "state" / "preferences.json").read_text(encoding="utf-8"))
    assert stored == {"window.captions": False}


def test_the_page_may_not_set_where_it_connects_to(window: Window) -> None:
    assert (
        window.call("settings.set", key="livekit.url", value="ws://x")["error"]["code"] == "setting_refused"
    )


def test_the_one_object_of_the_bridge_has_one_slot_and_one_signal_of_ours(window: Window) -> None:
    objects = window.evaluate("Object.keys(testPage.objects)")
    assert objects == ["bridge"]
    members = window.evaluate("Object.keys(testPage.objects.bridge).filter((name) => !name.startsWith('__'))")
    of_qobject = {
        "objectNameChanged",
        "destroyed",
        "deleteLater",
        "objectName",
        "unwrapQObject",
        "unwrapProperties",
        "propertyUpdate",
        "signalEmitted",
    }
    assert {member.partition("(")[0] for member in members} - of_qobject == {"call", "message"}


def test_the_page_cannot_delete_the_bridge(window: Window) -> None:
    window.evaluate("(testPage.objects.bridge.deleteLater(), 0)")
    assert window.call("page.mark", name="after", at=1)["ok"] is True


def test_the_page_runs_in_a_secure_context_on_our_own_origin(window: Window) -> None:
    assert window.evaluate("[location.origin, isSecureContext]") == ["app://client", True]


def test_inline_script_and_eval_are_refused(window: Window) -> None:
    outcome = window.resolve(
        "new Promise((done) => { document.addEventListener('securitypolicyviolation',"
        " (event) => done(event.effectiveDirective), { once: true });"
        " const script = document.createElement('script'); script.textContent = 'window.injected = 1';"
        " document.body.append(script); })"
    )
    assert outcome == "script-src-elem"
    assert window.evaluate("window.injected ?? null") is None
    assert "rejected" in window.resolve("new Promise(() => (0, eval)('1'))")


@pytest.mark.parametrize("url", ["https://example.com/", "http://192.0.2.1/", "file:///etc/passwd"])
def test_the_page_reaches_no_other_host(window: Window, url: str) -> None:
    outcome = window.resolve(f"fetch({json.dumps(url)}).then(() => 'reached')")
    assert "rejected" in outcome


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "qrc:/qtwebchannel/qwebchannel.js",
        "chrome://gpu",
        "view-source:app://client/index.html",
        "data:text/html,x",
        "javascript:void(document.title='taken')",
        "app://other/index.html",
    ],
)
def test_no_navigation_leaves_the_page(window: Window, url: str) -> None:
    window.evaluate(f"(location.href = {json.dumps(url)}, 0)")
    assert window.resolve("new Promise((done) => setTimeout(() => done(location.href), 100))") == (
        "app://client/index.html"
    )
    assert window.evaluate("document.title") == "test page"


def test_no_second_window_opens(window: Window) -> None:
    assert window.evaluate("window.open('https://example.com/') === null") is True


def test_dialogs_do_not_block_the_page(window: Window) -> None:
    assert window.evaluate("(alert('x'), [confirm('x'), prompt('x')])") == [False, None]


def test_files_outside_the_page_are_not_served(window: Window) -> None:
    for path in ("/../window.py", "/%2e%2e/window.py", "/none.js"):
        outcome = window.resolve(f"fetch({json.dumps(path)}).then((answer) => answer.status)")
        assert outcome == 404 or "rejected" in str(outcome)


def test_the_microphone_is_granted_and_everything_else_is_denied(window: Window) -> None:
    assert (
        window.resolve("navigator.permissions.query({ name: 'microphone' }).then((one) => one.state)")
        == "granted"
    )
    assert "rejected" in window.resolve(
        "navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'video')"
    )
    assert "rejected" in window.resolve(
        "navigator.mediaDevices.getDisplayMedia({ video: true }).then(() => 'screen')"
    )
    assert window.resolve("Notification.requestPermission()") == "denied"


def test_the_engines_attributes_are_what_the_table_says(window: Window) -> None:
    values = window.do("attributes")
    assert {name for name, value in values.items() if value} == set()


def test_the_window_was_dark_from_the_beginning_and_shows_the_page(window: Window) -> None:
    picture = window.home / "picture.png"
    assert window.do("screenshot", path=str(picture)) is True
    assert picture.stat().st_size > 2000
