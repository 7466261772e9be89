"""dev.py's set-up: it does a step once, says what is missing, and shows why a step failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.devtool import places, screen, setup, steps, system
from tools.devtool.places import Stamp, content_digest, tree_digest
from tools.devtool.steps import StepError, step

ROOT = Path(__file__).resolve().parents[3]


def test_a_step_is_fresh_only_for_what_it_was_done_for(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text("one")
    stamp = Stamp(tmp_path / "deep" / "stamp", content_digest([lock]))
    assert not stamp.fresh
    stamp.write()
    assert Stamp(stamp.file, content_digest([lock])).fresh
    lock.write_text("two")
    assert not Stamp(stamp.file, content_digest([lock])).fresh


def test_the_page_is_stale_when_a_source_changed_or_appeared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ROOT", tmp_path)
    source = tmp_path / "src"
    source.mkdir()
    (source / "a.ts").write_text("1")
    first = tree_digest([source])
    assert tree_digest([source]) == first
    (source / "b.ts").write_text("1")
    second = tree_digest([source])
    assert second != first
    (source / "a.ts").write_text("22")
    assert tree_digest([source]) != second


def test_a_failed_step_shows_its_last_words_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "LOGS", ROOT / ".avatardesk" / "log")
    with pytest.raises(StepError) as failure:
        step(
            "Reading tea leaves",
            [sys.executable, "-c", "print('the cup is empty'); raise SystemExit(3)"],
            log="test-step",
            hint="Drink more tea.",
        )
    text = str(failure.value)
    assert "exit 3" in text
    assert "the cup is empty" in text
    assert text.endswith("Drink more tea.")


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(StepError, match="no-such-program-here was not found"):
        step("Nothing", ["no-such-program-here"], log="test-step")


def test_without_root_the_one_command_that_helps_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.platform, "system", lambda: "Linux")
    monkeypatch.setattr(system, "is_root", lambda: False)
    monkeypatch.setattr(system.shutil, "which", lambda name: "/bin/x" if name == "apt-get" else None)
    monkeypatch.setattr(system, "_loadable_libraries", lambda: set(system.LIBRARIES) - {"libnss3.so"})
    with pytest.raises(StepError) as failure:
        system.ensure_system(system.VOICE)
    command = next(line for line in str(failure.value).splitlines() if "sudo" in line).strip()
    assert command == "sudo apt-get install --no-install-recommends flite libnss3"


def test_without_apt_the_packages_are_listed_with_what_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system.platform, "system", lambda: "Linux")
    monkeypatch.setattr(system.shutil, "which", lambda name: None)
    monkeypatch.setattr(system, "_loadable_libraries", lambda: set(system.LIBRARIES))
    with pytest.raises(StepError, match="xvfb: a screen, as this machine has none"):
        system.ensure_system(system.SCREEN)


def test_nothing_is_asked_of_a_machine_that_has_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_loadable_libraries", lambda: set(system.LIBRARIES))
    monkeypatch.setattr(system.shutil, "which", lambda name: "/bin/true")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing had to be installed")

    monkeypatch.setattr(system, "step", refuse)
    system.ensure_system(system.VOICE, system.SCREEN)


@pytest.mark.parametrize("version", ["v18.20.0", "v20.18.3"])
def test_a_node_that_is_too_old_is_refused_with_both_versions(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/bin/{name}")
    answer = subprocess.CompletedProcess([], 0, stdout=version)
    monkeypatch.setattr(setup.subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(StepError, match=rf"20\.19 or newer; .* {version}"):
        setup.npm()


@pytest.mark.skipif(sys.platform != "linux", reason="Xvfb is for Linux")
def test_a_virtual_screen_is_there_for_the_block_and_gone_after_it() -> None:
    with screen.screen({"PATH": "/usr/bin:/bin"}) as inside:
        display = inside["DISPLAY"].removeprefix(":")
        socket = Path(f"/tmp/.X11-unix/X{display}")
        assert socket.exists()
        assert inside["AVATARDESK_VIRTUAL_SCREEN"] == "1"
    assert not socket.exists()


def test_dev_py_starts_with_the_standard_library_alone() -> None:
    told = subprocess.run(
        [sys.executable, "-S", str(ROOT / "dev.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert told.returncode == 0, told.stderr
    assert "package" in told.stdout


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    from tools.devtool.commands import COMMANDS, main

    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told for name in COMMANDS)
