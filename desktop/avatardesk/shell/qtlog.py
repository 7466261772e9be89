"""Qt's own messages in our log."""

from __future__ import annotations

import logging

from PySide6.QtCore import QMessageLogContext, QtMsgType

_log = logging.getLogger("avatardesk.qt")

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

#: What Chromium says on every machine without a GPU or a desktop bus, and what nobody can do anything about.
_HARMLESS = (
    "vulkan",
    "initInstance",
    "Unable to detect GPU vendor",
    "No DRI3 Extension",
    "Hardware rendering is enabled but it is not supported",
    "--ignore-gpu-blocklist is set",
    "Sandboxing disabled by user",
)


def pass_to_log(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
    """Handler for qInstallMessageHandler."""
    text = message or ""
    level = _LEVELS.get(kind, logging.WARNING)
    if level <= logging.WARNING and any(word.lower() in text.lower() for word in _HARMLESS):
        level = logging.DEBUG
    _log.log(level, "%s", text)
