"""The pace of a track: a tick every 10 ms of a monotonic clock, whatever the event loop is doing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

TICK_SECONDS = 0.01

CATCH_UP_SECONDS = 0.2
"""Up to so much lateness is caught up at once: receivers' jitter buffers take it. After a longer stall the
ticks go on from then, so the track is that much later; no tick is left out in either case."""


async def pace(
    tick: Callable[[], Awaitable[None]],
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Call `tick` every 10 ms of `clock` (seconds) for ever, without drifting."""
    due = clock()
    while True:
        await tick()
        due += TICK_SECONDS
        late = clock() - due
        if late < 0:
            await sleep(-late)
        elif late > CATCH_UP_SECONDS:
            due = clock()
