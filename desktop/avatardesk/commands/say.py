"""`avatardesk say`: the avatar of the running program speaks a text or a recording."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from avatardesk import control
from avatardesk.errors import InputError
from avatardesk.paths import Paths
from avatardesk.session.wav import read_wav


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns when the avatar has spoken."""
    parser = argparse.ArgumentParser(
        prog="avatardesk say", description="Make the avatar of the running AvatarDesk speak."
    )
    parser.add_argument("text", nargs="*", help="what to say; - reads it from standard input")
    parser.add_argument("--wav", type=Path, metavar="FILE", help="speak a recording (WAV) instead")
    options = parser.parse_args(arguments)
    text = " ".join(options.text)
    if bool(text) == (options.wav is not None):
        raise InputError(
            "say needs either a text or --wav FILE.", hint="For example: avatardesk say 'Hello.'"
        )
    folders = Paths.find()
    if options.wav is not None:
        path = options.wav.expanduser().resolve()
        read_wav(path)  # a wrong file is told here, even when no program runs
        result = control.request(folders, "say", wav=str(path))
    else:
        result = control.request(folders, "say", text=sys.stdin.read() if text == "-" else text)
    print(f"said {result.get('seconds')} s ({result.get('voice')})")
    return 0
