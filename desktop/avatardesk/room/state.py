"""Small rules about a room's state that have no side effects."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from livekit.protocol import models, rtc

QUALITY_GOOD_LOSS = 0.02
QUALITY_POOR_LOSS = 0.06
QUALITY_LOST_S = 6.0
"""Without a STUN check for this long (two are missing) the connection counts as lost."""


def make_id(prefix: str) -> str:
    """Return a fresh id as LiveKit writes them: `PA_…` for participants, `RM_…` for rooms."""
    return f"{prefix}_{secrets.token_hex(6)}"


def merge_attributes(present: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes after `change`, in which an empty value removes a key."""
    merged = {**present, **change}
    return {key: value for key, value in merged.items() if value or key not in change}


def connection_quality(loss: float, silent_for: float) -> tuple[models.ConnectionQuality, float]:
    """Return quality and score (0 to 5) of a connection that loses `loss` (0 to 1) of its packets.

    `silent_for` is the time in seconds since the last STUN check, which comes at least every 2.5 s.
    """
    if silent_for > QUALITY_LOST_S:
        return models.ConnectionQuality.LOST, 0.0
    score = max(1.0, 5.0 - 40.0 * loss)
    if loss > QUALITY_POOR_LOSS:
        return models.ConnectionQuality.POOR, score
    if loss > QUALITY_GOOD_LOSS:
        return models.ConnectionQuality.GOOD, score
    return models.ConnectionQuality.EXCELLENT, score


def speaker_changes(
    before: Mapping[str, float], now: Mapping[str, float]
) -> tuple[list[models.SpeakerInfo], dict[str, float]]:
    """Compare levels (0 to 1) by participant sid; return what to announce and the levels announced so far.

    Levels are announced in steps of an eighth, so that a steady voice is not announced over and over.
    """
    stepped = {sid: round(level * 8 + 0.499) / 8 for sid, level in now.items() if level > 0}
    changes = [
        models.SpeakerInfo(sid=sid, level=level, active=True)
        for sid, level in sorted(stepped.items(), key=lambda item: -item[1])
        if before.get(sid) != level
    ]
    changes += [models.SpeakerInfo(sid=sid, level=0.0, active=False) for sid in before if sid not in stepped]
    return changes, stepped


def is_loopback(host: str) -> bool:
    """Tell whether `host` is an IPv4 loopback address (127.0.0.0/8)."""
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False


def origin_allowed(origin: str | None, allowed: frozenset[str]) -> bool:
    """Tell whether this web origin may open the WebSocket: a page of this machine, or none (native)."""
    if origin is None or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in ("127.0.0.1", "localhost", "::1")


def leave_request(
    reason: models.DisconnectReason,
    action: rtc.LeaveRequest.Action = rtc.LeaveRequest.DISCONNECT,
) -> rtc.LeaveRequest:
    """Return the message that ends a client's session; `action` says whether it may come back by itself."""
    return rtc.LeaveRequest(reason=reason, action=action, can_reconnect=action != rtc.LeaveRequest.DISCONNECT)
