"""What the page may use: the microphone, for our own origin; nothing else, nobody else."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from PySide6.QtCore import QUrl
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEnginePermission, QWebEngineProfile

from avatardesk.shell.scheme import ORIGIN, is_ours

_log = logging.getLogger(__name__)

_Type = QWebEnginePermission.PermissionType

#: Every permission Chromium knows, and whether our origin has it. A test compares the keys with Qt's list.
GRANTED: Mapping[QWebEnginePermission.PermissionType, bool] = {
    _Type.MediaAudioCapture: True,
    _Type.MediaVideoCapture: False,
    _Type.MediaAudioVideoCapture: False,
    _Type.DesktopVideoCapture: False,
    _Type.DesktopAudioVideoCapture: False,
    _Type.MouseLock: False,
    _Type.Notifications: False,
    _Type.Geolocation: False,
    _Type.ClipboardReadWrite: False,
    _Type.LocalFontsAccess: False,
    _Type.Unsupported: False,
}


def decide(kind: QWebEnginePermission.PermissionType, origin: QUrl) -> bool:
    """Return whether a page of `origin` gets the permission; what is not in the table is denied."""
    return is_ours(origin) and GRANTED.get(kind, False)


def pre_grant(profile: QWebEngineProfile) -> None:
    """Grant what our origin may have before it asks: the page then sees the microphones' names at once."""
    for kind, granted in GRANTED.items():
        if granted:
            profile.queryPermission(QUrl(ORIGIN + "/"), kind).grant()


def answer_requests(page: QWebEnginePage) -> None:
    """Answer every permission the page asks for. An unanswered request would hang for ever."""
    page.permissionRequested.connect(_answer)


def _answer(permission: QWebEnginePermission) -> None:
    kind, origin = permission.permissionType(), permission.origin()
    if decide(kind, origin):
        permission.grant()
        return
    _log.warning("denied %s to %s", kind.name, origin.toString())
    permission.deny()
