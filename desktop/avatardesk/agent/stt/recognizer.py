"""Speech recognition of one utterance at a time: a general and a domain decoder side by side.

The general decoder knows 72,000 words but mixes up what matters here ("what is about her desk"). The domain
decoder knows only the questions that the agent expects, and is nearly always right about those, but it
hears such a question in everything. So both listen, and the domain's words win when they fit (see Chooser).
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
# Agreement plus familiarity (see Chooser). With three flite voices every one of 165 domain questions that was
# decoded rightly has at least 1.2, and of 78 other sentences none has more than 1.12.
_SURE = 1.16
_GENERAL_CONFIDENCE = 0.4
# The mean cepstrum to begin with, before a speaker's own is known; the model leaves it open. The average of
# four speakers (one of them recorded), with a level between a loud and a soft microphone: 27 word errors
# instead of 41 with the library's, in 150 first questions (two voices, three levels).
_FIRST_MEAN = "48,8.2,5.0,26.6,-2.7,3.1,4.2,-6.4,-2.5,-6.4,7.0,1.6,2.1"
_SLICE_BYTES = SAMPLE_RATE * 2 // 25


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


class Chooser:
    """Decides between what the two decoders heard.

    Two signs together say that speech was from the domain: the words sound like what the general decoder
    heard (agreement, 0..1), and they follow each other as they do in the domain's sentences (familiarity, the
    share of word triples that occur there). Either alone is easily fooled: the domain decoder can mimic any
    sounds with a salad of its words, and it says familiar things to any noise.
    """

    def __init__(self, domain: Domain | None) -> None:
        self.lexicon = Lexicon(domain.pronunciations if domain else None)
        self._triples = (
            {triple for sentence in domain.sentences for triple in _triples(sentence)} if domain else set()
        )

    def familiarity(self, text: str) -> float:
        """Return the share of word triples (with the sentence's ends as words) that the domain knows."""
        triples = _triples(text)
        return sum(triple in self._triples for triple in triples) / len(triples)

    def choose(self, general: str, domain: str) -> Transcript:
        """Return the transcript to believe."""
        if domain:
            agreement = phone_agreement(self.lexicon.phones(general), self.lexicon.phones(domain))
            sureness = agreement + self.familiarity(domain)
            if sureness >= _SURE:
                return Transcript(domain, min(1.0, sureness / 2), True, general, domain)
        return Transcript(general, _GENERAL_CONFIDENCE if general else 0.0, False, general, domain)


def _triples(sentence: str) -> list[tuple[str, str, str]]:
    words = ["<s>", *sentence.split(), "</s>"]
    return list(zip(words, words[1:], words[2:], strict=False))


class Recognizer:
    """Two PocketSphinx decoders with a thread each. Not safe for use from several threads at once.

    Loading takes about half a second. `start`, then `push` while speech goes on, then `finish`.
    """

    def __init__(self, domain: Domain | None = None) -> None:
        self._chooser = Chooser(domain)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pocketsphinx")
        # A narrower search costs a third less time, and no more errors in what was measured; the flat second
        # pass would only begin when the user has finished.
        self._general = pocketsphinx.Decoder(
            samprate=SAMPLE_RATE, loglevel="FATAL", cmninit=_FIRST_MEAN, fwdflat=False, maxhmmpf=5000
        )
        self._domain = self._domain_decoder(domain) if domain else None
        self._listening = False

    def _domain_decoder(self, domain: Domain) -> pocketsphinx.Decoder:
        words = {word for sentence in domain.sentences for word in sentence.split()}
        unknown = {word for word in words if not self._chooser.lexicon.pronunciations(word)}
        sentences = {
            sentence: weight
            for sentence, weight in domain.sentences.items()
            if not unknown.intersection(sentence.split())
        }
        with tempfile.TemporaryDirectory(prefix="avatardesk-stt-") as folder:
            model, dictionary = Path(folder) / "domain.arpa", Path(folder) / "domain.dict"
            model.write_text(build_arpa(sentences), "utf-8")
            self._chooser.lexicon.write_dictionary(dictionary, words - unknown)
            return pocketsphinx.Decoder(
                samprate=SAMPLE_RATE,
                loglevel="FATAL",
                cmninit=_FIRST_MEAN,
                lm=str(model),
                dict=str(dictionary),
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
        """Decode more of the utterance (s16le mono, 16 kHz) in both decoders; returns when both are done.

        PocketSphinx holds the interpreter while it decodes, so a large piece is cut: the event loop and the
        VAD must get their turns in between.
        """
        for at in range(0, len(pcm), _SLICE_BYTES):
            part = pcm[at : at + _SLICE_BYTES]
            for done in [self._threads.submit(decoder.process_raw, part) for decoder in self._decoders]:
                done.result()

    def partial(self) -> Transcript:
        """Return what the utterance looks like so far."""
        return self._chooser.choose(_words(self._general), _words(self._domain) if self._domain else "")

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
