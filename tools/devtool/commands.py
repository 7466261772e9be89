"""The commands of dev.py."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.devtool import system
from tools.devtool.places import PYTHON, ROOT, VENV, WEBVIEW, is_root
from tools.devtool.screen import screen
from tools.devtool.setup import (
    ensure_livekit_server,
    ensure_node_modules,
    ensure_page,
    ensure_python,
    find_livekit_server,
    npm,
)
from tools.devtool.steps import StepError, say
from tools.devtool.system import ensure_system, has_screen

FRESH_MARK = "Setting up AvatarDesk (the first time only; later starts take a moment)"


def main(words: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    arguments = _parser().parse_args(list(words[:1]) or ["--help"])
    command: Callable[[list[str]], int] = arguments.run
    try:
        return command(list(words[1:]))
    except StepError as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Set up, run, test and package AvatarDesk from a source checkout.",
        epilog="Everything after the command's name goes to that command: python3 dev.py run --help",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (run, text) in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False).set_defaults(run=run)
    return parser


def _environment() -> dict[str, str]:
    """The environment that programs of the checkout run in."""
    environment = {**os.environ, "PYTHONUTF8": "1"}
    server = find_livekit_server()
    if server:
        environment["AVATARDESK_LIVEKIT_SERVER"] = str(server)
    return environment


def _foreground(command: Sequence[str | Path], environment: dict[str, str], *, cwd: Path = ROOT) -> int:
    """Run `command` in the foreground; pass SIGTERM on, leave Ctrl+C to the child, return its exit code."""
    process = subprocess.Popen([str(word) for word in command], env=environment, cwd=cwd)
    previous = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal sent it to the child as well, which now closes down
    finally:
        signal.signal(signal.SIGTERM, previous)


def _prepare_program(environment: dict[str, str]) -> None:
    if not VENV.exists():
        say(FRESH_MARK)
    programs = [system.VOICE]
    if not has_screen(environment):
        programs.append(system.SCREEN)
    ensure_system(*programs)
    ensure_python()
    ensure_page()


def setup(words: list[str]) -> int:
    """Set up everything that run needs, and start nothing."""
    argparse.ArgumentParser(prog="dev.py setup").parse_args(words)
    _prepare_program(_environment())
    return 0


def run(words: list[str]) -> int:
    """Open the program."""
    environment = _environment()
    _prepare_program(environment)
    with screen(environment) as inside:
        return _foreground([PYTHON, "-m", "avatardesk", *words], inside)


def demo(words: list[str]) -> int:
    """Hold a conversation on recorded speech; write screenshots and report.json."""
    environment = _environment()
    _prepare_program(environment)
    with screen(environment) as inside:
        return _foreground([PYTHON, "-m", "avatardesk", "demo", *words], inside)


def test(words: list[str]) -> int:
    """Run the tests; words go to pytest. Without a `-m` the slow ones are left to CI."""
    environment = _environment()
    if not VENV.exists():
        say(FRESH_MARK)
    ensure_system(system.SCREEN, system.VOICE, system.SECOND_VOICE, system.BROWSER)
    ensure_python()
    ensure_node_modules()
    ensure_page()
    if os.environ.get("CI"):
        ensure_livekit_server()
        environment = _environment()
    if is_root():
        environment.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")
    if not any(word.startswith("-m") for word in words):
        words = ["-m", "not bench" if os.environ.get("CI") else "not bench and not slow", *words]
    with screen(environment, always_virtual=True) as inside:
        return _foreground([PYTHON, "-m", "pytest", *words], inside)


def check(words: list[str]) -> int:
    """Ruff, mypy, eslint, tsc and vitest."""
    argparse.ArgumentParser(prog="dev.py check").parse_args(words)
    ensure_python()
    ensure_node_modules()
    failed = []
    checks: list[tuple[str, list[str | Path], Path]] = [
        ("ruff", [PYTHON, "-m", "ruff", "check", "."], ROOT),
        ("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."], ROOT),
        ("mypy", [PYTHON, "-m", "mypy"], ROOT),
        ("mypy dev.py", [PYTHON, "-m", "mypy", "--no-incremental", "dev.py", "tools/devtool"], ROOT),
        ("eslint", [npm(), "run", "--silent", "lint"], WEBVIEW),
        ("tsc", [npm(), "run", "--silent", "types"], WEBVIEW),
        ("vitest", [npm(), "run", "--silent", "test"], WEBVIEW),
    ]
    for name, command, folder in checks:
        say(f"── {name}")
        if _foreground(command, _environment(), cwd=folder) != 0:
            failed.append(name)
    say(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def build(words: list[str]) -> int:
    """Build the page."""
    argparse.ArgumentParser(prog="dev.py build").parse_args(words)
    ensure_page()
    return 0


def bench(words: list[str]) -> int:
    """Measure something; without a name, list what can be measured."""
    environment = _environment()
    _prepare_program(environment)
    with screen(environment) as inside:
        return _foreground([PYTHON, "-m", "avatardesk", "bench", *words], inside)


def package(words: list[str]) -> int:
    """Make a folder that runs without Python, with PyInstaller."""
    environment = _environment()
    _prepare_program(environment)
    return _foreground([PYTHON, ROOT / "packaging" / "build.py", *words], environment)


COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "run": (run, "open the program"),
    "demo": (demo, "hold a recorded conversation, write screenshots and report.json"),
    "test": (test, "all tests; words after it go to pytest"),
    "check": (check, "ruff, mypy, eslint, tsc, vitest"),
    "build": (build, "build the page"),
    "bench": (bench, "measure something"),
    "package": (package, "a folder that runs without Python"),
    "setup": (setup, "set everything up, start nothing"),
}
