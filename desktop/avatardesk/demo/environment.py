"""What a report must say of the machine and the versions it was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from avatardesk import __version__

_PACKAGES = ("PySide6-Essentials", "pyside6-webengine", "livekit", "livekit-agents", "avatarkit", "numpy")


def environment() -> dict[str, str | int]:
    """Return versions, system and processor; the page adds its own (`gl_renderer`, `user_agent`)."""
    versions: dict[str, str | int] = {
        "avatardesk": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": _processor(),
        "cores": os.cpu_count() or 0,
    }
    for package in _PACKAGES:
        try:
            versions[package.lower()] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # a frozen program carries few of them
            continue
    return versions


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
