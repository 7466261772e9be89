"""How well recognised visemes fit the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avatardesk.bench.lipsync_sets import Utterance
from avatardesk.driving.lipsync import VISEME_GROUPS, VISEMES

_CLOSURE: Final = VISEMES.index("PP")
_GROUPS: Final = np.array(VISEME_GROUPS)
# A recognised closure within this many frames of a spoken one has been seen.
_NEAR_FRAMES: Final = 2
# An entry into a class counts as the same event when it is at most this far off.
_SAME_EVENT_S: Final = 0.1

Rows = npt.NDArray[np.int64]


def scores(pairs: Sequence[tuple[Utterance, Rows]]) -> dict[str, Any]:
    """Score recognised visemes (one index per 10 ms) against their utterances.

    viseme_accuracy and group_accuracy: share of frames, silence included, /h/ not scored. closure_recall:
    share of p/b/m with a closed frame within 20 ms; closure_precision: share of closed frames in which p/b/m
    is spoken. timing_error_ms: distance of the recognised entry into a class from the spoken one.
    """
    right = grouped = scored = closed = closed_right = events = seen = 0
    errors: list[float] = []
    for utterance, found in pairs:
        truth = utterance.labels(len(found))
        sure = truth >= 0
        scored += int(sure.sum())
        right += int((found == truth)[sure].sum())
        grouped += int((_GROUPS[found] == _GROUPS[truth])[sure].sum())
        closed += int((found[sure] == _CLOSURE).sum())
        closed_right += int(((found == _CLOSURE) & (truth == _CLOSURE)).sum())
        for start, end, viseme in utterance.segments:
            if viseme == _CLOSURE:
                events += 1
                first, last = round(start * 100) - _NEAR_FRAMES, round(end * 100) + _NEAR_FRAMES
                seen += bool((found[max(0, first) : last] == _CLOSURE).any())
        errors += _entry_errors(utterance, found)
    return {
        "viseme_accuracy": round(right / scored, 4),
        "group_accuracy": round(grouped / scored, 4),
        "closure_recall": round(seen / events, 4) if events else None,
        "closure_precision": round(closed_right / closed, 4) if closed else None,
        "timing_error_ms": quantiles(errors),
    }


def quantiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """Return {"p50", "p95", "n"} of some figures."""
    if not values:
        return {"p50": None, "p95": None, "n": 0}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "n": len(values)}


def _entry_errors(utterance: Utterance, found: Rows) -> list[float]:
    changes = np.flatnonzero(np.diff(found)) + 1
    errors = []
    for (_, _, before), (start, _, after) in zip(utterance.segments, utterance.segments[1:], strict=False):
        if before < 0 or after < 0 or before == after:
            continue
        entries = changes[found[changes] == after] / 100
        if len(entries):
            distance = float(np.abs(entries - start).min())
            if distance <= _SAME_EVENT_S:
                errors.append(distance * 1000)
    return errors
