"""A screen for machines that have none: Xvfb, for as long as one command runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator

from tools.devtool.steps import StepError, say
from tools.devtool.system import has_screen

SIZE = "1280x800x24"


@contextlib.contextmanager
def screen(environment: dict[str, str], *, always_virtual: bool = False) -> Iterator[dict[str, str]]:
    """Yield an environment in which a window can be shown.

    Where there is no screen (or `always_virtual` on Linux), Xvfb is started for the time of the block. It
    picks a free display number by itself and is ended with the block.
    """
    wants_virtual = always_virtual and os.name == "posix" and os.uname().sysname == "Linux"
    if has_screen(environment) and not wants_virtual:
        yield environment
        return
    reader, writer = os.pipe()
    try:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
            pass_fds=(writer,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        os.close(reader)
        os.close(writer)
        raise StepError("There is no screen, and Xvfb is not installed.") from error
    os.close(writer)
    try:
        with os.fdopen(reader) as answers:
            display = answers.readline().strip()
        if not display:
            raise StepError("There is no screen, and Xvfb did not start.")
        if not has_screen(environment):
            say(f"No screen here: the window opens on a virtual one (Xvfb, display :{display}).")
        inside = {name: value for name, value in environment.items() if name != "WAYLAND_DISPLAY"}
        yield {**inside, "DISPLAY": f":{display}", "QT_QPA_PLATFORM": "xcb", "AVATARDESK_VIRTUAL_SCREEN": "1"}
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
