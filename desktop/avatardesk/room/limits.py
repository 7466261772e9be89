"""What one room server takes on at most, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLimits:
    """Bounds of a `RoomServer`. Sizes are bytes, times are seconds, rates are per second.

    Every queue has a bound: a peer that reads too slowly loses lossy data, then its connection; it never
    grows the server's memory.
    """

    max_rooms: int = 16
    max_participants: int = 8
    max_tracks: int = 16
    """Tracks one participant may publish."""
    max_signal_message: int = 262_144
    signal_rate: int = 100
    """Signalling messages per second; ten seconds' worth may come in one burst."""
    signal_queue: int = 1_024
    """Signalling messages that may wait for a slow reader before it is disconnected."""
    max_data_packet: int = 65_536
    data_rate: int = 4_000
    """Data packets per second from one participant, both channels together; the rest is dropped."""
    lossy_backlog: int = 262_144
    reliable_backlog: int = 8_388_608
    max_metadata: int = 65_536
    """Metadata, and all attributes of one participant together."""
    join_timeout: float = 20.0
    """From the WebSocket's opening to a connected subscriber transport."""
    consent_timeout: float = 15.0
    """Without a STUN check for this long a participant is gone, its WebSocket still open or not."""
    resume_timeout: float = 8.0
    """Without a STUN check for this long a participant whose WebSocket is closed is gone."""
    signal_timeout: float = 30.0
    """A participant without a WebSocket is gone after this, whatever its media does."""
    empty_timeout: int = 300
    """A room nobody has joined yet is closed after this."""
    departure_timeout: int = 20
    """A room everybody has left is closed after this."""
    allowed_origins: frozenset[str] = frozenset({"app://client"})
    """Web origins that may open the WebSocket besides loopback ones and native clients, which send none."""


class RateLimit:
    """A token bucket: `rate` per second on average, `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take one at time `now` (seconds, monotonic). False when there is none left."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
