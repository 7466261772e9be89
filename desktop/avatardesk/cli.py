"""The command `avatardesk` and its sub-commands. Imports are late: each command pays only for what it
uses.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from avatardesk import __version__
from avatardesk.errors import AvatarDeskError, InputError
from avatardesk.paths import Paths

_log = logging.getLogger(__name__)

#: Child processes of the window: module with `main() -> int`.
_CHILDREN = {
    "stack": "avatardesk.stack.server",
    "agent": "avatardesk.agent.main",
    "room-server": "avatardesk.stack.livekit_server",
}

#: Commands that read their own arguments: module with `main(arguments) -> int`.
_COMMANDS = {
    "say": "avatardesk.commands.say",
    "status": "avatardesk.commands.status",
    "secrets": "avatardesk.commands.secret",
    "demo": "avatardesk.shell.demo",
}

_EPILOG = """\
further commands (each with --help):
  say "text" | --wav FILE   make the avatar of the running program speak
  status                    print the state of the running program as JSON
  secrets set|forget NAME   keep a secret in the operating system's key store
  demo --out DIR            hold a recorded conversation and write a report
  bench NAME                measure a part of the program
  stack, agent              the processes the window starts for itself
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    started_at = time.time()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and not words[0].startswith("-"):
            return _command(words[0], words[1:])
        return _window(words, started_at)
    except AvatarDeskError as problem:
        print(f"avatardesk: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _command(name: str, rest: list[str]) -> int:
    if name in _CHILDREN:
        return _child(name)
    if name == "bench":
        if not rest or not rest[0].isidentifier():
            raise InputError(
                "bench needs the name of a measurement.", hint="For example: avatardesk bench lipsync"
            )
        return _run_module(f"avatardesk.bench.{rest[0]}", rest[1:], f"There is no measurement {rest[0]!r}.")
    if name in _COMMANDS:
        return _run_module(_COMMANDS[name], rest, f"This copy of AvatarDesk has no command {name!r}.")
    raise InputError(f"There is no command {name!r}.", hint="avatardesk --help lists them.")


def _run_module(module: str, rest: list[str], missing: str) -> int:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as problem:
        if problem.name is not None and module.startswith(problem.name):
            raise InputError(missing) from problem
        raise
    code = found.main(rest)
    return int(code or 0)


def _child(name: str) -> int:
    from avatardesk.logs import setup_logging
    from avatardesk.secrets import Secrets
    from avatardesk.stack import orphan

    orphan.guard()
    Secrets()  # makes the log blot out what the environment holds
    # The parent passes our stderr on to its own log file.
    setup_logging(os.environ.get("AVATARDESK_LOG_LEVEL", "INFO"))
    return int(importlib.import_module(_CHILDREN[name]).main() or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="avatardesk",
        description="Talk with an avatar.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--kiosk", action="store_true", help="unattended on a public screen: full screen, no way out"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file (TOML) instead of the usual one"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting, e.g. window.theme=night",
    )
    parser.add_argument(
        "--status",
        action="store_true",
        help="print a live status line and keep a screenshot (no screen needed)",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="show the whole log on the terminal, not only warnings"
    )
    parser.add_argument("--version", action="store_true", help="print versions and paths, for a bug report")
    parser.add_argument("--fake-mic", type=Path, help=argparse.SUPPRESS)
    return parser


def _window(words: list[str], started_at: float) -> int:
    options = _parser().parse_args(words)
    if options.version:
        from avatardesk.commands.version import report

        print(report())
        return 0
    from avatardesk.logs import setup_logging
    from avatardesk.native_output import divert_native_output
    from avatardesk.settings_sources import load_settings

    if options.fake_mic is not None and not options.fake_mic.is_file():
        raise InputError(f"There is no file {options.fake_mic}.", field="--fake-mic")
    folders = Paths.find()
    file = options.config or (folders.config_file if folders.config_file.is_file() else None)
    overrides = [*options.set, *(["kiosk.enabled=true"] if options.kiosk else [])]
    settings = load_settings(file=file, overrides=overrides, preferences=folders.preferences_file)
    if not options.verbose:
        divert_native_output(folders.log_dir / "native.log")
    log_file = setup_logging(
        settings.log.level, folders.log_dir, terminal=None if options.verbose else "WARNING"
    )
    _log.info("AvatarDesk %s, log file %s", __version__, log_file)

    from avatardesk.shell.app import run_app
    from avatardesk.shell.options import RunOptions

    return run_app(
        settings,
        options=RunOptions(
            status=options.status or "AVATARDESK_VIRTUAL_SCREEN" in os.environ,
            fake_microphone=options.fake_mic,
            started_at=started_at,
        ),
        paths=folders,
    )
