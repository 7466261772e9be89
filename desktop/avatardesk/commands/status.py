"""`avatardesk status`: the state of the running program as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from avatardesk import control
from avatardesk.paths import Paths

_SECONDS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    argparse.ArgumentParser(prog="avatardesk status", description=__doc__).parse_args(arguments)
    print(json.dumps(control.request(Paths.find(), "status", timeout=_SECONDS), indent=2, ensure_ascii=False))
    return 0
