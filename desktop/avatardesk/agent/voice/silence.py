"""The silence around synthesised sentences: what an engine adds is cut, and pauses get a natural length.

flite begins every sentence with 170 to 250 ms of near silence, which the listener would have to wait for;
espeak-ng ends them with more than 200 ms.
"""

from __future__ import annotations

import numpy as np

_LEAD_S = 0.02
_TRAIL_S = 0.03
# Between the last sound of a piece and the first of the next, the two rests above included.
_PAUSE_AFTER_SENTENCE_S = 0.2
_PAUSE_AFTER_CLAUSE_S = 0.11
_SENTENCE_ENDS = (".", "!", "?", "…")
_CLOSING = "\"'”’)]"

_WINDOW_S = 0.005
# 40 dB below the loudest 5 ms: over flite's hiss (-50 dB), under the breath of an "h" or "f" (-38 dB).
_AUDIBLE = 0.01
_FLOOR = 20.0


def trim_silence(samples: bytes, sample_rate: int) -> bytes:
    """Return s16le mono speech with at most 20 ms of silence before it and 30 ms after it.

    Samples without any sound give nothing.
    """
    pcm = np.frombuffer(samples, "<i2")
    window = max(1, round(sample_rate * _WINDOW_S))
    padded = np.pad(pcm.astype(np.float64), (0, -len(pcm) % window))
    levels = np.sqrt(np.mean(padded.reshape(-1, window) ** 2, axis=1))
    threshold = max(_FLOOR, _AUDIBLE * float(levels.max(initial=0.0)))
    audible = np.flatnonzero(levels > threshold)
    if audible.size == 0:
        return b""
    start = max(0, int(audible[0]) * window - round(sample_rate * _LEAD_S))
    end = (int(audible[-1]) + 1) * window + round(sample_rate * _TRAIL_S)
    return pcm[start:end].tobytes()


def pause_after(text: str, sample_rate: int) -> bytes:
    """Return the silence (s16le mono) to put between a trimmed piece of speech and the next one."""
    complete = text.rstrip().rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
    whole = _PAUSE_AFTER_SENTENCE_S if complete else _PAUSE_AFTER_CLAUSE_S
    return bytes(2 * round(sample_rate * (whole - _LEAD_S - _TRAIL_S)))
