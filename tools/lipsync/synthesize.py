"""Make speech with known phone times to train the viseme network on.

    python tools/lipsync/synthesize.py {flite,festival,espeak} --minutes M --out FILE.npz [--seed N]

The synthesisers run as programs (espeak-ng: its library, inside this process) and are needed for training
only: apt-get install flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts espeak-ng. Texts
are words drawn from PocketSphinx's dictionary, by their frequency in its language model. FILE holds `audio`
(int16, 16 kHz, all utterances end to end), `bounds` (n + 1 offsets), `voices` (n names), `segments` (rows:
utterance, start s, end s, viseme; viseme -1 = /h/).

flite's awb is never synthesised here: it is the unseen voice of the bench.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx
import soxr

from avatardesk.driving.lipsync.visemes import NOT_A_SHAPE, SILENCE, VISEME_INDEX, viseme_of_phone

Segment = tuple[float, float, int]
Utterance = tuple[str, npt.NDArray[np.int16], list[Segment]]

RATE = 16_000
FLITE_VOICES = {"slt": (140, 230), "rms": (75, 130), "kal16": (80, 140)}
FESTIVAL_VOICES = ("voice_kal_diphone", "voice_ked_diphone", "voice_cmu_us_slt_arctic_hts")
ESPEAK_ACCENTS = (
    *("en-us", "en-us", "en-us", "en-us-nyc", "en-gb", "en-gb-scotland", "en-gb-x-gbclan"),
    *("en-gb-x-gbcwmd", "en-029"),
)
# Of the variants, Andrea and Michael stay unseen, and so do the robots.
ESPEAK_VARIANTS = (
    *("", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"),
    *("klatt", "klatt2", "klatt3", "klatt4", "Alex", "Annie", "Denis", "Diogo", "Gene", "Henrique", "Hugo"),
    *("Jacky", "Lee", "Mario", "Nguyen", "Tweaky", "aunty", "belinda", "ed", "grandma", "iven", "john"),
    *("linda", "max", "quincy", "rob", "sandro", "steph", "victor", "zac"),
)

# IPA names (of espeak-ng) to visemes; longer ones first.
IPA = [
    (symbol, viseme)
    for viseme, symbols in (
        ("CH", ("tʃ", "dʒ")),
        ("aa", ("aɪ", "aʊ")),
        ("oh", ("oʊ", "əʊ", "ɔɪ")),
        ("E", ("eɪ",)),
        *(("PP", "pbm"), ("FF", "fv"), ("TH", "θð"), ("DD", "tdʔɾ"), ("kk", "kɡgŋx"), ("CH", "ʃʒç")),
        *(("SS", "sz"), ("nn", "nlɫ"), ("RR", "ɹrʁɜɚ"), ("aa", "ɑæaʌɐə"), ("E", "ɛe"), ("ih", "ɪij")),
        *(("oh", "ɔoɒøœ"), ("ou", "ʊuwyʏ")),
    )
    for symbol in symbols
]


def viseme_of_ipa(name: str) -> int:
    """Return the viseme of one of espeak-ng's phoneme names."""
    name = re.sub("[ˈˌˑ]", "", name)
    if name[:1] in ("h", "ɦ"):
        return NOT_A_SHAPE
    return next((VISEME_INDEX[viseme] for symbol, viseme in IPA if name.startswith(symbol)), SILENCE)


