"""The recogniser as a LiveKit STT: VAD decides where utterances begin and end, decoding runs beside the loop.

While an utterance goes on it reports interim words; at a short pause it reports words that an answer may
already be prepared for (preflight); when the pause is long enough, the final words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from livekit import rtc
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
    inference,
    stt,
    utils,
    vad,
)
from livekit.agents.language import LanguageCode

from avatardesk.agent.stt.recognizer import SAMPLE_RATE, Recognizer, Transcript

logger = logging.getLogger("avatardesk.agent.stt")

_LANGUAGE = LanguageCode("en")
_INTERIM_S = 0.3
# A cough or a knock that passes the VAD is heard as some short word; real answers that short ("yes", "no",
# "stop") are ones the domain decoder knows.
_SHORT_SPEECH_S = 0.4


@dataclass(frozen=True)
class Pauses:
    """How much silence means what, in seconds."""

    preflight: float = 0.12
    final: float = 0.24


class PocketSphinxSTT(stt.STT[None]):
    """Offline English speech to text; see the package's docstring."""

    def __init__(self, recognizer: Recognizer, *, pauses: Pauses | None = None) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self._recognizer = recognizer
        self._pauses = pauses or Pauses()
        self._vad = inference.VAD(
            model="silero", min_silence_duration=self._pauses.final, prefix_padding_duration=0.25
        )
        # One utterance at a time: a stream that is being replaced may still finish its last one.
        self._decoding = asyncio.Lock()

    @property
    def model(self) -> str:
        """The acoustic and language model."""
        return "en-us"

    @property
    def provider(self) -> str:
        """The engine, as the readiness line names it."""
        return "pocketsphinx"

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.SpeechEvent:
        frame = utils.merge_frames(buffer)
        resampler = rtc.AudioResampler(frame.sample_rate, SAMPLE_RATE, num_channels=frame.num_channels)
        frames = [frame] if frame.sample_rate == SAMPLE_RATE else [*resampler.push(frame), *resampler.flush()]
        async with self._decoding:
            found = await asyncio.to_thread(self._decode, b"".join(bytes(part.data) for part in frames))
        return _event(stt.SpeechEventType.FINAL_TRANSCRIPT, found)

    def _decode(self, pcm: bytes) -> Transcript:
        self._recognizer.start()
        self._recognizer.push(pcm)
        return self._recognizer.finish()

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> RecognizeStream:
        """Open a stream; audio of any rate is resampled to 16 kHz."""
        return RecognizeStream(self, self._recognizer, self._vad, self._pauses, self._decoding, conn_options)

    async def aclose(self) -> None:
        """Give the decoders' threads back."""
        async with self._decoding:
            self._recognizer.close()


class RecognizeStream(stt.RecognizeStream):
    """One stream of audio, cut into utterances."""

    def __init__(
        self,
        parent: PocketSphinxSTT,
        recognizer: Recognizer,
        detector: vad.VAD,
        pauses: Pauses,
        decoding: asyncio.Lock,
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=parent, conn_options=conn_options, sample_rate=SAMPLE_RATE)
        self._recognizer = recognizer
        self._detector = detector
        self._pauses = pauses
        self._decoding = decoding

    async def _run(self) -> None:
        speech = self._detector.stream()

        async def forward() -> None:
            async for item in self._input_ch:
                if isinstance(item, rtc.AudioFrame):
                    speech.push_frame(item)
            speech.end_input()

        forwarding = asyncio.create_task(forward(), name="stt_forward_audio")
        try:
            events = aiter(speech)
            async for event in events:
                if event.type == vad.VADEventType.START_OF_SPEECH:
                    async with self._decoding:
                        await self._utterance(event, events)
        finally:
            await utils.aio.cancel_and_wait(forwarding)
            await speech.aclose()

    async def _utterance(self, start: vad.VADEvent, events: AsyncIterator[vad.VADEvent]) -> None:
        """Decode from the start of speech to its end (or the end of the audio)."""
        self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH))
        self._recognizer.start()
        decoder = _Feeder(self._recognizer)
        decoder.push(start.frames)
        # In a pause that may be the end nothing is decoded: its noise would only add words ("what can you do
        # you"), and the words the answer is prepared for would differ from the final ones.
        withheld: list[rtc.AudioFrame] = []
        paused, reported, since_report, speech_s = False, "", 0.0, start.speech_duration
        try:
            async for event in events:
                if event.type == vad.VADEventType.END_OF_SPEECH:
                    speech_s = max(0.0, event.speech_duration - event.silence_duration)
                    break
                if event.type != vad.VADEventType.INFERENCE_DONE:
                    continue
                since_report += sum(frame.duration for frame in event.frames)
                pausing = event.raw_accumulated_silence >= self._pauses.preflight
                withheld += event.frames
                if not pausing:
                    decoder.push(withheld)
                    withheld.clear()
                if (pausing and not paused) or (since_report >= _INTERIM_S and not pausing):
                    since_report = 0.0
                    found = await decoder.partial()
                    if found.text and (found.text != reported or pausing):
                        reported = found.text
                        kind = stt.SpeechEventType
                        self._event_ch.send_nowait(
                            _event(kind.PREFLIGHT_TRANSCRIPT if pausing else kind.INTERIM_TRANSCRIPT, found)
                        )
                paused = pausing
        finally:
            final = await decoder.finish()
        if not _worth_an_answer(final, speech_s):
            logger.debug("a short sound was not taken as speech")
            final = Transcript("", 0.0, False, "", "")
        self._event_ch.send_nowait(_event(stt.SpeechEventType.FINAL_TRANSCRIPT, final))
        self._event_ch.send_nowait(stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH))


class _Feeder:
    """Feeds a recogniser from a worker thread, in order, a batch at a time."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self._pending = bytearray()
        self._work: asyncio.Task[None] | None = None

    def push(self, frames: list[rtc.AudioFrame]) -> None:
        """Queue audio; decoding starts at once unless a batch is on its way."""
        for frame in frames:
            self._pending += frame.data.tobytes()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain(), name="stt_decode")

    async def _drain(self) -> None:
        while self._pending:
            batch = bytes(self._pending)
            self._pending.clear()
            await asyncio.to_thread(self._recognizer.push, batch)

    async def _idle(self) -> None:
        if self._work is not None:
            await self._work

    async def partial(self) -> Transcript:
        """Decode all that was pushed and return the words so far."""
        await self._idle()
        return await asyncio.to_thread(self._recognizer.partial)

    async def finish(self) -> Transcript:
        """Decode all that was pushed and end the utterance."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._idle()
        return await asyncio.to_thread(self._recognizer.finish)


def _worth_an_answer(found: Transcript, speech_s: float) -> bool:
    return bool(found.text) and (speech_s >= _SHORT_SPEECH_S or found.in_domain)


def _event(kind: stt.SpeechEventType, found: Transcript) -> stt.SpeechEvent:
    return stt.SpeechEvent(
        type=kind,
        alternatives=[stt.SpeechData(language=_LANGUAGE, text=found.text, confidence=found.confidence)],
    )
