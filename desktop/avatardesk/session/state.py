"""What the page says about the conversation, kept for the status line, the kiosk's idle timer and `avatardesk
say`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Parts of a status whose change means that somebody is there.
_ACTIVITY = ("lastHeard", "lastSaid")

#: States in which somebody speaks or is about to.
_BUSY = frozenset({"listening_user", "thinking", "speaking"})

#: What one field of a status line may take.
_SHOWN = 60


@dataclass(slots=True)
class ConversationState:
    """The last `page.status`, and since when nothing has happened."""

    clock: Callable[[], float] = time.monotonic
    page: dict[str, Any] = field(default_factory=dict)
    last_status: float | None = None
    last_activity: float = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.last_activity = self.clock()

    def update(self, status: Mapping[str, Any]) -> None:
        """Take a status of the page."""
        now = self.clock()
        changed = any(status.get(name) != self.page.get(name) for name in _ACTIVITY)
        if changed or status.get("state") in _BUSY:
            self.last_activity = now
        self.page = dict(status)
        self.last_status = now
        changed_now, self._changed = self._changed, asyncio.Event()
        changed_now.set()

    async def changed(self) -> None:
        """Wait for the next status of the page."""
        await self._changed.wait()

    def touch(self) -> None:
        """Note that somebody used the window."""
        self.last_activity = self.clock()

    def forget(self) -> None:
        """Forget the page's words: it is gone, or its visitor is."""
        self.page = {}
        self.last_status = None

    @property
    def idle_seconds(self) -> float:
        """Seconds since anything happened."""
        return self.clock() - self.last_activity

    @property
    def agent_speaks(self) -> bool:
        """Whether the agent's avatar is speaking now, as far as the page knows."""
        return self.page.get("agent") == "speaking"

    def line(self) -> str:
        """Return the state in one line for a person at a terminal."""
        names = (
            ("room", "room"),
            ("avatar", "avatar"),
            ("agent", "agent"),
            ("mic", "mic"),
            ("state", "state"),
        )
        parts = [
            f"{label} {_short(self.page[name])}" for name, label in names if self.page.get(name) is not None
        ]
        for name, label in (("lastHeard", "heard"), ("lastSaid", "said")):
            if self.page.get(name):
                parts.append(f'{label} "{_short(self.page[name])}"')
        return " | ".join(parts) or "waiting for the page"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
