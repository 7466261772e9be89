"""What a child process says on its standard output when it is ready, or why it will never be.

One line of JSON: `{"ready": NAME, ...}` or `{"failed": E}`, E as in docs/protocols/bridge.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from avatardesk.errors import ProtocolError, ServiceError


@dataclass(frozen=True, slots=True)
class Ready:
    """A child's readiness line."""

    name: str
    data: dict[str, Any]

    def text(self, key: str) -> str:
        """Return a required text of the line.

        Raises:
            ProtocolError: the child did not say it.
        """
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            raise ProtocolError(f"The readiness line of {self.name} has no {key}.")
        return value


def parse_line(line: str, name: str) -> Ready:
    """Read the first line of the child `name`.

    Raises:
        ServiceError: the child says that it failed; carries the child's own words.
        ProtocolError: the line is something else.
    """
    try:
        data = json.loads(line)
    except ValueError:
        data = None
    if isinstance(data, dict) and data.get("ready") == name:
        return Ready(name, data)
    if isinstance(data, dict) and isinstance(data.get("failed"), dict):
        failed = data["failed"]
        raise ServiceError(
            str(failed.get("message") or f"{name} failed."),
            hint=str(failed.get("hint") or ""),
            code=str(failed.get("code") or "service"),
            retryable=bool(failed.get("retryable", True)),
            field=failed.get("field"),
        )
    raise ProtocolError(f"{name} printed {line[:200]!r} instead of its readiness line.")


def ready_line(name: str, **data: str) -> str:
    """Return the line with which a child reports that it is ready."""
    return json.dumps({"ready": name, **data})


def failed_line(error: dict[str, Any]) -> str:
    """Return the line with which a child reports that it cannot start; `error` is an E."""
    return json.dumps({"failed": error})
