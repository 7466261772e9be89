"""What one avatar service allows, and how a session that asks for more is told."""

from __future__ import annotations

import enum
from dataclasses import dataclass

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""Largest WebSocket message: the SDKs send a whole recording in one."""

MAX_TOKEN_SECONDS = 24 * 3600
"""Longest life of a session token, as the cloud has it."""


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Limits of an avatar service. Times in seconds; None = no limit.

    idle_seconds: end a session without audio for so long, unless its egress names a time of its own.
    buffered_seconds: audio that one session may have waiting to be analysed.
    """

    max_sessions: int = 16
    session_seconds: float | None = None
    idle_seconds: float | None = None
    pause_seconds: float = 60.0
    handshake_seconds: float = 10.0
    egress_seconds: float = 10.0
    rejoin_seconds: float = 30.0
    buffered_seconds: float = 1800.0


class CloseCode(enum.IntEnum):
    """Codes of the session-ending errors: 40xx = do not try again as it is, 45xx = try again later.

    4002, 4003, 4010 and 4503 are the protocol's. 4000 is ours for a request that is wrong in itself: clients
    treat
    every 40xx they do not know as final.
    """

    NORMAL = 1000
    INVALID = 4000
    SESSION_TIME_LIMIT = 4002
    CONCURRENCY_LIMIT = 4003
    AUTHENTICATION = 4010
    UPSTREAM = 4503


class SessionEndedError(Exception):
    """Ends a session: the client gets `code` and `text` in an error message, then the WebSocket closes.

    The SDKs sort errors by words in the text, so some texts keep the protocol's wording.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def close_code(self) -> int:
        """The WebSocket close code that goes with it."""
        return self.code if self.code >= CloseCode.NORMAL else CloseCode.NORMAL
