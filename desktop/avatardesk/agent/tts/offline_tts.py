"""Adapter from avatardesk.agent.voice to livekit-agents: text streams in, audio streams out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectionError, APIConnectOptions, tts, utils

from avatardesk.agent.voice import OfflineVoice, SentenceSplitter
from avatardesk.errors import AvatarDeskError

_FRAME_MS = 20


class OfflineTTS(tts.TTS[None]):
    """Speaks with the synthesiser of this machine."""

    def __init__(self, voice: OfflineVoice) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True), sample_rate=voice.sample_rate, num_channels=1
        )
        self.voice = voice

    @property
    def model(self) -> str:
        """The voice, for example "flite:slt"."""
        return self.voice.name

    @property
    def provider(self) -> str:
        """Where the voice comes from."""
        return "offline"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> OfflineChunkedStream:
        """Speak a whole text."""
        return OfflineChunkedStream(tts=self, input_text=text, conn_options=conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> OfflineSynthesizeStream:
        """Speak text that is still being written, sentence by sentence."""
        return OfflineSynthesizeStream(tts=self, conn_options=conn_options)


class OfflineChunkedStream(tts.ChunkedStream):
    """The speech of one text."""

    _tts: OfflineTTS

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts.voice
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=voice.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
            frame_size_ms=_FRAME_MS,
        )
        async for pcm in _speech(voice, self.input_text):
            output_emitter.push(pcm)
        output_emitter.flush()


class OfflineSynthesizeStream(tts.SynthesizeStream):
    """The speech of one reply, while its text arrives."""

    _tts: OfflineTTS

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts.voice
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=voice.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
            frame_size_ms=_FRAME_MS,
            stream=True,
        )
        output_emitter.start_segment(segment_id=utils.shortuuid())
        sentences: asyncio.Queue[str | None] = asyncio.Queue()

        async def split() -> None:
            splitter = SentenceSplitter()
            async for data in self._input_ch:
                pieces = splitter.push(data) if isinstance(data, str) else splitter.flush()
                for piece in pieces:
                    sentences.put_nowait(piece)
            for piece in splitter.flush():
                sentences.put_nowait(piece)
            sentences.put_nowait(None)

        splitting = asyncio.create_task(split(), name="tts_split_sentences")
        pause = b""
        try:
            while (sentence := await sentences.get()) is not None:
                self._mark_started()
                async for pcm in _speech(voice, sentence):
                    if pause:
                        output_emitter.push(pause)
                        pause = b""
                    output_emitter.push(pcm)
                output_emitter.flush()
                pause = voice.pause_after(sentence)
            output_emitter.end_segment()
        finally:
            await utils.aio.cancel_and_wait(splitting)


async def _speech(voice: OfflineVoice, text: str) -> AsyncIterator[bytes]:
    try:
        async for pcm in voice.synthesize(text):
            yield pcm
    except AvatarDeskError as error:
        raise APIConnectionError(str(error)) from error
