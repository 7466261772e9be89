"""The scripted guide: answers from a table of topics, robust to what a speech recogniser mishears.

No network, no model: `Guide` maps a conversation so far to the next answer. It keeps no state of its own, so
an answer made in advance and then thrown away, or a second conversation, leaves no trace.
"""

from __future__ import annotations

from avatardesk.agent.guide.dialogue import Guide, Reply
from avatardesk.agent.guide.knowledge import Knowledge, Topic, load_knowledge

__all__ = ["Guide", "Knowledge", "Reply", "Topic", "load_knowledge"]
