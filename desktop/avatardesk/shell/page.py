"""The web page in the window: where it may go, what it may open, and what it is allowed to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWebEngineCore import (
    QWebEngineCertificateError,
    QWebEngineDownloadRequest,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
)

from avatardesk import logs
from avatardesk.shell.scheme import is_ours

_log = logging.getLogger("avatardesk.page")

_Attribute = QWebEngineSettings.WebAttribute

#: Everything that deviates from, or insists on, the engine's default. A test reads it back.
ATTRIBUTES = {
    # the avatar must be heard without a click before
    _Attribute.PlaybackRequiresUserGesture: False,
    _Attribute.JavascriptCanOpenWindows: False,
    _Attribute.JavascriptCanAccessClipboard: False,
    _Attribute.JavascriptCanPaste: False,
    _Attribute.LocalContentCanAccessRemoteUrls: False,
    _Attribute.LocalContentCanAccessFileUrls: False,
    _Attribute.AllowRunningInsecureContent: False,
    _Attribute.AllowGeolocationOnInsecureOrigins: False,
    _Attribute.AllowWindowActivationFromJavaScript: False,
    _Attribute.PluginsEnabled: False,
    _Attribute.PdfViewerEnabled: False,
    _Attribute.NavigateOnDropEnabled: False,
    _Attribute.HyperlinkAuditingEnabled: False,
    _Attribute.ScreenCaptureEnabled: False,
    _Attribute.FullScreenSupportEnabled: False,
    _Attribute.ErrorPageEnabled: False,
    _Attribute.BackForwardCacheEnabled: False,
}

_LEVELS = {
    QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel: logging.INFO,
    QWebEnginePage.JavaScriptConsoleMessageLevel.WarningMessageLevel: logging.WARNING,
    QWebEnginePage.JavaScriptConsoleMessageLevel.ErrorMessageLevel: logging.ERROR,
}


def may_open_outside(url: QUrl, *, kiosk: bool) -> bool:
    """Return whether a link the user clicked may be shown in the system's browser."""
    return not kiosk and url.scheme() == "https" and bool(url.host())


class ClientPage(QWebEnginePage):
    """Shows our origin and nothing else; dialogs, new windows, downloads and file choosers do not exist."""

    def __init__(
        self, profile: QWebEngineProfile, parent: QObject | None, *, background: QColor, kiosk: bool
    ) -> None:
        super().__init__(profile, parent)
        self._kiosk = kiosk
        self.open_outside: Callable[[QUrl], bool] = QDesktopServices.openUrl
        self.setBackgroundColor(background)
        for attribute, value in ATTRIBUTES.items():
            self.settings().setAttribute(attribute, value)
        self.certificateError.connect(self._refuse_certificate)
        self.newWindowRequested.connect(self._new_window)
        profile.downloadRequested.connect(self._refuse_download)

    def acceptNavigationRequest(
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Stay on our origin; a clicked https link goes to the system's browser."""
        url = QUrl(url)
        if is_ours(url):
            return True
        clicked = kind == QWebEnginePage.NavigationType.NavigationTypeLinkClicked
        if clicked and may_open_outside(url, kiosk=self._kiosk):
            self.open_outside(url)
        else:
            _log.warning("navigation refused: %s", logs.redact(url.toDisplayString()))
        return False

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        """Pass the page's console to our log."""
        _log.log(_LEVELS.get(level, logging.INFO), "%s (%s:%d)", message, source.rpartition("/")[2], line)

    def javaScriptAlert(self, origin: QUrl | str, message: str) -> None:
        """Do not show an alert box: it would block the page."""
        _log.warning("alert suppressed: %s", message)

    def javaScriptConfirm(self, origin: QUrl | str, message: str) -> bool:
        """Answer a confirm box with no."""
        _log.warning("confirm suppressed: %s", message)
        return False

    def javaScriptPrompt(self, origin: QUrl | str, message: str, default: str) -> tuple[bool, str]:
        """Answer a prompt with cancel."""
        _log.warning("prompt suppressed: %s", message)
        return False, ""

    def chooseFiles(
        self, mode: QWebEnginePage.FileSelectionMode, old: Sequence[str], mime_types: Sequence[str]
    ) -> list[str]:
        """Open no file chooser."""
        return []

    def _new_window(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl()
        if request.isUserInitiated() and may_open_outside(url, kiosk=self._kiosk):
            self.open_outside(url)
        else:
            _log.warning("new window refused: %s", logs.redact(url.toDisplayString()))

    @staticmethod
    def _refuse_certificate(error: QWebEngineCertificateError) -> None:
        _log.error("certificate refused: %s", error.description())
        error.rejectCertificate()

    @staticmethod
    def _refuse_download(download: QWebEngineDownloadRequest) -> None:
        _log.warning("download refused: %s", logs.redact(download.url().toDisplayString()))
        download.cancel()
