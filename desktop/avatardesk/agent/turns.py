"""One line of figures for every turn of the conversation, for people and for the bench."""

from __future__ import annotations

import json
import logging
from typing import Any

from livekit.agents import AgentSession, ConversationItemAddedEvent, llm

logger = logging.getLogger("avatardesk.agent.turns")

_USER = {"transcription_delay": "stt", "end_of_turn_delay": "endpointing"}
_AGENT = {
    "llm_node_ttft": "llm",
    "tts_node_ttfb": "tts",
    "playback_latency": "playback",
    "e2e_latency": "total",
}


class TurnLog:
    """Logs `turn {json}`: milliseconds of endpointing, stt, llm, tts, playback, total (see docs/agent.md).

    Figures that the framework could not measure are left out. The words themselves are not logged.
    """

    def __init__(self, session: AgentSession[None]) -> None:
        self._user: dict[str, int] = {}
        session.on("conversation_item_added", self._added)

    def _added(self, event: ConversationItemAddedEvent) -> None:
        item = event.item
        if not isinstance(item, llm.ChatMessage):
            return
        if item.role == "user":
            self._user = _milliseconds(item.metrics, _USER)
        elif item.role == "assistant":
            figures: dict[str, Any] = {**self._user, **_milliseconds(item.metrics, _AGENT)}
            figures["interrupted"] = item.interrupted
            self._user = {}
            logger.info("turn %s", json.dumps(figures))


def _milliseconds(metrics: Any, names: dict[str, str]) -> dict[str, int]:
    return {short: round(metrics[name] * 1000) for name, short in names.items() if name in metrics}
