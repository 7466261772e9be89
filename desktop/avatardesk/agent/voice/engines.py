"""The synthesisers of each operating system, as one class each.

An engine turns one sentence into samples. It is found at run time; what a machine does not have is simply
not offered.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Protocol

from avatardesk.agent.voice.process import run_program, wav_samples


class VoiceEngine(Protocol):
    """One way of turning a sentence into speech on this machine."""

    @property
    def name(self) -> str:
        """Engine and voice, for example "flite:slt"."""

    @property
    def sample_rate(self) -> int:
        """Rate of the samples in Hz."""

    async def speak(self, sentence: str) -> bytes:
        """Return the sentence as s16le mono samples."""


class FliteEngine:
    """CMU Flite (Linux; Debian package flite). Voices slt, rms, awb, kal16 at 16 kHz."""

    voices = ("slt", "rms", "awb", "kal16")
    sample_rate = 16000

    def __init__(self, program: str, voice: str = "slt") -> None:
        self._program, self._voice = program, voice
        self.name = f"flite:{voice}"

    @classmethod
    def find(cls, voice: str | None = None) -> FliteEngine | None:
        """Return the engine when flite is installed."""
        program = shutil.which("flite")
        return cls(program, voice or cls.voices[0]) if program else None

    async def speak(self, sentence: str) -> bytes:
        """Synthesise through a private file: flite seeks in its output, so a pipe gives a broken WAV."""
        with tempfile.TemporaryDirectory(prefix="avatardesk-voice-") as folder:
            path = Path(folder) / "speech.wav"
            await run_program(
                [self._program, "-voice", self._voice, "-f", "-", "-o", str(path)], stdin=sentence.encode()
            )
            _, samples = wav_samples(await asyncio.to_thread(path.read_bytes))
        return samples


class EspeakEngine:
    """eSpeak NG (Linux and others; a separate GPL program, never linked). 22.05 kHz."""

    sample_rate = 22050

    def __init__(self, program: str, voice: str = "en-us") -> None:
        self._program, self._voice = program, voice
        self.name = f"espeak-ng:{voice}"

    @classmethod
    def find(cls, voice: str | None = None) -> EspeakEngine | None:
        """Return the engine when espeak-ng (or its older name espeak) is installed."""
        program = shutil.which("espeak-ng") or shutil.which("espeak")
        return cls(program, voice or "en-us") if program else None

    async def speak(self, sentence: str) -> bytes:
        """Synthesise from standard input to standard output."""
        output = await run_program(
            [self._program, "-v", self._voice, "--stdin", "--stdout"], stdin=sentence.encode()
        )
        return wav_samples(output)[1]


class MacSayEngine:
    """The `say` program of macOS, into a WAV of 22.05 kHz."""

    sample_rate = 22050

    def __init__(self, program: str, voice: str | None = None) -> None:
        self._program, self._voice = program, voice
        self.name = f"say:{voice or 'system'}"

    @classmethod
    def find(cls, voice: str | None = None) -> MacSayEngine | None:
        """Return the engine on macOS."""
        program = shutil.which("say") if sys.platform == "darwin" else None
        return cls(program, voice) if program else None

    async def speak(self, sentence: str) -> bytes:
        """Synthesise from standard input into a private file."""
        with tempfile.TemporaryDirectory(prefix="avatardesk-voice-") as folder:
            path = Path(folder) / "speech.wav"
            argv = [
                self._program,
                "--file-format=WAVE",
                f"--data-format=LEI16@{self.sample_rate}",
                "-o",
                str(path),
            ]
            if self._voice:
                argv += ["-v", self._voice]
            await run_program([*argv, "-f", "-"], stdin=sentence.encode())
            _, samples = wav_samples(await asyncio.to_thread(path.read_bytes))
        return samples


# Reads UTF-8 from standard input, writes a WAV to the path in an environment variable: no text in argv.
_SAPI_SCRIPT = """
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Speech
$reader = New-Object System.IO.StreamReader([Console]::OpenStandardInput(), [Text.Encoding]::UTF8)
$text = $reader.ReadToEnd()
$format = New-Object System.Speech.AudioFormat.SpeechAudioFormatInfo(22050, 'Sixteen', 'Mono')
$voice = New-Object System.Speech.Synthesis.SpeechSynthesizer
if ($env:AVATARDESK_VOICE_NAME) { $voice.SelectVoice($env:AVATARDESK_VOICE_NAME) }
$voice.SetOutputToWaveFile($env:AVATARDESK_VOICE_FILE, $format)
$voice.Speak($text)
$voice.Dispose()
"""


class SapiEngine:
    """The system voice of Windows (System.Speech through PowerShell), into a WAV of 22.05 kHz."""

    sample_rate = 22050

    def __init__(self, program: str, voice: str | None = None) -> None:
        self._program, self._voice = program, voice
        self.name = f"sapi:{voice or 'system'}"

    @classmethod
    def find(cls, voice: str | None = None) -> SapiEngine | None:
        """Return the engine on Windows."""
        program = shutil.which("powershell") if sys.platform == "win32" else None
        return cls(program, voice) if program else None

    async def speak(self, sentence: str) -> bytes:
        """Synthesise from standard input into a private file."""
        with tempfile.TemporaryDirectory(prefix="avatardesk-voice-") as folder:
            path = Path(folder) / "speech.wav"
            environment = {
                **os.environ,
                "AVATARDESK_VOICE_FILE": str(path),
                "AVATARDESK_VOICE_NAME": self._voice or "",
            }
            argv = [self._program, "-NoProfile", "-NonInteractive", "-Command", _SAPI_SCRIPT]
            await run_program(argv, stdin=sentence.encode(), environment=environment)
            _, samples = wav_samples(await asyncio.to_thread(path.read_bytes))
        return samples


ENGINES: dict[str, type[FliteEngine | EspeakEngine | MacSayEngine | SapiEngine]] = {
    "say": MacSayEngine,
    "sapi": SapiEngine,
    "flite": FliteEngine,
    "espeak-ng": EspeakEngine,
}
"""By the name a user writes, in the order of preference."""
