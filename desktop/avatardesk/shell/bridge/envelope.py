"""The bridge's messages as text: read, checked and written. No Qt here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from avatardesk import logs
from avatardesk.errors import AvatarDeskError, ProtocolError

VERSION = 1

#: Largest envelope either side accepts, in bytes of UTF-8.
LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """A checked call from the page."""

    id: int
    method: str
    params: dict[str, Any]


def parse_call(text: str) -> Call:
    """Read a call.

    Raises:
        ProtocolError: it is too large, not an envelope, or of another version.
    """
    if len(text) > LIMIT or len(text.encode("utf-8", "surrogatepass")) > LIMIT:
        raise ProtocolError(f"The message is larger than {LIMIT} bytes.", code="too_large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ProtocolError(f"The message is not JSON: {problem}.", code="bad_envelope") from problem
    if not isinstance(data, dict):
        raise ProtocolError("The message is not a JSON object.", code="bad_envelope")
    if data.get("v") != VERSION:
        raise _wrong_version(data.get("v"))
    number, method, params = data.get("id"), data.get("method"), data.get("params", {})
    if not isinstance(number, int) or isinstance(number, bool):
        raise ProtocolError("id must be a whole number.", code="bad_envelope", field="id")
    if not isinstance(method, str):
        raise ProtocolError("method must be a text.", code="bad_envelope", field="method")
    if not isinstance(params, dict):
        raise ProtocolError("params must be an object.", code="bad_envelope", field="params")
    return Call(number, method, params)


def taken() -> str:
    """Return the answer that a call was taken."""
    return _text({"v": VERSION, "ok": True})


def refused(problem: AvatarDeskError) -> str:
    """Return the answer that a call was not taken, and why."""
    return _text({"v": VERSION, "ok": False, "error": error_data(problem)})


def reply(number: int, result: dict[str, Any]) -> str:
    """Return the reply to a call that succeeded."""
    return _text({"v": VERSION, "id": number, "ok": True, "result": result})


def error_reply(number: int, problem: BaseException) -> str:
    """Return the reply to a call that failed."""
    return _text({"v": VERSION, "id": number, "ok": False, "error": error_data(problem)})


def event(name: str, data: dict[str, Any]) -> str:
    """Return an event."""
    return _text({"v": VERSION, "event": name, "data": data})


def error_data(problem: BaseException) -> dict[str, Any]:
    """Return the E of any exception. What was not foreseen is `internal`; secrets do not pass."""
    if isinstance(problem, AvatarDeskError):
        found = problem.to_dict()
    else:
        found = {
            "code": "internal",
            "message": f"Something unforeseen went wrong: {type(problem).__name__}: {problem}",
            "hint": "The log has the details.",
            "retryable": False,
        }
    return {**found, "message": logs.redact(found["message"]), "hint": logs.redact(found["hint"])}


def check_version(wanted: object) -> None:
    """Compare the page's bridge version with ours.

    Raises:
        ProtocolError: they differ (code `bridge_version`).
    """
    if wanted != VERSION:
        raise _wrong_version(wanted)


def _wrong_version(found: object) -> ProtocolError:
    return ProtocolError(
        f"The page speaks version {found!r} of the bridge, the program version {VERSION}.",
        hint="Page and program come from different builds: build the page again.",
        code="bridge_version",
    )


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
