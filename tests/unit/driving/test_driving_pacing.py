from __future__ import annotations

from itertools import pairwise

import pytest

from avatardesk.driving.pacing import CATCH_UP_SECONDS, pace


class EnoughError(Exception):
    """Ends a test."""


class Clock:
    """Time that passes only when somebody sleeps, or when a tick stalls."""

    def __init__(self, stalls: dict[int, float], ticks: int) -> None:
        self.now = 100.0
        self.stalls = stalls
        self.left = ticks
        self.ticks: list[float] = []

    async def tick(self) -> None:
        self.ticks.append(self.now - 100.0)
        self.now += self.stalls.get(len(self.ticks), 0.0004)
        if len(self.ticks) == self.left:
            raise EnoughError

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + 0.0003  # timers are late

    async def run(self) -> list[float]:
        with pytest.raises(EnoughError):
            await pace(self.tick, lambda: self.now, self.sleep)
        return self.ticks


async def test_a_thousand_ticks_take_ten_seconds_though_every_timer_is_late() -> None:
    ticks = await Clock({}, 1000).run()
    for index, at in enumerate(ticks):
        assert 0 <= at - index * 0.01 < 0.001


async def test_a_short_stall_is_caught_up_at_once() -> None:
    ticks = await Clock({10: CATCH_UP_SECONDS - 0.05}, 100).run()
    assert ticks[24] - ticks[10] < 0.01  # the fifteen it owes come in one burst
    assert abs(ticks[99] - 0.99) < 0.001


async def test_after_a_long_stall_the_ticks_go_on_from_there() -> None:
    ticks = await Clock({10: 1.0}, 100).run()
    gaps = [b - a for a, b in pairwise(ticks[10:])]
    assert min(gaps[1:]) > 0.009
    assert abs(ticks[99] - (0.99 + 1.0 - 0.01)) < 0.005
