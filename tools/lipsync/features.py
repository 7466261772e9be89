"""Run the recogniser's own front end and phone loop over synthetic speech: what the network learns from.

    python tools/lipsync/features.py SPEECH.npz … --out FEATURES.npz [--seed N]

Every utterance is heard twice: nearly clean, and worsened (see augment.py). The phone loop's opinion of the
clean version is kept as a teacher for both. FEATURES holds per frame of 10 ms: `inputs` (float16, see
avatardesk.driving.lipsync.network), `prior` (float16, the phone loop's visemes), `teacher` (float16),
`labels` (int8, -1 = not scored), and `runs`, the offsets where a new stream begins.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from augment import RATE, background, equalise, level, rms, worsen

from avatardesk.driving.lipsync.acoustic_model import load_acoustic_model
from avatardesk.driving.lipsync.front_end import HOP, FrontEnd
from avatardesk.driving.lipsync.network import network_inputs
from avatardesk.driving.lipsync.phone_loop import PhoneFrame, PhoneLoop
from avatardesk.driving.lipsync.visemes import SILENCE, VISEMES

# Where the synthesisers' labels lie against the recogniser's frames.
LABEL_SHIFT_S = {"flite": -0.003, "festival": -0.003, "espeak": -0.009}
UTTERANCES_PER_RUN = 4
SPEECHLESS_RUNS = 1  # per run of speech

Int = npt.NDArray[np.int16]


def listen(samples: npt.NDArray[np.float64]) -> list[PhoneFrame]:
    """Return the phone loop's frames of a fresh stream."""
    front_end, phones = FrontEnd(), PhoneLoop(load_acoustic_model())
    return [frame for pair in front_end.push(samples.astype(np.float32)) for frame in phones.push(pair)]


def make_run(rng: np.random.Generator, items: list[tuple[str, Int, npt.NDArray[np.float64]]]):
    """Join utterances with pauses; return (sound, labels per 10 ms)."""
    sound, labels, start = [], [], 0.0
    for voice, samples, segments in items:
        speed = rng.uniform(0.87, 1.16) if rng.random() < 0.65 else 1.0
        voiced = soxr.resample(samples.astype(np.float64), RATE * speed, RATE) if speed != 1.0 else samples
        pause = np.zeros(int(RATE * rng.uniform(0.05, 0.6)))
        sound += [pause, voiced.astype(np.float64)]
        start += len(pause) / RATE
        shift = LABEL_SHIFT_S[voice.split("-", maxsplit=1)[0]]
        for first, last, viseme in segments:
            labels.append((start + first / speed + shift, start + last / speed + shift, int(viseme)))
        start += len(voiced) / RATE
    joined = np.concatenate(sound)
    rows = np.zeros(len(joined) // HOP + 1, np.int8)
    for first, last, viseme in labels:
        rows[max(0, round(first * 100)) : max(0, round(last * 100))] = viseme
    return joined, rows


def main() -> None:
    """Write one file of features."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speech", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    utterances = []
    for path in options.speech:
        data = np.load(path)
        audio, bounds, segments, voices = (data[name] for name in ("audio", "bounds", "segments", "voices"))
        split = np.searchsorted(segments[:, 0], np.arange(len(bounds)))
        utterances += [
            (str(voices[i]), audio[bounds[i] : bounds[i + 1]], segments[split[i] : split[i + 1], 1:])
            for i in range(len(bounds) - 1)
        ]
    order = rng.permutation(len(utterances))
    speech = [samples for _, samples, _ in utterances]
    inputs, priors, teachers, labels, runs = [], [], [], [], [0]

    def keep(frames: list[PhoneFrame], teacher: npt.NDArray[np.float32], truth: npt.NDArray[np.int8]) -> None:
        count = min(len(frames), len(teacher), len(truth))
        inputs.append(np.array([network_inputs(frame) for frame in frames[:count]], np.float16))
        priors.append(np.array([frame.visemes for frame in frames[:count]], np.float16))
        teachers.append(teacher[:count].astype(np.float16))
        labels.append(truth[:count])
        runs.append(runs[-1] + count)

    for first in range(0, len(order), UTTERANCES_PER_RUN):
        items = [utterances[i] for i in order[first : first + UTTERANCES_PER_RUN]]
        sound, truth = make_run(rng, items)
        clean = listen(level(rng, equalise(rng, sound, 4)))
        teacher = np.array([frame.visemes for frame in clean])
        keep(clean, teacher, truth)
        keep(listen(worsen(rng, sound, speech)), teacher, truth)
        for _ in range(SPEECHLESS_RUNS):
            # Only noise or music, at once or after some speech: all of it is silence.
            talk = sound[: int(RATE * rng.choice([0, 3]))]
            noise = background(rng, int(RATE * rng.uniform(3, 7)), [])
            noise *= (rms(talk) if len(talk) else 1.0) / rms(noise) * 10 ** (-rng.uniform(-3, 22) / 20)
            frames = listen(level(rng, np.concatenate([talk, noise])))
            spoken = min(len(talk) // HOP, len(teacher))
            labels_here = np.zeros(len(frames), np.int8)
            labels_here[:spoken] = truth[:spoken]
            opinion = np.zeros((len(frames), len(VISEMES)), np.float32)
            opinion[:, SILENCE] = 1
            opinion[:spoken] = teacher[:spoken]
            keep(frames, opinion, labels_here)
    np.savez(
        options.out,
        inputs=np.concatenate(inputs),
        prior=np.concatenate(priors),
        teacher=np.concatenate(teachers),
        labels=np.concatenate(labels),
        runs=np.array(runs),
    )
    print(f"{runs[-1]} frames ({runs[-1] / 6000:.0f} min) of {len(utterances)} utterances in {options.out}")


if __name__ == "__main__":
    main()
