"""The control socket's protocol and its client: how `avatardesk say` and a second start reach the running
program.

A Unix socket, or a named pipe on Windows, open to the same user only; a random key in a file of that user
must be shown besides. One request and one answer for each connection, each one line of JSON:

    {"v": 1, "key": "…", "command": "say", "params": {…}}
    {"v": 1, "ok": true, "result": {…}}   or   {"v": 1, "ok": false, "error": E}

E is the error of docs/protocols/bridge.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
from dataclasses import dataclass
from typing import Any

from avatardesk.errors import AvatarDeskError, PlatformError, ProtocolError
from avatardesk.paths import Paths, ensure

VERSION = 1

#: Largest request or answer, bytes.
LIMIT = 1 << 20

_CONNECT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request."""

    command: str
    params: dict[str, Any]


def server_name(folders: Paths) -> str:
    """Return what the server listens on: a socket's path, or the name of a pipe on Windows."""
    if os.name == "posix":
        return str(folders.control_socket)
    return "avatardesk-" + hashlib.sha256(os.fsencode(folders.runtime_dir)).hexdigest()[:16]


def create_key(folders: Paths) -> str:
    """Make the running program's key and write it where only its user can read it."""
    key = secrets.token_urlsafe(24)
    ensure(folders.runtime_dir, private=True)
    file = folders.control_key
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(key)
    return key


def parse_request(line: bytes, key: str) -> Request:
    """Read a request.

    Raises:
        ProtocolError: it is no request, of another version, or without the key.
    """
    data = _object(line)
    if data.get("v") != VERSION:
        raise ProtocolError(
            f"The command speaks version {data.get('v')!r} of the control protocol, the program {VERSION}.",
            hint="Both must be of the same version of AvatarDesk.",
        )
    shown = data.get("key")
    if not isinstance(shown, str) or not hmac.compare_digest(shown.encode(), key.encode()):
        raise ProtocolError("The key is wrong.", code="wrong_key")
    command, params = data.get("command"), data.get("params", {})
    if not isinstance(command, str) or not isinstance(params, dict):
        raise ProtocolError("The request names no command.")
    return Request(command, params)


def answer(result: dict[str, Any]) -> bytes:
    """Return the line that says the request succeeded."""
    return _line({"v": VERSION, "ok": True, "result": result})


def failure(error: dict[str, Any]) -> bytes:
    """Return the line that says why the request failed; `error` is an E."""
    return _line({"v": VERSION, "ok": False, "error": error})


def request(folders: Paths, command: str, *, timeout: float | None = None, **params: Any) -> dict[str, Any]:
    """Send a request to the running program and return its result. Blocks.

    Args:
        folders: of the user.
        command: what is wanted.
        timeout: seconds to wait for the answer; None: as long as it takes.
        params: of the command.

    Raises:
        PlatformError: no program runs (code `not_running`), or it does not answer.
        AvatarDeskError: the program's own error.
    """
    try:
        key = folders.control_key.read_text(encoding="ascii")
        with _connect(server_name(folders), timeout) as stream:
            stream.write(_line({"v": VERSION, "key": key, "command": command, "params": params}))
            stream.flush()
            line = stream.readline(LIMIT)
    except TimeoutError as problem:
        raise PlatformError("The running AvatarDesk does not answer.", code="no_answer") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise PlatformError(
            "AvatarDesk is not running.", hint="Start it first: avatardesk", code="not_running"
        ) from problem
    if not line:
        raise PlatformError("AvatarDesk ended before it answered.", code="no_answer")
    data = _object(line)
    if data.get("ok") is True and isinstance(data.get("result"), dict):
        result: dict[str, Any] = data["result"]
        return result
    error = data.get("error")
    if not isinstance(error, dict):
        raise ProtocolError("The answer is not one of AvatarDesk's.")
    raise AvatarDeskError(
        str(error.get("message")),
        hint=str(error.get("hint") or ""),
        code=str(error.get("code") or "error"),
        retryable=bool(error.get("retryable")),
        field=error.get("field"),
    )


def _connect(name: str, timeout: float | None) -> Any:
    """Return the connection as a binary stream that closes as a whole."""
    if os.name != "posix":
        return open(rf"\\.\pipe\{name}", "r+b", buffering=0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        connection.connect(name)
        connection.settimeout(timeout)
        # The stream holds the socket open after this object is gone.
        return connection.makefile("rwb")


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise ProtocolError("A line of the control socket is not JSON.") from problem
    if not isinstance(data, dict):
        raise ProtocolError("A line of the control socket is not a JSON object.")
    return data


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"
