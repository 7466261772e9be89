"""What a bug report needs: versions of everything that matters, what draws, and where files lie."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from avatardesk import __version__, paths
from avatardesk.paths import Paths

_DISTRIBUTIONS = (
    "livekit",
    "livekit-api",
    "livekit-agents",
    "livekit-plugins-spatialreal",
    "avatarkit",
    "aiortc",
    "aiohttp",
    "numpy",
    "pocketsphinx",
    "qasync",
)


def report() -> str:
    """Return the report as text, one fact a line."""
    rows = {
        "AvatarDesk": __version__ + (" (packaged)" if paths.is_frozen() else ""),
        "Python": f"{platform.python_version()} ({sys.executable})",
        "System": platform.platform(),
        **_engine(),
        **{name: _version(name) for name in _DISTRIBUTIONS},
        **_places(),
    }
    width = max(map(len, rows))
    return "\n".join(f"{name + ':':<{width + 1}} {value}" for name, value in rows.items())


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _engine() -> dict[str, str]:
    from PySide6.QtCore import QCoreApplication, Qt, qVersion
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWebEngineCore import (
        qWebEngineChromiumSecurityPatchVersion,
        qWebEngineChromiumVersion,
        qWebEngineVersion,
    )

    from avatardesk.shell import gl

    rows = {
        "Qt": str(qVersion()),
        "Qt WebEngine": str(qWebEngineVersion()),
        "Chromium": str(qWebEngineChromiumVersion()),
        "Security patches": "to " + str(qWebEngineChromiumSecurityPatchVersion()),
    }
    if not gl.screen_is_there():
        return {**rows, "OpenGL": "no screen"}
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QGuiApplication([sys.argv[0]])
    rows["Qt platform"] = app.platformName()
    rows["OpenGL"] = gl.renderer_name() or "none"
    rows["WebGL"] = "on the CPU" if gl.needs_software() else "on the GPU"
    return rows


def _places() -> dict[str, str]:
    folders = Paths.find()
    return {
        "Settings": str(folders.config_file),
        "Data": str(folders.data_dir),
        "State": str(folders.state_dir),
        "Logs": str(folders.log_dir),
        "Page": str(paths.page_dir() or "not built"),
    }
