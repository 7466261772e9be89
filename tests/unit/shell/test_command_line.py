from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from avatardesk.cli import main


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sya", "hello"]) == 2
    assert "no command 'sya'" in capsys.readouterr().err


def test_a_wrong_setting_ends_the_start_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "window.volume=7"]) == 2
    assert "window.volume must be a number from 0 to 1" in capsys.readouterr().err


def test_say_needs_one_thing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say"]) == 2
    assert main(["say", "hello", "--wav", "x.wav"]) == 2
    assert "either a text or --wav FILE" in capsys.readouterr().err


def test_say_names_a_wrong_recording_before_it_looks_for_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "voice.wav"
    file.write_text("no sound", encoding="utf-8")
    assert main(["say", "--wav", str(file)]) == 2
    assert "is not a WAV file" in capsys.readouterr().err


def test_say_without_a_running_program_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AVATARDESK_HOME", str(tmp_path))
    assert main(["say", "hello"]) == 2
    assert "AvatarDesk is not running" in capsys.readouterr().err


def test_a_measurement_nobody_made_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert main(["bench"]) == 2
    assert main(["bench", "../x"]) == 2


def test_a_fake_microphone_must_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fake-mic", "/nowhere/voice.wav"]) == 2
    assert "/nowhere/voice.wav" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["say", "--help"], ["secrets", "--help"]])
def test_help_needs_no_qt_and_no_audio_libraries(words: list[str]) -> None:
    program = (
        "import sys\nfrom avatardesk.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'PySide6', 'livekit', 'aiohttp', 'avatarkit', 'keyring'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
