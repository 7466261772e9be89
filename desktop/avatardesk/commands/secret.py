"""`avatardesk secrets`: put a secret into the operating system's key store, or take it out again."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from avatardesk.errors import InputError
from avatardesk.secrets import NAMES, Secrets


def main(arguments: Sequence[str]) -> int:
    """Run the command. The secret is typed or piped in, never an argument: those are visible to others."""
    known = "\n".join(f"  {name:<32} {what}" for name, what in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="avatardesk secrets",
        description="Keep secrets in the operating system's key store.",
        epilog=f"known secrets:\n{known}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("set", "forget"))
    parser.add_argument("name", choices=tuple(NAMES), metavar="NAME")
    options = parser.parse_args(arguments)
    secrets = Secrets()
    if options.action == "forget":
        secrets.forget(options.name)
        print(f"{options.name} is forgotten.")
        return 0
    value = getpass.getpass(f"{options.name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        raise InputError("Nothing was typed, so nothing is stored.", field=options.name)
    secrets.store(options.name, value.strip())
    print(f"{options.name} is stored.")
    return 0
