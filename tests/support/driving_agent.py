"""A voice agent without intelligence or voice: an LLM that recites and a TTS that hums, both at once."""

from __future__ import annotations

from typing import Any

from livekit.agents import APIConnectOptions, llm, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from support.driving_clients import tone

RATE = 24000


class HummingTTS(tts.TTS):
    """Says every text as a tone of `seconds` at 24 kHz, all of it at once."""

    def __init__(self, seconds: float) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)
        self.seconds = seconds

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Hum(tts=self, input_text=text, conn_options=conn_options)


class _Hum(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, HummingTTS)
        output_emitter.initialize(request_id="hum", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(tone(self._tts.seconds, RATE))
        output_emitter.flush()


class RecitingLLM(llm.LLM):
    """Answers everything with one sentence."""

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[Any] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> llm.LLMStream:
        return _Recital(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Recital(llm.LLMStream):
    async def _run(self) -> None:
        delta = llm.ChoiceDelta(role="assistant", content="It was a bright cold day in April.")
        self._event_ch.send_nowait(llm.ChatChunk(id="recital", delta=delta))
