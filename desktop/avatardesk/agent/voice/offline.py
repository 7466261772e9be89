"""The offline voice: finds a synthesiser and speaks text sentence by sentence."""

from __future__ import annotations

import asyncio
import contextlib
import platform
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator

from avatardesk.agent.voice.engines import ENGINES, VoiceEngine
from avatardesk.agent.voice.sentences import split_sentences
from avatardesk.agent.voice.silence import pause_after, trim_silence
from avatardesk.agent.voice.spoken import spoken
from avatardesk.errors import PlatformError

_CHUNK_S = 0.1
# A scripted agent says the same sentences again, and an answer prepared in advance may be prepared twice.
# About 100 kB each.
_REMEMBERED = 48


class OfflineVoice:
    """The voice of this machine; see `find`."""

    def __init__(self, engine: VoiceEngine) -> None:
        self._engine = engine
        self._remembered: OrderedDict[str, bytes] = OrderedDict()

    @classmethod
    def find(cls, preferred: str | None = None) -> OfflineVoice:
        """Return the best voice this machine has.

        `preferred` is an engine ("flite", "espeak-ng", "say", "sapi"), optionally with a voice
        ("flite:rms"). Raises PlatformError, with what to install, when there is none.
        """
        if preferred:
            wanted, _, voice = preferred.partition(":")
            if wanted not in ENGINES:
                raise PlatformError(
                    f"There is no voice engine called {wanted!r}.",
                    hint=f"Known engines: {', '.join(ENGINES)}.",
                    field="voice",
                )
            engine = ENGINES[wanted].find(voice or None)
            if engine is None:
                raise PlatformError(
                    f"The voice engine {wanted} is not installed.", hint=_install_hint(), field="voice"
                )
            return cls(engine)
        for kind in ENGINES.values():
            if (engine := kind.find()) is not None:
                return cls(engine)
        raise PlatformError("This machine has no speech synthesiser.", hint=_install_hint())

    @property
    def name(self) -> str:
        """Engine and voice, for example "flite:slt"."""
        return self._engine.name

    @property
    def sample_rate(self) -> int:
        """Rate of the samples that `synthesize` yields, in Hz."""
        return self._engine.sample_rate

    async def synthesize(self, text: str) -> AsyncIterator[bytes]:
        """Yield the text as s16le mono PCM in chunks of at most 0.1 s.

        Speech begins and ends with almost no silence; between sentences there is a natural pause. The first
        sentence comes as soon as it is ready; the next one is made while it is consumed. Closing or
        cancelling the iterator kills the synthesiser. Text without anything to say yields nothing.
        """
        sentences = [said for piece in split_sentences(text) if (said := spoken(piece)) and _audible(said)]
        upcoming: asyncio.Task[bytes] | None = None
        try:
            for index, sentence in enumerate(sentences):
                current = upcoming or asyncio.create_task(self._speech(sentence))
                upcoming = current
                samples = await current
                upcoming = None
                if index + 1 < len(sentences):
                    upcoming = asyncio.create_task(self._speech(sentences[index + 1]))
                    samples += self.pause_after(sentence)
                for chunk in self._chunks(samples):
                    yield chunk
        finally:
            if upcoming is not None:
                upcoming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await upcoming

    def pause_after(self, text: str) -> bytes:
        """Return the silence (s16le mono) that belongs between the speech of `text` and what follows it."""
        return pause_after(text, self.sample_rate)

    async def _speech(self, sentence: str) -> bytes:
        """Return a sentence's samples, from memory when it was said lately."""
        samples = self._remembered.pop(sentence, None)
        if samples is None:
            samples = trim_silence(await self._engine.speak(sentence), self.sample_rate)
        self._remembered[sentence] = samples
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return samples

    def _chunks(self, samples: bytes) -> Iterator[bytes]:
        step = int(self.sample_rate * _CHUNK_S) * 2
        for at in range(0, len(samples), step):
            yield samples[at : at + step]


def _audible(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _install_hint() -> str:
    if platform.system() == "Linux":
        return "Install one: sudo apt-get install flite (or espeak-ng)."
    return "Add a voice in the system's speech settings."
