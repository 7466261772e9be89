from __future__ import annotations

from typing import Any

import pytest

from avatardesk.bench import render
from avatardesk.errors import InputError


def second(fps: float, frame_ms: float, width: int = 560) -> dict[str, Any]:
    return {"fps": fps, "frameMs": frame_ms, "width": width, "height": 380, "triangles": 9}


def test_the_median_second_counts_and_the_size_most_seconds_had() -> None:
    seconds = [second(30, 35), second(10, 90, 300), second(28, 40), second(26, 45), second(29, 36, 300)]
    assert render.summarise(seconds) == {"fps_p50": 28.0, "frame_ms_p95": 40.0, "resolution": [560, 380]}


def test_seconds_before_the_first_picture_do_not_count() -> None:
    figures = render.summarise([second(0, 0), second(0, 0), second(25, 44)])
    assert figures == {"fps_p50": 25.0, "frame_ms_p95": 44.0, "resolution": [560, 380]}


def test_nothing_drawn_has_no_figures() -> None:
    assert render.summarise([second(0, 0)]) is None
    assert render.report([], "llvmpipe") == {"software": None, "gpu": None}


@pytest.mark.parametrize(
    ("renderer", "key"),
    [
        ("ANGLE (Mesa, llvmpipe (LLVM 15.0.6 256 bits), OpenGL 4.5)", "software"),
        ("ANGLE (NVIDIA Corporation, NVIDIA GeForce RTX 3060/PCIe/SSE2, OpenGL 4.5.0)", "gpu"),
    ],
)
def test_the_figures_stand_where_the_driver_belongs(renderer: str, key: str) -> None:
    found = render.report([second(25, 40)], renderer)
    assert [name for name, row in found.items() if row] == [key]


def test_no_time_is_refused() -> None:
    with pytest.raises(InputError):
        render.main(["--seconds", "0"])
