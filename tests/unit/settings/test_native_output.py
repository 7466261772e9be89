"""Chromium's and ALSA's own lines go to a file; ours stay on the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a window has no terminal on Windows")

PROGRAM = """
import os, sys
from pathlib import Path
from avatardesk.native_output import divert_native_output
print(divert_native_output(Path(sys.argv[1])))
os.write(2, b"from a library\\n")
print("from us", file=sys.stderr)
"""


def _run(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True
    )


def test_what_a_library_writes_goes_to_the_file_and_what_we_write_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "log" / "native.log"
    ran = _run(file)
    assert ran.stdout == "True\n"
    assert ran.stderr == "from us\n"
    assert file.read_text() == "from a library\n"


def test_a_file_that_cannot_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    ran = _run(tmp_path / "blocked" / "native.log")
    assert ran.stdout == "False\n"
    assert ran.stderr == "from a library\nfrom us\n"
