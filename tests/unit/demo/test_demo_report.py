"""The demo's report and its verdict."""

from __future__ import annotations

import os
from typing import Any

from avatardesk.demo.processes import ProcessMeter
from avatardesk.demo.report import Gathered, build_report, failures, quantiles


def _whole_conversation() -> Gathered:
    gathered = Gathered(started=1000.0)
    gathered.marks = {"window": 1400.0, "first_frame": 2200.0, "connected": 2900.0}
    gathered.turns = [
        {
            "heard": f"question {n}",
            "said": "an answer",
            "user_end_to_first_audio_ms": 700.0 + 100 * n,
            "user_end_to_first_motion_ms": 690.0 + 100 * n,
        }
        for n in range(3)
    ]
    gathered.turns[1]["interrupt_to_silence_ms"] = 120.0
    motion = {"frames": 300, "lost": 0, "recovered": 2, "stalls": 0}
    gathered.diagnostics = [
        {"avOffsetMs": None, "fps": 20, "frameMs": 30.0, "resolution": [640, 480], "motion": {"frames": 100}},
        {"avOffsetMs": -6.0, "fps": 30, "frameMs": 20.0, "resolution": [800, 600], "motion": motion},
    ]
    gathered.widest_mouth = 0.5
    return gathered


def test_a_whole_conversation_has_no_failures_and_all_figures() -> None:
    report = build_report(_whole_conversation(), {"cpu": "x"})
    assert failures(report, turns_wanted=3) == []
    assert report["turn_latency_ms"] == {"p50": 800.0, "p95": 890.0, "n": 3}
    assert report["interrupt_to_silence_ms"] == {"p50": 120.0, "p95": 120.0, "n": 1}
    assert report["cold_start_ms"]["window"] == 400.0
    assert report["cold_start_ms"]["agent_ready"] is None
    assert report["av_offset_ms"] == {"p50": -6.0, "p95": -6.0, "n": 1, "p95_abs": 6.0}
    assert report["render"] == {"fps_p50": 25.0, "frame_ms_p95": 25.0, "resolution": [800, 600]}
    assert report["motion"]["recovered"] == 2


def _report_without(**changes: Any) -> list[str]:
    gathered = _whole_conversation()
    for name, value in changes.items():
        setattr(gathered, name, value)
    return failures(build_report(gathered, {}), turns_wanted=3)


def test_each_thing_that_did_not_happen_is_named() -> None:
    silent = [{"heard": "hello", "said": "hi"}] * 3
    assert _report_without(turns=silent) == ["the avatar sounded 0 of 3 turns"]
    deaf = [{"heard": " ", "said": "hi", "user_end_to_first_audio_ms": 1.0}] * 3
    assert _report_without(turns=deaf) == ["the avatar heard 0 of 3 turns"]
    mute = [{"heard": "a", "said": "", "user_end_to_first_audio_ms": 1.0}] * 3
    assert _report_without(turns=mute) == ["the avatar answered 0 of 3 turns"]
    assert "the mouth never opened" in _report_without(widest_mouth=0.02)[0]
    assert _report_without(diagnostics=[]) == ["no motion reached the page"]
    assert _report_without(marks={}) == ["the avatar was never drawn"]


def test_quantiles_of_nothing_say_so() -> None:
    assert quantiles([]) == {"p50": None, "p95": None, "n": 0}
    assert quantiles([-10, 4], absolute=True)["p95_abs"] == 9.7


def test_this_process_is_measured_for_its_own_role() -> None:
    meter = ProcessMeter({"main": os.getpid()})
    meter.sample(now=1.0)
    assert meter.usage() == {}
    sum(n * n for n in range(300_000))
    meter.sample(now=2.0)
    usage = meter.usage()["main"]
    assert usage["rss_mb"] > 10
    assert usage["cpu_pct"] > 0


def test_a_process_that_is_gone_is_left_out() -> None:
    meter = ProcessMeter({"main": 2**22 + 12345})
    meter.sample(now=1.0)
    meter.sample(now=2.0)
    assert meter.usage() == {}
