"""The one object the page sees: one slot, one signal."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QFile, QIODevice, QObject, Signal, Slot
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript

from avatardesk.errors import AvatarDeskError, ProtocolError
from avatardesk.shell.bridge import envelope
from avatardesk.shell.bridge.registry import Method, Params, Registry
from avatardesk.shell.scheme import is_ours

_log = logging.getLogger("avatardesk.bridge")

#: Name of the object in the page's QWebChannel.
OBJECT = "bridge"

#: A page that does not say hello must not fill our memory with its events.
_QUEUE = 256


class Channel(QObject):
    """Takes calls from the page, answers them by signal, and sends events once the page has said hello."""

    message = Signal(str)

    def __init__(self, registry: Registry, origin_is_ours: Callable[[], bool]) -> None:
        """`origin_is_ours` is asked at each call: a page that was led elsewhere must not be served."""
        super().__init__()
        self._registry = registry
        self._origin_is_ours = origin_is_ours
        self._greeted = False
        self._queue: deque[str] = deque(maxlen=_QUEUE)
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, event: QEvent) -> bool:
        """Do not obey a request to be deleted: the page can call QObject's slots, and deleteLater is one."""
        return event.type() == QEvent.Type.DeferredDelete or super().event(event)

    @property
    def greeted(self) -> bool:
        """Whether a page has said hello."""
        return self._greeted

    @Slot(str, result=str)
    def call(self, text: str) -> str:
        """Take a call and answer at once that it was taken, or why not; the reply follows by signal."""
        # An exception here would reach the page as an empty string, so none may leave this function.
        try:
            if not self._origin_is_ours():
                raise ProtocolError("The page is not ours.", code="foreign_page")
            call = envelope.parse_call(text)
            method = self._registry.find(call.method)
            task = asyncio.get_running_loop().create_task(self._answer(call, method))
        except AvatarDeskError as problem:
            _log.warning("call refused: %s", problem)
            return envelope.refused(problem)
        except Exception as problem:  # noqa: BLE001 - Qt would hand the page an empty string
            _log.exception("call failed")
            return envelope.refused(AvatarDeskError(str(problem), code="internal"))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return envelope.taken()

    def send_event(self, name: str, data: dict[str, Any]) -> None:
        """Send an event to the page; kept until it has said hello."""
        text = envelope.event(name, data)
        if self._greeted:
            self.message.emit(text)
        else:
            self._queue.append(text)

    def page_gone(self) -> None:
        """The page was reloaded or died: wait for the next hello, forget what the old one was to hear."""
        self._greeted = False
        self._queue.clear()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """End the calls under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, call: envelope.Call, method: Method) -> None:
        try:
            answer = envelope.reply(call.id, await method(Params(call.params)))
        except AvatarDeskError as problem:
            _log.warning("%s: %s", call.method, problem)
            answer = envelope.error_reply(call.id, problem)
        except Exception as problem:  # noqa: BLE001 - every failure has to reach the page
            _log.exception("%s failed", call.method)
            answer = envelope.error_reply(call.id, problem)
        else:
            if call.method == "hello":
                self.message.emit(answer)
                self._flush()
                return
        self.message.emit(answer)

    def _flush(self) -> None:
        self._greeted = True
        while self._queue:
            self.message.emit(self._queue.popleft())


def install(page: QWebEnginePage, channel: Channel) -> QWebChannel:
    """Give the page the channel. Qt's client script is injected, so that the page's policy can stay
    strict.
    """
    web_channel = QWebChannel(page)
    web_channel.registerObject(OBJECT, channel)
    page.setWebChannel(web_channel)
    script = QWebEngineScript()
    script.setName("qwebchannel")
    script.setSourceCode(_client_script())
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(QWebEngineScript.ScriptWorldId.MainWorld)
    script.setRunsOnSubFrames(False)
    page.scripts().insert(script)
    return web_channel


def page_is_ours(page: QWebEnginePage) -> bool:
    """Return whether the page shows our origin now."""
    return is_ours(page.url())


def _client_script() -> str:
    file = QFile(":/qtwebchannel/qwebchannel.js")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise ProtocolError("Qt's web channel script is missing from this installation.")
    return bytes(file.readAll().data()).decode()
