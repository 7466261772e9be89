"""The running program's side of the control socket, and the lock that lets it run once."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from PySide6.QtCore import QLockFile, QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from avatardesk import control
from avatardesk.errors import AvatarDeskError, PlatformError, ProtocolError
from avatardesk.paths import Paths, ensure
from avatardesk.shell.bridge.envelope import error_data

_log = logging.getLogger(__name__)

Command = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

_RAISE_SECONDS = 3.0


class SingleInstance:
    """Sees to it that one user runs the program once; a second start shows the first one's window."""

    def __init__(self, folders: Paths) -> None:
        self._folders = folders
        ensure(folders.runtime_dir, private=True)
        # Qt's lock knows the process id of its holder: after a crash it is free again.
        self._lock = QLockFile(str(folders.runtime_dir / "instance.lock"))
        self._lock.setStaleLockTime(0)

    def take(self) -> bool:
        """Return whether this is the only instance."""
        return self._lock.tryLock(0)

    def raise_first(self) -> None:
        """Bring the first instance's window to the front.

        Raises:
            PlatformError: it holds the lock and does not answer.
        """
        try:
            control.request(self._folders, "raise", timeout=_RAISE_SECONDS)
        except PlatformError as problem:
            raise PlatformError(
                "AvatarDesk is running already, but it does not answer.",
                hint="End that process, then start again.",
                code="already_running",
            ) from problem

    def release(self) -> None:
        """Let the next instance in."""
        self._lock.unlock()


class ControlServer(QObject):
    """Answers requests of the control socket with `commands`."""

    def __init__(self, folders: Paths, commands: Mapping[str, Command]) -> None:
        super().__init__()
        self._folders = folders
        self._commands = commands
        self._key = ""
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Begin to listen.

        Raises:
            PlatformError: the socket cannot be made.
        """
        name = control.server_name(self._folders)
        try:
            self._key = control.create_key(self._folders)
        except OSError as problem:
            raise PlatformError(f"The control socket's key cannot be written: {problem}.") from problem
        QLocalServer.removeServer(name)  # left over by a program that was killed; the lock says it is gone
        if not self._server.listen(name):
            raise PlatformError(f"The control socket cannot be opened: {self._server.errorString()}.")
        if os.name == "posix":
            self._folders.control_socket.chmod(0o600)

    async def close(self) -> None:
        """Stop listening; requests under way are dropped."""
        self._server.close()
        self._folders.control_key.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> None:
        while (client := self._server.nextPendingConnection()) is not None:
            client.readyRead.connect(lambda client=client: self._read(client))
            client.disconnected.connect(client.deleteLater)
            self._read(client)

    def _read(self, client: QLocalSocket) -> None:
        if not client.canReadLine():
            if client.bytesAvailable() > control.LIMIT:
                client.abort()
            return
        line = bytes(client.readLine().data())
        task = asyncio.get_running_loop().create_task(self._serve(client, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: QLocalSocket, line: bytes) -> None:
        try:
            asked = control.parse_request(line, self._key)
            command = self._commands.get(asked.command)
            if command is None:
                raise ProtocolError(f"There is no command {asked.command[:40]!r}.", code="no_command")
            text = control.answer(await command(asked.params))
        except AvatarDeskError as problem:
            _log.warning("control: %s", problem)
            text = control.failure(error_data(problem))
        except Exception as problem:  # noqa: BLE001 - the caller waits for an answer, whatever happened
            _log.exception("control: a command failed")
            text = control.failure(error_data(problem))
        client.write(text)
        client.flush()
        client.disconnectFromServer()
