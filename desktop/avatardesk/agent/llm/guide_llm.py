"""The scripted guide as a LiveKit LLM, so that it and a real model are one and the same to the pipeline."""

from __future__ import annotations

from typing import Any

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr, llm, utils

from avatardesk.agent.guide import Guide
from avatardesk.agent.voice import split_sentences


class GuideLLM(llm.LLM[None]):
    """Answers from the guide's script; the conversation so far is all it looks at."""

    def __init__(self, guide: Guide) -> None:
        super().__init__()
        self.guide = guide

    @property
    def model(self) -> str:
        """The script."""
        return "guide"

    @property
    def provider(self) -> str:
        """Who made it."""
        return "avatardesk"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,
    ) -> GuideStream:
        """Answer the last thing the user said."""
        return GuideStream(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class GuideStream(llm.LLMStream):
    """One answer, a sentence at a time."""

    _llm: GuideLLM

    async def _run(self) -> None:
        said = [message.text_content or "" for message in self._chat_ctx.messages() if message.role == "user"]
        reply = self._llm.guide.reply(said)
        request_id = utils.shortuuid("guide_")
        for sentence in split_sentences(reply.text):
            delta = llm.ChoiceDelta(role="assistant", content=f"{sentence} ")
            self._event_ch.send_nowait(llm.ChatChunk(id=request_id, delta=delta))
