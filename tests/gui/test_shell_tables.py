"""What the shell decides without a running page: permissions, flags, deaths, the status report."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWebEngineCore import QWebEnginePermission

from avatardesk.shell import gl
from avatardesk.shell.permissions import GRANTED, decide
from avatardesk.shell.recovery import DEATHS_ALLOWED, WINDOW_SECONDS, DeathCounter
from avatardesk.shell.status import StatusReport

pytestmark = pytest.mark.gui

Kind = QWebEnginePermission.PermissionType


def test_every_permission_the_engine_knows_is_decided() -> None:
    assert set(GRANTED) == set(Kind)
    assert [kind for kind, granted in GRANTED.items() if granted] == [Kind.MediaAudioCapture]


@pytest.mark.parametrize(
    ("origin", "granted"),
    [
        ("app://client/", True),
        ("app://client/index.html", True),
        ("app://other/", False),
        ("https://client/", False),
        ("https://example.com/", False),
        ("file:///", False),
        ("", False),
    ],
)
def test_only_our_own_origin_gets_the_microphone(origin: str, granted: bool) -> None:
    assert decide(Kind.MediaAudioCapture, QUrl(origin)) is granted
    assert decide(Kind.MediaVideoCapture, QUrl(origin)) is False


@pytest.mark.parametrize(("wish", "software"), [("1", True), ("0", False)])
def test_the_environment_decides_where_it_speaks(tmp_path: Path, wish: str, software: bool) -> None:
    assert gl.needs_software({gl.SOFTWARE_VARIABLE: wish}, tmp_path) is software


@pytest.mark.skipif(not gl.sys.platform.startswith("linux"), reason="device nodes")
def test_a_machine_without_a_gpus_device_draws_on_the_cpu(tmp_path: Path) -> None:
    assert gl.needs_software({}, tmp_path) is True


@pytest.mark.skipif(not gl.sys.platform.startswith("linux"), reason="device nodes")
@pytest.mark.parametrize(
    ("renderer", "software"),
    [("NVIDIA GeForce RTX 3060/PCIe/SSE2", False), ("llvmpipe (LLVM 15.0.6, 256 bits)", True), ("", True)],
)
def test_with_a_gpus_device_the_driver_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renderer: str, software: bool
) -> None:
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    monkeypatch.setattr(gl, "renderer_name", lambda: renderer)
    assert gl.needs_software({}, tmp_path) is software


def flags(env: dict[str, str], **changed: object) -> list[str]:
    wanted: dict[str, object] = {
        "software": False,
        "local_room": False,
        "kiosk": False,
        "fake_microphone": None,
    }
    return gl.prepare_environment(env, **{**wanted, **changed})  # type: ignore[arg-type]


def test_a_machine_with_a_gpu_gets_no_flag_that_slows_it() -> None:
    env: dict[str, str] = {}
    assert flags(env) == []
    assert gl.FLAGS_VARIABLE not in env


def test_software_rendering_needs_both_flags() -> None:
    env: dict[str, str] = {}
    assert flags(env, software=True) == ["--ignore-gpu-blocklist", "--disable-gpu-compositing"]
    assert env[gl.FLAGS_VARIABLE] == "--ignore-gpu-blocklist --disable-gpu-compositing"


def test_the_users_own_flags_are_kept_except_in_a_kiosk(tmp_path: Path) -> None:
    given = {gl.FLAGS_VARIABLE: "--mine", gl.DEBUG_VARIABLE: "127.0.0.1:9222"}
    env = dict(given)
    assert flags(env, local_room=True) == [gl.LOOPBACK_FLAG, "--mine"]
    assert gl.DEBUG_VARIABLE in env
    env = dict(given)
    assert flags(env, kiosk=True) == list(gl.KIOSK_FLAGS)
    assert gl.DEBUG_VARIABLE not in env


def test_a_recording_replaces_the_microphone(tmp_path: Path) -> None:
    found = flags({}, fake_microphone=tmp_path / "voice.wav")
    assert "--use-fake-device-for-media-stream" in found
    assert f"--use-file-for-fake-audio-capture={tmp_path.resolve()}/voice.wav%noloop" in found


def test_three_deaths_within_a_minute_are_too_many_and_slow_ones_are_not() -> None:
    now = 0.0
    counter = DeathCounter(clock=lambda: now)
    for _ in range(20):
        now += WINDOW_SECONDS
        assert counter.too_many() is False
    quick = DeathCounter(clock=lambda: now)
    assert [quick.too_many() for _ in range(DEATHS_ALLOWED)] == [False, False, True]
    assert quick.too_many() is False, "the count starts anew"


def test_the_status_is_told_once_for_each_change_and_kept_beside_a_picture(
    tmp_path: Path, qapp: object
) -> None:
    lines = ["waiting", "waiting", "listening"]
    stream = io.StringIO()

    def screenshot(path: Path) -> bool:
        path.write_bytes(b"png")
        return True

    report = StatusReport(tmp_path, lambda: {"line": lines.pop(0) if lines else "end"}, screenshot, stream)
    for _ in range(3):
        report.write_line()
    report.write_files()
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == ["waiting", "listening"]
    assert json.loads(report.file.read_text(encoding="utf-8")) == {"line": "end"}
    assert report.picture.read_bytes() == b"png"
