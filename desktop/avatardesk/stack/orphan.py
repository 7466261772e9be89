"""A child's side of "never leave an orphan": end when the parent is gone, whatever became of the pipe.

The end of standard input is the first sign, and each child minds it itself. This guard is the second, for a
child that hangs: the kernel's parent-death signal where there is one (Linux), and a thread that ends the
process when the parent has been gone for longer than a clean end takes.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)

#: Set by the supervisor: the process id of the parent the child belongs to.
PARENT_VARIABLE = "AVATARDESK_PARENT_PID"

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_POLL_SECONDS = 1.0
_GRACE_SECONDS = 5.0


def guard() -> None:
    """Bind this process's life to the parent named in the environment; without one, do nothing."""
    text = os.environ.get(PARENT_VARIABLE, "")
    if not text.isdecimal():
        return
    parent = int(text)
    if sys.platform == "linux":
        # libc directly: the standard library has no prctl.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    threading.Thread(target=_watch, args=(_parent_check(parent),), name="parent-watch", daemon=True).start()


def _parent_check(parent: int) -> Callable[[], bool]:
    if os.name == "posix":
        return lambda: os.getppid() == parent
    import psutil

    return lambda: psutil.pid_exists(parent)


def _watch(parent_lives: Callable[[], bool]) -> None:
    pause = threading.Event()
    while parent_lives():
        pause.wait(_POLL_SECONDS)
    pause.wait(_GRACE_SECONDS)
    _log.error("the parent process is gone and this one still runs: ending it")
    os._exit(1)
