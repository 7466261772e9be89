"""Rooms, microphones, noises and music to make clean synthetic speech look like the world."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
Float = npt.NDArray[np.float64]
_FULL_SCALE = 32767.0


def rms(signal: Float) -> float:
    """Return the root mean square, never zero."""
    return float(np.sqrt(np.mean(signal**2))) + 1e-9


def coloured_noise(rng: np.random.Generator, length: int, slope: float) -> Float:
    """Return noise whose power falls with frequency as f^-slope: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 20)
    return np.fft.irfft(spectrum * frequency ** (-slope / 2), length)


def music(rng: np.random.Generator, length: int) -> Float:
    """Return chords and a melody of decaying harmonic notes over a beat of noise."""
    out = np.zeros(length)
    beat = int(RATE * rng.uniform(0.15, 0.5))
    root = rng.uniform(80, 220)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    vibrato = rng.uniform(0, 0.01) if rng.random() < 0.4 else 0.0
    for start in range(0, length, beat):
        count = min(int(beat * rng.uniform(0.8, 4)), length - start)
        time = np.arange(count) / RATE
        decay = np.exp(-time * rng.uniform(0.5, 8))
        for _ in range(int(rng.integers(1, 5))):
            pitch = root * 2 ** (int(rng.choice(scale)) / 12) * int(rng.choice([1, 2, 4]))
            phase = 2 * np.pi * pitch * time + vibrato * pitch / 5 * np.sin(2 * np.pi * 5 * time)
            tilt = rng.uniform(0.5, 2)
            harmonics = range(1, min(12, int(7000 / pitch)) + 1)
            note = sum(np.sin(h * phase + rng.uniform(0, 6)) / h**tilt for h in harmonics)
            out[start : start + count] += note * decay * rng.uniform(0.3, 1)
        if rng.random() < 0.5:
            hit = rng.normal(size=count) * np.exp(-time * rng.uniform(20, 80))
            out[start : start + count] += hit * rng.uniform(0, 1.5)
    return out


def equalise(rng: np.random.Generator, signal: Float, decibels: float) -> Float:
    """Filter with a smooth random frequency response of up to ± `decibels`."""
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    points = rng.uniform(-decibels, decibels, 6)
    gain = np.interp(np.log(np.maximum(frequency, 50)), np.log([50, 200, 600, 1500, 3500, 8000]), points)
    return np.fft.irfft(np.fft.rfft(signal) * 10 ** (gain / 20), len(signal))


def band_limit(rng: np.random.Generator, signal: Float) -> Float:
    """Cut like a telephone or a cheap microphone."""
    frequency = np.fft.rfftfreq(len(signal), 1 / RATE)
    low, high = rng.uniform(50, 300), rng.uniform(3300, 7000)
    keep = 1 / (1 + (low / np.maximum(frequency, 1)) ** 6) / (1 + (frequency / high) ** 12)
    return np.fft.irfft(np.fft.rfft(signal) * keep, len(signal))


def reverberate(rng: np.random.Generator, signal: Float) -> Float:
    """Put the voice into a small room: direct sound and an exponential tail."""
    decay = rng.uniform(0.1, 0.5)
    tail = rng.normal(size=int(decay * RATE))
    tail *= np.exp(-6.9 * np.arange(len(tail)) / len(tail))
    tail *= rng.uniform(0.1, 0.5) / np.sqrt(np.sum(tail**2))
    tail[0] = 1
    size = 1 << (len(signal) + len(tail)).bit_length()
    return np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(tail, size), size)[: len(signal)]


def background(rng: np.random.Generator, length: int, voices: list[npt.NDArray[np.int16]]) -> Float:
    """Return a noise, music or, if there are `voices`, their babble."""
    kinds = (
        ["white", "pink", "pink", "brown", "music", "babble"]
        if voices
        else ["white", "pink", "brown", *["music"] * 4]
    )
    kind = rng.choice(kinds)
    if kind == "music":
        return music(rng, length)
    if kind == "babble":
        mixed = np.zeros(length)
        for _ in range(int(rng.integers(3, 7))):
            voice = voices[int(rng.integers(len(voices)))].astype(float)
            mixed += np.resize(np.roll(voice, int(rng.integers(len(voice)))), length)
        return mixed
    return coloured_noise(rng, length, {"white": 0.0, "pink": 1.0, "brown": 2.0}[str(kind)])


def worsen(rng: np.random.Generator, speech: Float, voices: list[npt.NDArray[np.int16]]) -> Float:
    """Return `speech` as a worse microphone in a worse place hears it."""
    out = equalise(rng, speech, 8)
    if rng.random() < 0.3:
        out = reverberate(rng, out)
    if rng.random() < 0.85:
        noise = background(rng, len(out), voices)
        out = out + noise / rms(noise) * rms(speech) * 10 ** (-rng.uniform(6, 32) / 20)
    if rng.random() < 0.15:
        out = band_limit(rng, out)
    return level(rng, out)


def level(rng: np.random.Generator, signal: Float) -> Float:
    """Bring the signal to some level between quiet and clipped."""
    peak = np.abs(signal).max() + 1e-9
    return np.clip(signal / peak * _FULL_SCALE * 10 ** (rng.uniform(-22, 3) / 20), -_FULL_SCALE, _FULL_SCALE)
