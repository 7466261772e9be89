#!/usr/bin/env python3
"""Set up, run, test and package AvatarDesk from a source checkout.

    python3 dev.py run          open the program (the first time: set everything up first)
    python3 dev.py demo --out DIR   hold a recorded conversation, write screenshots and report.json
    python3 dev.py test [ARGS]  all tests (ARGS go to pytest)
    python3 dev.py check        ruff, mypy, eslint, tsc, vitest
    python3 dev.py build        the page only
    python3 dev.py bench NAME   measure something (see docs/performance.md)
    python3 dev.py package      a folder that runs without Python (PyInstaller)
    python3 dev.py setup        set up, nothing else

Needs Python 3.11-3.13 and Node 20.19 or newer; the standard library is enough to start it.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this line is for older Pythons)
    sys.exit(
        f"AvatarDesk needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}.\n"
        "Start it with one of them, for example: python3.11 dev.py run"
    )

from tools.devtool.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
