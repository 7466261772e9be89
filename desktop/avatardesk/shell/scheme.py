"""The scheme `app:` under which the window loads its page: a secure origin without a server or a port."""

from __future__ import annotations

import logging

from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QUrl
from PySide6.QtWebEngineCore import QWebEngineUrlRequestJob, QWebEngineUrlScheme, QWebEngineUrlSchemeHandler

from avatardesk.settings import Settings
from avatardesk.shell.content import Content, headers

_log = logging.getLogger(__name__)

SCHEME = "app"
HOST = "client"
ORIGIN = f"{SCHEME}://{HOST}"

_Error = QWebEngineUrlRequestJob.Error


def register() -> None:
    """Make the scheme known; must happen before QApplication. Not a local scheme: those lack fetch and
    workers.
    """
    scheme = QWebEngineUrlScheme(SCHEME.encode())
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    scheme.setFlags(
        QWebEngineUrlScheme.Flag.SecureScheme
        | QWebEngineUrlScheme.Flag.CorsEnabled
        | QWebEngineUrlScheme.Flag.FetchApiAllowed
    )
    QWebEngineUrlScheme.registerScheme(scheme)


def is_ours(url: QUrl) -> bool:
    """Return whether the URL belongs to the page's own origin."""
    return url.scheme() == SCHEME and url.host() == HOST


class SchemeHandler(QWebEngineUrlSchemeHandler):
    """Answers requests for `app://client/…` from `Content`."""

    def __init__(self, content: Content, settings: Settings) -> None:
        super().__init__()
        self._content = content
        self._headers = {
            QByteArray(name.encode()): [QByteArray(value.encode())]
            for name, value in headers(settings).items()
        }

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        """Answer one request; Qt calls this in the main thread."""
        url = job.requestUrl()
        if bytes(job.requestMethod().data()) != b"GET":
            job.fail(_Error.RequestDenied)
            return
        path = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
        reply = self._content.find(path) if is_ours(url) else None
        if reply is None:
            _log.info("not found: %s", url.toString())
            job.fail(_Error.UrlNotFound)
            return
        # The device must live as long as the job, which reads it after this function has returned.
        device: QIODevice
        if reply.file is not None:
            device = QFile(str(reply.file), job)
        else:
            device = QBuffer(job)
            device.setData(QByteArray(reply.body))
        if not device.open(QIODevice.OpenModeFlag.ReadOnly):
            job.fail(_Error.RequestFailed)
            return
        # Qt takes a multi-map, that is lists of values; the stub says otherwise.
        job.setAdditionalResponseHeaders(self._headers)  # type: ignore[arg-type]
        job.reply(QByteArray(reply.mime.encode()), device)
