"""The window program from its first line to its last: environment, Qt, one asyncio loop, a clean end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from avatardesk.crash import CrashFile
from avatardesk.paths import Paths
from avatardesk.secrets import Secrets
from avatardesk.session.endpoints import has_local_room
from avatardesk.session.services import without_proxy_for_loopback
from avatardesk.settings import Settings
from avatardesk.shell.observer import AppObserver
from avatardesk.shell.options import RunOptions

if TYPE_CHECKING:
    from avatardesk.shell.runtime import Runtime

_log = logging.getLogger(__name__)


def run_app(
    settings: Settings,
    *,
    observer: AppObserver | None = None,
    options: RunOptions | None = None,
    paths: Paths | None = None,
    secrets: Secrets | None = None,
) -> int:
    """Run the window until it is closed and return the exit code. Once in a process: Qt WebEngine cannot
    restart.

    Args:
        settings: checked settings.
        observer: hears of everything that happens (the demo, tests).
        options: of this run.
        paths: where files lie; default: this user's folders.
        secrets: where secrets come from; default: environment and key store.
    """
    from PySide6.QtCore import QCoreApplication, Qt, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from avatardesk.shell import gl, scheme
    from avatardesk.shell.control import SingleInstance
    from avatardesk.shell.qtlog import pass_to_log

    options = options or RunOptions()
    folders = paths or Paths.find()
    qInstallMessageHandler(pass_to_log)
    scheme.register()
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QCoreApplication.setApplicationName("avatardesk")
    app = QApplication([sys.argv[0]])
    app.setApplicationDisplayName("AvatarDesk")
    app.setDesktopFileName("avatardesk")
    # The end is ours: the window goes when everything else has been put away.
    app.setQuitOnLastWindowClosed(False)
    os.environ.update(without_proxy_for_loopback(dict(os.environ)))
    instance = SingleInstance(folders)
    if not instance.take():
        instance.raise_first()
        print("AvatarDesk is running already; its window was raised.", file=sys.stderr)
        return 0
    crash_file = CrashFile(folders.state_dir)
    crash_file.begin()
    software = gl.needs_software()
    gl.prepare_environment(
        os.environ,
        software=software,
        local_room=has_local_room(settings),
        kiosk=settings.kiosk.enabled,
        fake_microphone=options.fake_microphone,
    )

    import qasync

    from avatardesk.shell.runtime import Runtime

    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    runtime = Runtime(
        settings,
        folders,
        secrets or Secrets(),
        options,
        observer=observer,
        software=software,
    )
    try:
        # Exactly one run: a second exec() after Qt WebEngine has started would crash, so every clean-up is
        # inside.
        code: int = loop.run_until_complete(_until_quit(runtime, loop))
    finally:
        loop.close()
        asyncio.set_event_loop(None)
        crash_file.end()
        instance.release()
        qInstallMessageHandler(None)
    return code


async def _until_quit(runtime: Runtime, loop: asyncio.AbstractEventLoop) -> int:
    _end_on_signals(runtime.quit, loop)
    started = time.monotonic()
    try:
        await runtime.start()
        code = await runtime.wait()
    finally:
        await runtime.close()
        await loop.shutdown_asyncgens()
        _log.info("ended after %.1f s", time.monotonic() - started)
    return code


def _end_on_signals(quit_app: Callable[[int], None], loop: asyncio.AbstractEventLoop) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, quit_app, 0)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(quit_app, 0))
