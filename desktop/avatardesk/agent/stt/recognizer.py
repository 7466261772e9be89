"""Speech recognition of one utterance at a time: a general and a domain decoder side by side.

The general decoder knows 72,000 words but mixes up what matters here ("what is about her desk"). The domain
decoder knows only the questions that the agent expects, and is nearly always right about those, but it
hears such a question in everything. So both listen, and the domain's words win when they sound like what the
general decoder heard: speech from outside the domain makes the two disagree.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pocketsphinx

from avatardesk.agent.stt.language_model import build_arpa
from avatardesk.agent.stt.lexicon import Lexicon, phone_agreement

SAMPLE_RATE = 16000
"""The only rate the models know, in Hz."""
_AGREEMENT = 0.62
# A short utterance has few phones to compare, so it must agree better.
_SHORT_PHONES, _SHORT_AGREEMENT = 7, 0.7


@dataclass(frozen=True)
class Domain:
    """What an agent expects to hear: weighted sentences, and pronunciations the dictionary lacks."""

    sentences: Mapping[str, float]
    pronunciations: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Transcript:
    """The words of one utterance, and how they were found."""

    text: str
    confidence: float
    in_domain: bool
    general: str
    domain: str


def choose(general: str, domain: str, lexicon: Lexicon) -> Transcript:
    """Decide between what the two decoders heard."""
    if not domain:
        return Transcript(general, 0.4 if general else 0.0, False, general, domain)
    a, b = lexicon.phones(general), lexicon.phones(domain)
    agreement = phone_agreement(a, b)
    needed = _SHORT_AGREEMENT if max(len(a), len(b)) <= _SHORT_PHONES else _AGREEMENT
    in_domain = agreement >= needed
    text = domain if in_domain else general
    return Transcript(text, agreement if in_domain else 0.4 if text else 0.0, in_domain, general, domain)


class Recognizer:
    """Two PocketSphinx decoders with a thread each. Not safe for use from several threads at once.

    Loading takes about half a second. `start`, then `push` while speech goes on, then `finish`.
    """

    def __init__(self, domain: Domain | None = None) -> None:
        self._lexicon = Lexicon(domain.pronunciations if domain else None)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pocketsphinx")
        self._general = pocketsphinx.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", fwdflat=False)
        self._domain = self._domain_decoder(domain) if domain else None
        self._listening = False

    def _domain_decoder(self, domain: Domain) -> pocketsphinx.Decoder:
        words = {word for sentence in domain.sentences for word in sentence.split()}
        unknown = {word for word in words if not self._lexicon.pronunciations(word)}
        sentences = {
            sentence: weight
            for sentence, weight in domain.sentences.items()
            if not unknown.intersection(sentence.split())
        }
        with tempfile.TemporaryDirectory(prefix="avatardesk-stt-") as folder:
            model, dictionary = Path(folder) / "domain.arpa", Path(folder) / "domain.dict"
            model.write_text(build_arpa(sentences), "utf-8")
            self._lexicon.write_dictionary(dictionary, words - unknown)
            return pocketsphinx.Decoder(
                samprate=SAMPLE_RATE, loglevel="FATAL", lm=str(model), dict=str(dictionary)
            )

    @property
    def _decoders(self) -> list[pocketsphinx.Decoder]:
        return [self._general] if self._domain is None else [self._general, self._domain]

    def start(self) -> None:
        """Begin an utterance."""
        for decoder in self._decoders:
            decoder.start_utt()
        self._listening = True

    def push(self, pcm: bytes) -> None:
        """Decode more of the utterance (s16le mono, 16 kHz) in both decoders; returns when both are done."""
        for done in [self._threads.submit(decoder.process_raw, pcm) for decoder in self._decoders]:
            done.result()

    def partial(self) -> Transcript:
        """Return what the utterance looks like so far."""
        return choose(_words(self._general), _words(self._domain) if self._domain else "", self._lexicon)

    def finish(self) -> Transcript:
        """End the utterance and return its words; empty text when there were none."""
        for done in [self._threads.submit(decoder.end_utt) for decoder in self._decoders]:
            done.result()
        self._listening = False
        return self.partial()

    def close(self) -> None:
        """Give the decoders' threads back; an utterance that is still going on is dropped."""
        if self._listening:
            self.finish()
        self._threads.shutdown(wait=False)


def _words(decoder: pocketsphinx.Decoder) -> str:
    found = decoder.hyp()
    return "" if found is None else " ".join(word.partition("(")[0] for word in found.hypstr.split())
