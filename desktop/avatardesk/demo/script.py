"""What the demo says: questions in a synthetic voice, recorded speech, and one interruption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatardesk.agent.voice import OfflineVoice
from avatardesk.demo.speech import Utterance, read_wav, to_rate
from avatardesk.errors import InputError

QUESTIONS = ("What can you do?", "What is your name?", "Tell me a joke.")
"""Asked in this order; the scripted guide knows all of them."""

LONG_QUESTION = "Tell me about yourself."
INTERRUPTION = "What time is it?"

LEAD = 7.0
"""Seconds before the first question: the avatar's greeting is heard in them."""

PAUSE = 13.0
"""Seconds for an answer; longer than the guide's longest."""

BEFORE_INTERRUPTION = 2.5
"""Seconds from the end of the long question to the interruption: the avatar is in mid-answer."""

MAX_RECORDINGS = 3


async def spoken(text: str, name: str, pause_after: float, voice: OfflineVoice) -> Utterance:
    """Have `voice` say `text`."""
    pcm = b"".join([chunk async for chunk in voice.synthesize(text)])
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    return Utterance(name, to_rate(samples, voice.sample_rate), pause_after)


def recordings(folder: Path | None) -> list[Utterance]:
    """Read the folder's WAV files (at most three, by name).

    Raises:
        InputError: the folder has none, or one cannot be read.
    """
    if folder is None:
        return []
    files = sorted(folder.glob("*.wav"))[:MAX_RECORDINGS] if folder.is_dir() else [folder]
    if not files:
        raise InputError(f"{folder} has no WAV file.", hint="Give a folder of recordings.", field="--speech")
    return [Utterance(file.stem, read_wav(file), PAUSE) for file in files]


async def conversation(recorded: Sequence[Utterance], *, barge_in: bool) -> list[Utterance]:
    """Put the whole conversation together.

    Raises:
        PlatformError: this machine has no voice to ask with.
    """
    voice = OfflineVoice.find()
    asked = [await spoken(text, text, PAUSE, voice) for text in QUESTIONS]
    whole = [*asked[:2], *recorded, *asked[2:]]
    if barge_in:
        whole.append(await spoken(LONG_QUESTION, LONG_QUESTION, BEFORE_INTERRUPTION, voice))
        whole.append(await spoken(INTERRUPTION, INTERRUPTION, PAUSE, voice))
    return whole
