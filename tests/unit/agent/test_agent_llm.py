from __future__ import annotations

import asyncio
from typing import Any

import pytest
from livekit.agents import llm
from support.fake_openai import fake_openai

from avatardesk.agent.guide import Guide
from avatardesk.agent.llm.guide_llm import GuideLLM
from avatardesk.agent.llm.select import choose_llm
from avatardesk.agent.settings import AgentSettings
from avatardesk.errors import AgentError

NOWHERE = "http://127.0.0.1:9"


def settings(**options: Any) -> AgentSettings:
    return AgentSettings("ws://127.0.0.1:1", "key", "secret", "desk", None, **options)


@pytest.fixture(scope="module")
def guide() -> Guide:
    return Guide()


async def ask(answerer: llm.LLM[Any], *said: str) -> list[str]:
    context = llm.ChatContext.empty()
    for text in said:
        context.add_message(role="user", content=text)
    async with asyncio.timeout(20), answerer.chat(chat_ctx=context) as stream:
        return [chunk.delta.content async for chunk in stream if chunk.delta and chunk.delta.content]


async def test_without_any_model_the_guide_answers_sentence_by_sentence(guide: Guide) -> None:
    chosen = await choose_llm(settings(), guide, ollama_url=NOWHERE)
    assert chosen.name == "guide"
    assert isinstance(chosen.llm, GuideLLM)
    chunks = await ask(chosen.llm, "what is avatar desk")
    assert len(chunks) >= 2
    assert "".join(chunks).strip() == guide.reply(["what is avatar desk"]).text


async def test_the_guide_sees_the_whole_conversation(guide: Guide) -> None:
    chunks = await ask(GuideLLM(guide), "my name is Clara", "what is my name")
    assert "Clara" in "".join(chunks)


async def test_an_openai_compatible_server_takes_over_when_it_is_configured(guide: Guide) -> None:
    async with fake_openai("Good day from the model.") as server:
        options = settings(openai_base_url=server.base_url, openai_api_key="sk-test", openai_model="tiny")
        chosen = await choose_llm(options, guide, ollama_url=NOWHERE)
        assert chosen.name == "openai:tiny"
        assert "".join(await ask(chosen.llm, "hello")) == "Good day from the model."
        assert server.requests[0]["model"] == "tiny"
        assert server.requests[0]["messages"][-1]["content"] == "hello"
        assert server.authorization == ["Bearer sk-test"]
        await chosen.llm.aclose()


async def test_a_running_ollama_is_found_with_its_first_or_the_wanted_model(guide: Guide) -> None:
    async with fake_openai("From Ollama.", models=("llama3.2:latest", "qwen3:4b")) as server:
        chosen = await choose_llm(settings(), guide, ollama_url=server.root)
        assert chosen.name == "ollama:llama3.2:latest"
        assert "".join(await ask(chosen.llm, "hello")) == "From Ollama."
        await chosen.llm.aclose()
        wanted = await choose_llm(settings(openai_model="qwen3:4b"), guide, ollama_url=server.root)
        assert wanted.name == "ollama:qwen3:4b"
        await wanted.llm.aclose()


async def test_an_ollama_without_models_does_not_take_over(guide: Guide) -> None:
    async with fake_openai() as server:
        assert (await choose_llm(settings(), guide, ollama_url=server.root)).name == "guide"


async def test_the_guide_can_be_chosen_although_a_model_is_there(guide: Guide) -> None:
    async with fake_openai(models=("m",)) as server:
        options = settings(llm="guide", openai_base_url=server.base_url)
        assert (await choose_llm(options, guide, ollama_url=server.root)).name == "guide"


@pytest.mark.parametrize(("name", "hint"), [("ollama", "ollama serve"), ("openai", "OPENAI_BASE_URL")])
async def test_a_model_that_was_asked_for_but_is_not_there_is_an_error(
    guide: Guide, name: str, hint: str
) -> None:
    with pytest.raises(AgentError) as missing:
        await choose_llm(settings(llm=name), guide, ollama_url=NOWHERE)
    assert hint in missing.value.hint
