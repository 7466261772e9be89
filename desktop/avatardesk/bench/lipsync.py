"""The lip-sync's figures: accuracy, closures, timing and cost, ours and others' on the same audio.

    avatardesk bench lipsync [--data DIR] [--json FILE]

DIR holds NAME.wav and NAME.phone.json (default: ../shared/speech beside the project, if it is there). With
flite installed, a synthetic voice that the network has never heard is scored against its own phone times.
Every set is scored clean and under pink noise at 20 dB.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pocketsphinx

from avatardesk.bench.lipsync_scores import Rows, quantiles, scores
from avatardesk.bench.lipsync_sets import (
    RATE,
    SENTENCES,
    Utterance,
    flite,
    flite_missing,
    recorded,
    speechless,
    with_pink_noise,
)
from avatardesk.driving.lipsync import VISEMES, LipSyncEngine, VisemeRecognizer, viseme_of_phone
from avatardesk.driving.lipsync.acoustic_model import load_acoustic_model
from avatardesk.driving.lipsync.network import load_network
from avatardesk.driving.motion import ARKIT_52
from avatardesk.errors import AvatarDeskError

OURS: Final = "avatardesk"
_NOISE_DB: Final = 20.0
_CHUNK: Final = RATE // 50
_JAW: Final = ARKIT_52.index("jawOpen")
_CLOSURE: Final = VISEMES.index("PP")
# A jaw this far open is seen to be open.
_SHUT: Final = 0.06
_DEFAULT_DATA: Final = Path(__file__).resolve().parents[3].parent / "shared" / "speech"

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Contender:
    """An engine under test: samples to one viseme index per 10 ms."""

    name: str
    lookahead_ms: float
    run: Callable[[Samples], Rows]


def contenders() -> list[Contender]:
    """Return ours and the public engines that can run here."""
    return [
        Contender(OURS, VisemeRecognizer.lookahead_ms, lambda samples: _ours(VisemeRecognizer(), samples)),
        Contender(
            "phone_loop_only",
            VisemeRecognizer.lookahead_ms,
            lambda samples: _ours(VisemeRecognizer(network=False), samples),
        ),
        Contender("pocketsphinx_allphone_80", 80.0, lambda samples: _allphone(samples, 8)),
        Contender("pocketsphinx_allphone_120", 120.0, lambda samples: _allphone(samples, 12)),
    ]


def _ours(recognizer: VisemeRecognizer, samples: Samples) -> Rows:
    rows = [recognizer.push(samples[start : start + _CHUNK]) for start in range(0, len(samples), _CHUNK)]
    rows.append(recognizer.finish())
    found: Rows = np.concatenate(rows).argmax(axis=1)
    return found


def _allphone(samples: Samples, lookahead: int) -> Rows:
    """PocketSphinx's phone decoder, asked every 10 ms what it thinks of the frame `lookahead` frames ago."""
    decoder = pocketsphinx.Decoder(
        allphone=pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"), lm=None, dict=None, loglevel="FATAL"
    )
    hop = RATE // 100
    count = -(-len(samples) // hop)
    rows = np.zeros(count, np.int64)
    decoder.start_utt()
    for index in range(count + lookahead):
        piece = samples[index * hop : (index + 1) * hop]
        if len(piece):
            decoder.process_raw(piece.tobytes(), False, False)
        asked = index + 1 - lookahead
        if 0 <= asked < count:
            rows[asked] = _spoken_at(decoder, asked)
    decoder.end_utt()
    # /h/ has no shape of its own: it takes the one before.
    for index in range(count):
        if rows[index] < 0:
            rows[index] = rows[index - 1] if index else 0
    return rows


def _spoken_at(decoder: Any, frame: int) -> int:
    found = 0
    for segment in decoder.seg() or ():
        if segment.start_frame <= frame:
            found = viseme_of_phone(segment.word)
        if segment.end_frame >= frame:
            break
    return found


def measure(sets: dict[str, list[Utterance]]) -> dict[str, dict[str, Any]]:
    """Return {set: {engine: figures}} as docs/lipsync.md describes them."""
    results: dict[str, dict[str, Any]] = {}
    for name, utterances in sets.items():
        results[name] = {}
        seconds = sum(len(utterance.samples) for utterance in utterances) / RATE
        for engine in contenders():
            started = time.process_time()
            found = [engine.run(utterance.samples) for utterance in utterances]
            cost = (time.process_time() - started) / seconds
            results[name][engine.name] = {
                **scores(list(zip(utterances, found, strict=True))),
                "rtf": round(cost, 4),
                "lookahead_ms": round(engine.lookahead_ms, 1),
            }
    return results


def measure_motion(utterances: list[Utterance]) -> dict[str, Any]:
    """Return what the whole engine costs, and how many spoken closures its mouth really shows."""
    load_acoustic_model.cache_clear()
    load_network.cache_clear()
    started = time.perf_counter()
    LipSyncEngine(RATE)
    start_ms = 1000 * (time.perf_counter() - started)
    closures = shown = 0
    costs: list[float] = []
    for utterance in utterances:
        engine = LipSyncEngine(RATE)
        frames = []
        for start in range(0, len(utterance.samples), _CHUNK):
            began = time.perf_counter()
            frames += engine.push(utterance.samples[start : start + _CHUNK])
            costs.append(1000 * (time.perf_counter() - began))
        frames += engine.finish()
        jaw = np.array([frame.weights[_JAW] for frame in frames])
        for begin, end, viseme in utterance.segments:
            if viseme == _CLOSURE:
                closures += 1
                shown += bool((jaw[int(begin * 50) : int(end * 50) + 1] < _SHUT).any())
    return {
        "lookahead_ms": LipSyncEngine.lookahead_ms,
        "start_ms": round(start_ms, 1),
        "push_20_ms_cost_ms": quantiles(costs),
        "closures_shown": round(shown / closures, 4) if closures else None,
    }


def measure_stillness() -> dict[str, dict[str, float]]:
    """Return, for sounds without speech, the share of silent frames and how far the jaw ever opens."""
    results = {}
    for name, samples in speechless().items():
        rows = _ours(VisemeRecognizer(), samples)
        engine = LipSyncEngine(RATE)
        jaw = [frame.weights[_JAW] for frame in engine.push(samples) + engine.finish()]
        results[name] = {
            "silent_share": round(float((rows == 0).mean()), 4),
            "jaw_p95": round(float(np.percentile(jaw, 95)), 4),
        }
    return results


def collect(data: Path | None) -> tuple[dict[str, list[Utterance]], list[str]]:
    """Return the sets by name, each clean and noisy, and notes on what is missing."""
    notes = []
    clean: dict[str, list[Utterance]] = {}
    folder = data or (_DEFAULT_DATA if _DEFAULT_DATA.is_dir() else None)
    if folder is None:
        notes.append("no recorded speech: name a folder with --data")
    else:
        clean[folder.name] = recorded(folder)
    if flite_missing():
        notes.append("no unseen synthetic voice: the program flite is not installed")
    else:
        clean["awb"] = [flite(sentence) for sentence in SENTENCES]
    notes.append("browser engines (headaudio, wawa-lipsync) and rhubarb are not run by this bench")
    sets = {}
    for name, utterances in clean.items():
        sets[name] = utterances
        sets[f"{name}_pink_{_NOISE_DB:.0f}_db"] = [with_pink_noise(one, _NOISE_DB) for one in utterances]
    return sets, notes


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a table, and write the figures with --json; return the exit code."""
    parser = argparse.ArgumentParser(prog="avatardesk bench lipsync", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of NAME.wav and NAME.phone.json")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(argv)
    try:
        sets, notes = collect(options.data)
    except AvatarDeskError as error:
        print(error, file=sys.stderr)
        return 2
    results = measure(sets)
    spoken = next(iter(sets.values()), [])
    report = {
        "ours": OURS,
        "sets": results,
        "motion": measure_motion(spoken),
        "speechless": measure_stillness(),
        "notes": notes,
    }
    _print(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0


def _print(report: dict[str, Any]) -> None:
    heads = ("acc15", "group7", "close R", "close P", "t p50", "t p95", "rtf", "ahead")
    print(f"{'set':24} {'engine':26} " + " ".join(f"{head:>8}" for head in heads))
    for name, engines in report["sets"].items():
        for engine, row in engines.items():
            timing = row["timing_error_ms"]
            figures = (
                row["viseme_accuracy"], row["group_accuracy"], row["closure_recall"],
                row["closure_precision"], timing["p50"], timing["p95"], row["rtf"], row["lookahead_ms"],
            )  # fmt: skip
            cells = ["-" if figure is None else f"{figure:.4g}" for figure in figures]
            print(f"{name:24} {engine:26} " + " ".join(f"{cell:>8}" for cell in cells))
    print("motion:", json.dumps(report["motion"]))
    for name, row in report["speechless"].items():
        print(f"without speech: {name:24} silent {row['silent_share']:.3f}  jaw p95 {row['jaw_p95']:.3f}")
    for note in report["notes"]:
        print("note:", note)


if __name__ == "__main__":
    sys.exit(main())
