"""Chromium's flags for this machine: software rendering only where there is no GPU, the sandbox unless root.

Chromium reads them when the first profile is made, so they are decided after QApplication and before that.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_log = logging.getLogger(__name__)

#: "1" forces software rendering, "0" forbids it, anything else lets the program find out.
SOFTWARE_VARIABLE = "AVATARDESK_SOFTWARE_GL"

FLAGS_VARIABLE = "QTWEBENGINE_CHROMIUM_FLAGS"
SANDBOX_VARIABLE = "QTWEBENGINE_DISABLE_SANDBOX"
DEBUG_VARIABLE = "QTWEBENGINE_REMOTE_DEBUGGING"

#: WebGL on the CPU that also shows in the window; the first flag alone leaves the window blank.
SOFTWARE_FLAGS = ("--ignore-gpu-blocklist", "--disable-gpu-compositing")

#: Without another interface that is up, WebRTC finds no way to a room on this machine unless loopback counts.
LOOPBACK_FLAG = "--allow-loopback-in-peer-connection"

#: What a finger could still do in a kiosk: pinch to zoom, swipe back.
KIOSK_FLAGS = ("--disable-pinch", "--overscroll-history-navigation=0")

#: Device nodes that mean a GPU with a driver: DRM render nodes, NVIDIA's own, and WSL's.
_GPU_NODES = ("dri/renderD*", "nvidia0", "dxg")

_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")


def needs_software(env: Mapping[str, str] | None = None, devices: Path = Path("/dev")) -> bool:
    """Return whether WebGL must run on the CPU. Needs a QGuiApplication only where a GPU's node exists."""
    wish = (os.environ if env is None else env).get(SOFTWARE_VARIABLE, "")
    if wish in ("0", "1"):
        return wish == "1"
    if sys.platform != "linux":
        return False
    if not any(
        os.access(node, os.R_OK | os.W_OK) for pattern in _GPU_NODES for node in devices.glob(pattern)
    ):
        return True
    # A GPU may be there and yet not drive this screen (Xvfb, a remote desktop): ask the driver.
    return is_software_renderer(renderer_name())


def is_software_renderer(name: str) -> bool:
    """Return whether a driver of this name draws on the CPU; no name means that there is no driver."""
    return not name or any(word in name.lower() for word in _SOFTWARE_RENDERERS)


def screen_is_there(env: Mapping[str, str] | None = None) -> bool:
    """Return whether Qt can open a window here; on Linux a missing display would end the process."""
    found = os.environ if env is None else env
    if sys.platform != "linux":
        return True
    return bool(found.get("DISPLAY") or found.get("WAYLAND_DISPLAY") or found.get("QT_QPA_PLATFORM"))


def renderer_name() -> str:
    """Return OpenGL's name of what draws on this screen; empty where no OpenGL context can be made."""
    from PySide6.QtGui import QOffscreenSurface, QOpenGLContext

    context = QOpenGLContext()
    surface = QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        return ""
    try:
        gl_renderer = 0x1F01  # GL_RENDERER, OpenGL's registry
        name = context.functions().glGetString(gl_renderer)
        return str(name or "")
    finally:
        context.doneCurrent()


def prepare_environment(
    env: MutableMapping[str, str],
    *,
    software: bool,
    local_room: bool,
    kiosk: bool,
    fake_microphone: Path | None,
) -> list[str]:
    """Set Chromium's flags in `env` and return them.

    A kiosk takes no flags and no debugging port from outside; otherwise the user's own flags come last and
    win.

    Args:
        env: changed in place.
        software: draw on the CPU.
        local_room: the room is on this machine.
        kiosk: unattended, on a public screen.
        fake_microphone: a WAV file to be heard, once, instead of a microphone.
    """
    flags: list[str] = []
    if software:
        flags += SOFTWARE_FLAGS
    if local_room:
        flags.append(LOOPBACK_FLAG)
    if fake_microphone is not None:
        flags += [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={fake_microphone.resolve()}%noloop",
        ]
    if kiosk:
        flags += KIOSK_FLAGS
        env.pop(DEBUG_VARIABLE, None)
        env.pop(FLAGS_VARIABLE, None)
    flags += env.get(FLAGS_VARIABLE, "").split()
    if flags:
        env[FLAGS_VARIABLE] = " ".join(flags)
    if os.name == "posix" and sys.platform != "darwin" and os.geteuid() == 0:
        # Chromium refuses to start as root with its sandbox.
        if SANDBOX_VARIABLE not in env:
            _log.warning("running as root: Chromium's sandbox is off; use an ordinary user outside of tests")
        env[SANDBOX_VARIABLE] = "1"
    return flags
