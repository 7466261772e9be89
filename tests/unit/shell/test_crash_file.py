from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import ctypes, logging, sys
from pathlib import Path
from avatardesk.crash import CrashFile
logging.basicConfig(stream=sys.stdout)
crash = CrashFile(Path(sys.argv[1]))
print("left:", bool(crash.begin()))
if sys.argv[2] == "fault":
    ctypes.string_at(0)
if sys.argv[2] == "raise":
    raise RuntimeError("nobody caught me")
crash.end()
"""


def run(folder: Path, mode: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), mode],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_fault_is_told_by_the_next_start_and_only_by_that(tmp_path: Path) -> None:
    assert run(tmp_path, "fault").returncode != 0
    told = run(tmp_path, "well")
    assert "left: True" in told.stdout
    assert "string_at" in told.stdout
    assert "left: False" in run(tmp_path, "well").stdout


def test_an_exception_nobody_caught_is_in_the_log(tmp_path: Path) -> None:
    ran = run(tmp_path, "raise")
    assert "unhandled exception" in ran.stdout
    assert "nobody caught me" in ran.stdout


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    ran = run(blocked / "state", "well")
    assert ran.returncode == 0
    assert "no crash file" in ran.stdout
