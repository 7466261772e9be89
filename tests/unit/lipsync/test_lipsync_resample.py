from __future__ import annotations

import numpy as np
import pytest

from avatardesk.driving.lipsync.resample import SAMPLE_RATES, BlockResampler


@pytest.mark.parametrize("rate", SAMPLE_RATES)
@pytest.mark.parametrize("hz", [200, 1000, 3000])
def test_a_tone_keeps_its_time_and_size(rate: int, hz: int) -> None:
    resampler = BlockResampler(rate)
    time = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * hz * time).astype(np.float32)
    blocks = tone.reshape(-1, resampler.block)
    found = np.concatenate([resampler.process(block) for block in blocks])
    expected = np.sin(2 * np.pi * hz * np.arange(len(found)) / 16_000)
    middle = slice(400, -400)
    assert np.abs(found - expected)[middle].max() < 0.01
    # Two milliseconds of delay, and no more.
    assert 16_000 - len(found) == (0 if rate == 16_000 else 32)


@pytest.mark.parametrize("rate", [24_000, 32_000, 44_100, 48_000])
def test_what_16_khz_cannot_hold_is_taken_out(rate: int) -> None:
    resampler = BlockResampler(rate)
    tone = np.sin(2 * np.pi * 10_500 * np.arange(rate) / rate).astype(np.float32)
    found = np.concatenate([resampler.process(block) for block in tone.reshape(-1, resampler.block)])
    assert np.abs(found[400:-400]).max() < 0.01


def test_a_rate_that_nobody_sends_is_refused() -> None:
    with pytest.raises(ValueError, match="11025"):
        BlockResampler(11_025)
