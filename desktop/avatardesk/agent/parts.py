"""The exchangeable parts of the pipeline: ears, answers, voice; chosen once per process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from livekit.agents import NOT_GIVEN, llm, stt, tts
from livekit.plugins import openai

from avatardesk.agent.guide import Guide, load_knowledge
from avatardesk.agent.guide.domain import spoken_questions
from avatardesk.agent.llm.select import NO_KEY, choose_llm
from avatardesk.agent.settings import AgentSettings
from avatardesk.agent.stt.language_model import weigh
from avatardesk.agent.stt.pocketsphinx_stt import PocketSphinxSTT
from avatardesk.agent.stt.recognizer import Domain, Recognizer
from avatardesk.agent.tts.offline_tts import OfflineTTS
from avatardesk.agent.voice import OfflineVoice


@dataclass(frozen=True)
class Parts:
    """What the pipeline is made of, with the names the readiness line reports."""

    stt: stt.STT[Any]
    llm: llm.LLM[Any]
    tts: tts.TTS[Any]
    guide: Guide
    names: dict[str, str]

    async def aclose(self) -> None:
        """Close the parts that hold threads or connections."""
        await asyncio.gather(self.stt.aclose(), self.llm.aclose(), self.tts.aclose())


async def build_parts(settings: AgentSettings) -> Parts:
    """Choose and load the parts. Raises AvatarDeskError when a named one is not there."""
    guide = await asyncio.to_thread(Guide)
    chosen = await choose_llm(settings, guide)
    ears, ears_name = await _stt(settings)
    voice, voice_name = _tts(settings)
    return Parts(ears, chosen.llm, voice, guide, {"stt": ears_name, "llm": chosen.name, "tts": voice_name})


async def _stt(settings: AgentSettings) -> tuple[stt.STT[Any], str]:
    if settings.stt == "openai":
        return openai.STT(
            use_realtime=False,
            api_key=settings.openai_api_key or NO_KEY,
            base_url=settings.openai_base_url or NOT_GIVEN,
        ), "openai"
    knowledge = load_knowledge()
    domain = Domain(weigh(spoken_questions(knowledge)), knowledge.pronunciations)
    recognizer = await asyncio.to_thread(Recognizer, domain)
    return PocketSphinxSTT(recognizer), "pocketsphinx"


def _tts(settings: AgentSettings) -> tuple[tts.TTS[Any], str]:
    if settings.tts == "openai":
        return openai.TTS(
            api_key=settings.openai_api_key or NO_KEY, base_url=settings.openai_base_url or NOT_GIVEN
        ), "openai"
    voice = OfflineVoice.find(settings.voice)
    return OfflineTTS(voice), voice.name
