"""When a child that died is started again, and when that is given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Back-off and give-up rules of one part."""

    first_delay: float = 0.5
    longest_delay: float = 10.0
    factor: float = 2.0
    failures_allowed: int = 5
    """So many deaths in a row are borne; the next one gives the part up until somebody asks for a retry."""
    stable_seconds: float = 60.0
    """A part that was ready for so long begins with a clean slate."""


class RestartCounter:
    """Counts the failures of one part by its policy."""

    def __init__(self, policy: RestartPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._failures = 0
        self._ready_at: float | None = None

    @property
    def failures(self) -> int:
        """Failures since the part was last stable."""
        return self._failures

    def ready(self) -> None:
        """Note that the part became ready now."""
        self._ready_at = self._clock()

    def reset(self) -> None:
        """Begin anew: somebody asked for a retry."""
        self._failures = 0
        self._ready_at = None

    def failed(self) -> float | None:
        """Note a failure; return how many seconds to wait before the next start, or None to give up."""
        if self._ready_at is not None and self._clock() - self._ready_at >= self._policy.stable_seconds:
            self._failures = 0
        self._ready_at = None
        self._failures += 1
        if self._failures > self._policy.failures_allowed:
            return None
        delay = self._policy.first_delay * self._policy.factor ** (self._failures - 1)
        return min(delay, self._policy.longest_delay)
