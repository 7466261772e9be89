"""Qt calls must not be able to free None: PySide6 6.12 takes its references on Python 3.11."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.gui

PROGRAM = """
import sys
import avatardesk.shell
from PySide6.QtCore import QObject
thing = QObject()
for _ in range(200_000):
    thing.setObjectName("x")
    thing.objectNameChanged.emit("x")
print("alive", sys.getrefcount(None) > 100_000)
"""


def test_hundreds_of_thousands_of_qt_calls_leave_python_alive() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "alive True", ran.stderr
    assert ran.returncode == 0
