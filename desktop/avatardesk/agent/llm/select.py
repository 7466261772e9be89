"""Choose what answers: an OpenAI-compatible server, a running Ollama, or the scripted guide."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import aiohttp
from livekit.agents import NOT_GIVEN, llm
from livekit.plugins import openai

from avatardesk.agent.guide import Guide
from avatardesk.agent.llm.guide_llm import GuideLLM
from avatardesk.agent.settings import AgentSettings
from avatardesk.errors import AgentError

logger = logging.getLogger("avatardesk.agent.llm")

OLLAMA_URL = "http://127.0.0.1:11434"
_DEFAULT_MODEL = "gpt-4o-mini"
# A local server answers within milliseconds; the agent's start must not wait for one that is not there.
_PROBE_S = 0.5
# A local server without authentication still gets a header, and the client library insists on a key.
NO_KEY = "none"

INSTRUCTIONS = (
    "You are the guide of AvatarDesk, a desktop program for talking with an avatar. Your words are spoken "
    "aloud by the avatar: answer in one to three short, warm sentences of plain English, without markup, "
    "lists or emoji. The user's words come from speech recognition and may contain mistakes; guess what was "
    "meant, and ask when you cannot."
)


@dataclass(frozen=True)
class ChosenLLM:
    """What answers, and its name for people: "guide", "ollama:llama3.2", "openai:gpt-4o-mini"."""

    llm: llm.LLM[Any]
    name: str


async def choose_llm(settings: AgentSettings, guide: Guide, *, ollama_url: str = OLLAMA_URL) -> ChosenLLM:
    """Return the best answerer there is, or exactly the one that the settings name.

    Raises AgentError when the settings name one that is not there.
    """
    if settings.llm == "openai" or (
        settings.llm == "auto" and (settings.openai_base_url or settings.openai_api_key)
    ):
        return _openai(settings)
    if settings.llm in ("ollama", "auto"):
        model = await _ollama_model(ollama_url, settings.openai_model)
        if model is not None:
            client = openai.LLM(model=model, base_url=f"{ollama_url}/v1", api_key=NO_KEY)
            return ChosenLLM(client, f"ollama:{model}")
        if settings.llm == "ollama":
            raise AgentError(
                f"No Ollama with a model answers at {ollama_url}.",
                hint="Start it (ollama serve) and pull a model (ollama pull llama3.2).",
            )
    return ChosenLLM(GuideLLM(guide), "guide")


def _openai(settings: AgentSettings) -> ChosenLLM:
    if not settings.openai_api_key and not settings.openai_base_url:
        raise AgentError(
            "No OpenAI-compatible server is configured.", hint="Set OPENAI_BASE_URL, OPENAI_API_KEY, or both."
        )
    model = settings.openai_model or _DEFAULT_MODEL
    client = openai.LLM(
        model=model,
        api_key=settings.openai_api_key or NO_KEY,
        base_url=settings.openai_base_url or NOT_GIVEN,
    )
    return ChosenLLM(client, f"openai:{model}")


async def _ollama_model(url: str, wanted: str | None) -> str | None:
    """Return the model a running Ollama should use: the wanted one, else its first; None without any."""
    try:
        timeout = aiohttp.ClientTimeout(total=_PROBE_S)
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(f"{url}/api/tags") as answer:
            listed = await answer.json(content_type=None)
        names = [str(entry["name"]) for entry in listed["models"]]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return None
    if wanted and wanted not in names:
        logger.warning("Ollama has no model %s; it has %s", wanted, ", ".join(names) or "none")
    return wanted if wanted in names else names[0] if names else None
