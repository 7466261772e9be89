"""The packaged program holds the demo's conversation, away from the checkout and its Python."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import ROOT, assert_whole_conversation, run_program

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1500)]

PROGRAM = ROOT / "dist" / "avatardesk" / ("avatardesk.exe" if os.name == "nt" else "avatardesk")


async def test_the_packaged_program_hears_answers_sounds_and_moves(tmp_path: Path) -> None:
    built = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(ROOT / "packaging" / "build.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    ran = await run_program(
        *("demo", "--short", "--out", str(out)),
        home=home,
        extra={"PATH": "/usr/bin:/bin", "PYTHONPATH": "", "VIRTUAL_ENV": ""},
        program=(str(PROGRAM),),
        cwd=home,
        deadline=300,
    )
    assert_whole_conversation(ran, out)
