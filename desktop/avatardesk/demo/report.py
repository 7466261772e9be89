"""The demo's report: figures gathered while it runs, and whether the avatar did its work.

The keys are part of the project's interface: docs/performance.md names each one, and the benches use the same
`{"p50", "p95", "n"}` for quantities that vary.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Json = dict[str, Any]

NO_MOTION: Json = {"frames": 0, "lost": 0, "recovered": 0, "stalls": 0}


def quantiles(values: Iterable[float], *, absolute: bool = False) -> Json:
    """Summarise values as `{"p50", "p95", "n"}`; with `absolute` also the 95th percentile of their size."""
    found = np.asarray([value for value in values if value is not None], dtype=float)
    if found.size == 0:
        empty: Json = {"p50": None, "p95": None, "n": 0}
        return {**empty, "p95_abs": None} if absolute else empty
    summary: Json = {
        "p50": round(float(np.percentile(found, 50)), 1),
        "p95": round(float(np.percentile(found, 95)), 1),
        "n": int(found.size),
    }
    if absolute:
        summary["p95_abs"] = round(float(np.percentile(np.abs(found), 95)), 1)
    return summary


@dataclass
class Gathered:
    """What is collected while the demo runs; times are epoch milliseconds.

    Attributes:
        started: when the process began.
        marks: first time of each named mark (`window`, `first_frame`, `connected`, `agent_ready`, …).
        turns: finished turns as the page sent them.
        diagnostics: the page's measurements, one a second while the avatar spoke.
        processes: role -> resident MB and CPU percent, averaged over the conversation.
        widest_mouth: greatest jawOpen that was on screen, 0–1.
    """

    started: float
    marks: dict[str, float] = field(default_factory=dict)
    turns: list[Json] = field(default_factory=list)
    diagnostics: list[Json] = field(default_factory=list)
    processes: dict[str, Json] = field(default_factory=dict)
    screenshots: dict[str, str] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)
    widest_mouth: float = 0.0

    def since_start(self, mark: str) -> float | None:
        """Milliseconds from the process's start to a mark, None if it never came."""
        at = self.marks.get(mark)
        return None if at is None else round(at - self.started, 1)


def _known(rows: Iterable[Mapping[str, Any]], key: str) -> list[float]:
    return [row[key] for row in rows if row.get(key) is not None]


def build_report(gathered: Gathered, environment: Mapping[str, Any]) -> Json:
    """Build report.json from what was gathered."""
    turns = [
        {
            "heard": turn.get("heard", ""),
            "said": turn.get("said", ""),
            "kind": turn.get("kind", "voice"),
            "interrupted": bool(turn.get("interrupted", False)),
            "interrupt_to_silence_ms": turn.get("interrupt_to_silence_ms"),
            "user_end_to_first_audio_ms": turn.get("user_end_to_first_audio_ms"),
            "user_end_to_first_motion_ms": turn.get("user_end_to_first_motion_ms"),
        }
        for turn in gathered.turns
    ]
    samples = gathered.diagnostics
    last = samples[-1] if samples else {}
    return {
        "environment": dict(environment),
        "cold_start_ms": {
            "window": gathered.since_start("window"),
            "avatar_first_frame": gathered.since_start("first_frame"),
            "connected": gathered.since_start("connected"),
            "agent_ready": gathered.since_start("agent_ready"),
        },
        "turns": turns,
        "turn_latency_ms": quantiles(_known(turns, "user_end_to_first_audio_ms")),
        "interrupt_to_silence_ms": quantiles(_known(turns, "interrupt_to_silence_ms")),
        "av_offset_ms": quantiles(_known(samples, "avOffsetMs"), absolute=True),
        "av_lock": last.get("lock"),
        "render": {
            "fps_p50": quantiles(_known(samples, "fps"))["p50"],
            # The page's frameMs is a second's 95th percentile already: this is the median second's.
            "frame_ms_p95": quantiles(_known(samples, "frameMs"))["p50"],
            "resolution": last.get("resolution"),
        },
        "motion": {**NO_MOTION, **last.get("motion", {})},
        "widest_mouth": round(gathered.widest_mouth, 3),
        "processes": gathered.processes,
        "screenshots": gathered.screenshots,
        "errors": gathered.errors,
    }


def failures(report: Mapping[str, Any], *, turns_wanted: int) -> list[str]:
    """Say in words what the avatar did not do; empty when the conversation was a whole one."""
    found: list[str] = []
    turns = [turn for turn in report["turns"] if turn["kind"] == "voice"]
    heard = sum(1 for turn in turns if turn["heard"].strip())
    answered = sum(1 for turn in turns if turn["said"].strip())
    sounded = sum(1 for turn in turns if turn["user_end_to_first_audio_ms"] is not None)
    for what, count in (("heard", heard), ("answered", answered), ("sounded", sounded)):
        if count < turns_wanted:
            found.append(f"the avatar {what} {count} of {turns_wanted} turns")
    if not report["motion"].get("frames"):
        found.append("no motion reached the page")
    if report["widest_mouth"] < 0.1:
        found.append(f"the mouth never opened (jawOpen at most {report['widest_mouth']})")
    if report["cold_start_ms"]["avatar_first_frame"] is None:
        found.append("the avatar was never drawn")
    return found