class Texts:
    """Endless nonsense of real words: every phone in many surroundings."""

    def __init__(self, rng: np.random.Generator) -> None:
        model = Path(pocketsphinx.get_model_path())
        logarithms = pocketsphinx.LogMath()
        ngrams = pocketsphinx.NGramModel(pocketsphinx.Config(), logarithms, str(model / "en-us/en-us.lm.bin"))
        lines = (model / "en-us/cmudict-en-us.dict").read_text("utf-8").splitlines()
        self._words = [line.split()[0] for line in lines if re.match(r"[a-z']{1,12} ", line)]
        weights = np.array([logarithms.exp(ngrams.prob([word])) for word in self._words]) ** 0.75
        self._cumulative = np.cumsum(weights / weights.sum())
        self._rng = rng

    def __next__(self) -> str:
        count = int(self._rng.integers(3, 13))
        picks = np.searchsorted(self._cumulative, self._rng.random(count))
        words = [self._words[min(int(pick), len(self._words) - 1)] for pick in picks]
        if count > 6 and self._rng.random() < 0.5:
            words[count // 2] += ","
        return " ".join(words) + "."


def read_wav(path: Path) -> npt.NDArray[np.int16]:
    """Return a mono WAV at 16 kHz."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def flite(text: str, voice: str, *options: str) -> tuple[npt.NDArray[np.int16], list[Segment]]:
    """Speak with flite; return the sound and its phones (flite prints each phone's end)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path), *options]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        ends = [token.rsplit(":", 1) for token in printed.split() if ":" in token]
        return read_wav(path), chain([(float(end), viseme_of_phone(phone)) for phone, end in ends])


def chain(ends: list[tuple[float, int]]) -> list[Segment]:
    """Turn (end, viseme) into (start, end, viseme)."""
    starts = [0.0, *(end for end, _ in ends)]
    return [(start, end, viseme) for start, (end, viseme) in zip(starts, ends, strict=False)]


def from_flite(rng: np.random.Generator, texts: Texts) -> Iterator[Utterance]:
    """Yield flite's voices at many paces and pitches."""
    while True:
        voice = str(rng.choice(["slt", "slt", "rms", "rms", "kal16"]))
        options = ["--setf", f"duration_stretch={rng.uniform(0.8, 1.25):.3f}"]
        if rng.random() < 0.6:
            options += ["--setf", f"int_f0_target_mean={rng.uniform(*FLITE_VOICES[voice]):.1f}"]
        yield f"flite-{voice}", *flite(next(texts), voice, *options)


def from_festival(rng: np.random.Generator, texts: Texts) -> Iterator[Utterance]:
    """Yield Festival's voices; one process speaks thirty texts."""
    while True:
        for voice in FESTIVAL_VOICES:
            with tempfile.TemporaryDirectory() as folder:
                script = [f"({voice})", f"(Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.25):.2f})"]
                for index in range(30):
                    script += [
                        f'(set! u (Utterance Text "{next(texts)}"))',
                        "(utt.synth u)",
                        f'(utt.save.wave u "{folder}/{index}.wav" \'riff)',
                        f'(utt.save.segs u "{folder}/{index}.seg")',
                    ]
                path = Path(folder, "speak.scm")
                path.write_text("\n".join(script))
                subprocess.run(["festival", "-b", str(path)], capture_output=True, check=True)
                for index in range(30):
                    rows = Path(folder, f"{index}.seg").read_text().split("#", 1)[1].split("\n")
                    fields = [row.split() for row in rows]
                    ends = [(float(row[0]), viseme_of_phone(row[2])) for row in fields if len(row) > 2]
                    yield f"festival-{voice[6:]}", read_wav(Path(folder, f"{index}.wav")), chain(ends)


def from_espeak(rng: np.random.Generator, texts: Texts) -> Iterator[Utterance]:
    """Yield espeak-ng's accents and variants."""
    from espeak_library import Espeak

    espeak = Espeak()
    while True:
        variant = str(rng.choice(ESPEAK_VARIANTS))
        voice = str(rng.choice(ESPEAK_ACCENTS)) + (f"+{variant}" if variant else "")
        rate, pitch, spread = (int(rng.uniform(*span)) for span in ((125, 215), (25, 80), (25, 80)))
        samples, phones = espeak.speak(next(texts), voice, rate, pitch, spread)
        if not phones:
            continue
        ends = [(start, viseme_of_ipa(name)) for (_, name), (start, _) in pairwise(phones)]
        ends.append((len(samples) / espeak.rate, viseme_of_ipa(phones[-1][1])))
        first = [(phones[0][0], SILENCE)]
        yield f"espeak-{voice}", soxr.resample(samples, espeak.rate, RATE), chain(first + ends)


def main() -> None:
    """Write one file of speech."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", choices=["flite", "festival", "espeak"])
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    make = {"flite": from_flite, "festival": from_festival, "espeak": from_espeak}[options.source]
    audio, voices, rows, bounds = [], [], [], [0]
    for voice, samples, segments in make(rng, Texts(rng)):
        rows += [(len(voices), *segment) for segment in segments]
        audio.append(samples)
        voices.append(voice)
        bounds.append(bounds[-1] + len(samples))
        if bounds[-1] > options.minutes * 60 * RATE:
            break
    np.savez(
        options.out,
        audio=np.concatenate(audio),
        bounds=np.array(bounds),
        voices=np.array(voices),
        segments=np.array(rows),
    )
    print(f"{options.source}: {len(voices)} utterances, {bounds[-1] / RATE / 60:.1f} min in {options.out}")


if __name__ == "__main__":
    main()
