"""What the lip-sync bench hears: recordings with their phones, a synthetic voice, sounds without speech."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync import viseme_of_phone
from avatardesk.errors import InputError

RATE: Final = 16_000
Segment = tuple[float, float, int]
"""(start s, end s, viseme; -1 = /h/, not scored)."""

UNSEEN_VOICE: Final = "awb"
"""A flite voice that the network was never trained on."""

# Every phone of English several times, closures in all positions.
SENTENCES: Final = (
    "Please put the big blue box above the paper bag.",
    "My mother bought them fresh bread and some jam for supper.",
    "The weather should be warm and sunny by Thursday afternoon.",
    "Could you tell me how far it is to the nearest railway station?",
    "A young boy chased five hungry goats through the village.",
    "She sells smooth stones and shiny shells beside the harbour.",
    "We usually measure the pressure before changing the valves.",
    "Nothing is better than hot soup on a cold and rainy night.",
    "Which of these three pictures would you hang above the fireplace?",
    "Bob might remember where the maps and the lamp have been put.",
    "I thought the judge enjoyed the music, but he left too early.",
    "Your appointment with Doctor Page is on Wednesday at ten.",
)


@dataclass(frozen=True)
class Utterance:
    """Speech and the visemes that are in it."""

    samples: npt.NDArray[np.int16]
    segments: tuple[Segment, ...]

    def labels(self, count: int) -> npt.NDArray[np.int64]:
        """Return the viseme of each of `count` frames of 10 ms (silence where nothing is said)."""
        rows = np.zeros(count, np.int64)
        for start, end, viseme in self.segments:
            rows[round(start * 100) : round(end * 100)] = viseme
        return rows


def recorded(folder: Path) -> list[Utterance]:
    """Read NAME.wav (16 kHz, mono, 16 bit) with NAME.phone.json (PocketSphinx's alignment) from `folder`.

    Raises:
        InputError: nothing usable is there.
    """
    found = []
    for path in sorted(folder.glob("*.wav")):
        phones = path.with_suffix(".phone.json")
        if phones.is_file():
            tree = json.loads(phones.read_text("utf-8"))
            found.append(Utterance(read_wav(path), tuple(_leaves(tree))))
    if not found:
        raise InputError(
            f"No recordings in {folder}.",
            hint="The bench wants NAME.wav and NAME.phone.json (pocketsphinx align).",
            field="data",
        )
    return found


def read_wav(path: Path) -> npt.NDArray[np.int16]:
    """Return the samples of a 16 kHz mono 16-bit WAV; raise InputError for any other."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise InputError(
                f"{path.name} is not 16 kHz, mono, 16 bit.", hint="Convert it first.", field="data"
            )
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def _leaves(node: dict[str, Any]) -> Iterator[Segment]:
    if node.get("w"):
        for child in node["w"]:
            yield from _leaves(child)
    else:
        yield node["b"], node["b"] + node["d"], viseme_of_phone(node["t"].split("(")[0])


def flite_missing() -> bool:
    """Return whether the program flite is not installed."""
    return shutil.which("flite") is None


def flite(text: str, voice: str = UNSEEN_VOICE) -> Utterance:
    """Speak with flite, which prints the end of every phone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        samples = read_wav(path)
    segments: list[Segment] = []
    start = 0.0
    for phone, ended in re.findall(r"(\S+):([\d.]+)", printed):
        segments.append((start, float(ended), viseme_of_phone(phone)))
        start = float(ended)
    return Utterance(samples, tuple(segments))


def with_pink_noise(utterance: Utterance, decibels: float) -> Utterance:
    """Return the utterance under pink noise, `decibels` below the speech's own RMS."""
    speech = utterance.samples.astype(np.float64)
    noise = pink_noise(len(speech), len(speech))
    noise *= np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    return Utterance(_int16(speech + noise), utterance.segments)


def pink_noise(length: int, seed: int) -> npt.NDArray[np.float64]:
    """Return noise of 3 dB less per octave, above 20 Hz."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=length))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20)), length)


def speechless(seconds: float = 6.0) -> dict[str, npt.NDArray[np.int16]]:
    """Return sounds in which nobody speaks, by name."""
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    white = np.random.default_rng(1).normal(size=length)
    pink = pink_noise(length, 2)
    return {
        "digital_silence": np.zeros(length, np.int16),
        "white_noise_-60_dbfs": _int16(white * 32768 * 10**-3),
        "white_noise_-30_dbfs": _int16(white * 32768 * 10**-1.5),
        "pink_noise_-30_dbfs": _int16(pink / np.std(pink) * 32768 * 10**-1.5),
        "hum_50_hz": _int16(800 * np.sin(2 * np.pi * 50 * time)),
        "music_-20_dbfs": _tune(length),
    }


def _tune(length: int) -> npt.NDArray[np.int16]:
    """Return broken chords of plucked harmonic notes over a bass, four notes a second."""
    out = np.zeros(length)
    note = RATE // 4
    for index in range(0, length, note):
        step = index // note
        root = 110 * 2 ** ((0, 5, 7, 3)[step // 8 % 4] / 12)
        time = np.arange(min(3 * note, length - index)) / RATE
        for pitch, loudness in ((root, 1.0), (root * 2 * 2 ** ((0, 4, 7, 12)[step % 4] / 12), 0.8)):
            tone = sum(np.sin(2 * np.pi * pitch * h * time) / h**1.3 for h in range(1, 9))
            out[index : index + len(time)] += loudness * tone * np.exp(-3 * time)
    return _int16(out / np.std(out) * 3276.8)


def _int16(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    clipped: npt.NDArray[np.int16] = np.clip(np.round(signal), -32768, 32767).astype(np.int16)
    return clipped
