"""The conversation: from everything the user has said so far to the guide's next answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from avatardesk.agent.guide.knowledge import Knowledge, Topic, load_knowledge
from avatardesk.agent.guide.matcher import Matcher, words_of
from avatardesk.agent.guide.skills import calendar_day, clock, name_alone, name_given, work_out

_HISTORY = 40
# Below this a topic gives way to "I'm" and a word that is not in the script, which is most likely a name.
_CERTAIN = 0.9


@dataclass(frozen=True)
class Reply:
    """What the guide says next, and which topic it took ("" when it had none)."""

    text: str
    topic_id: str


@dataclass
class _State:
    """What the guide remembers while it goes through a conversation."""

    used: Counter[str] = field(default_factory=Counter)
    last_topic: str = ""
    last_text: str = ""
    offered: str = "help"
    name: str = ""
    more_given: Counter[str] = field(default_factory=Counter)


class Guide:
    """Answers questions about AvatarDesk and a few everyday things."""

    def __init__(
        self, knowledge: Knowledge | None = None, *, now: Callable[[], datetime] = datetime.now
    ) -> None:
        self._knowledge = knowledge or load_knowledge()
        self._matcher = Matcher(self._knowledge)
        self._now = now

    @property
    def greeting(self) -> str:
        """What to say when somebody arrives for the first time."""
        return self._knowledge.lines["greeting"][0]

    def reply(self, said: Sequence[str]) -> Reply:
        """Return the answer to the last of the user's utterances, given the ones before it, oldest first."""
        state = _State()
        reply = Reply(self._line("unheard", state), "")
        for text in said[-_HISTORY:]:
            reply = self._step(state, text)
            state.last_text = reply.text
        return reply

    def _step(self, state: _State, text: str) -> Reply:
        if not words_of(text):
            return Reply(self._line("unheard", state), "")
        if (result := work_out(text)) is not None:
            return self._answer(state, self._knowledge.topic("sum"), {"sum": _capital(result)})
        if (name := name_given(text)) is not None:
            state.name = name
            return self._answer(state, self._knowledge.topic("my_name"), {"name": name})
        match = self._matcher.match(text)
        if (match is None or match.score < _CERTAIN) and (name := name_alone(text)) is not None:
            state.name = name
            return self._answer(state, self._knowledge.topic("my_name"), {"name": name})
        if match is None:
            state.offered = ""
            return Reply(self._line("fallback", state).format(heard=_quoted(text)), "")
        topic = self._knowledge.topic(match.topic_id)
        if topic.role:
            return self._steer(state, topic)
        return self._talk(state, topic, text)

    def _steer(self, state: _State, topic: Topic) -> Reply:
        """Answer yes, no, tell me more, again."""
        offered, state.offered = state.offered, ""
        if topic.role == "yes":
            if offered:
                return self._talk(state, self._knowledge.topic(offered), "")
            return Reply(self._line("agreed", state), topic.id)
        if topic.role == "no":
            return Reply(self._line("declined", state), topic.id)
        if topic.role == "again":
            state.offered = offered
            return Reply(state.last_text or self._line("nothing_yet", state), topic.id)
        if not state.last_topic:
            return self._talk(state, self._knowledge.topic("what"), "")
        last = self._knowledge.topic(state.last_topic)
        given = state.more_given[last.id]
        if given < len(last.more):
            state.more_given[last.id] += 1
            return Reply(last.more[given], last.id)
        if offered:
            return self._talk(state, self._knowledge.topic(offered), "")
        if last.id in {"joke", "fact"}:
            return self._talk(state, last, "")
        return Reply(self._line("no_more", state), last.id)

    def _talk(self, state: _State, topic: Topic, text: str) -> Reply:
        if topic.skill == "sum":
            return self._answer(state, topic, {"sum": "Give me a sum, such as seven times eight"})
        if topic.skill == "remember_name" and not state.name:
            state.offered = ""
            return Reply(self._line("fallback", state).format(heard=_quoted(text)), "")
        recalled = (
            f"You told me that you're {state.name}." if state.name else "You haven't told me your name yet."
        )
        now = self._now()
        values = {"time": clock(now), "date": calendar_day(now), "name": state.name, "recalled": recalled}
        return self._answer(state, topic, values)

    def _answer(self, state: _State, topic: Topic, values: dict[str, str]) -> Reply:
        turn = state.used[topic.id]
        state.used[topic.id] += 1
        text = topic.say[turn % len(topic.say)].format_map(values)
        state.last_topic = topic.id
        state.offered = ""
        if topic.yes and (turn == 0 or not topic.offer):
            text = f"{text} {topic.offer}".strip()
            state.offered = topic.yes
        return Reply(text, topic.id)

    def _line(self, name: str, state: _State) -> str:
        lines = self._knowledge.lines[name]
        turn = state.used[f"line:{name}"]
        state.used[f"line:{name}"] += 1
        return lines[turn % len(lines)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _quoted(text: str) -> str:
    """The user's words, short enough to be read back, and safe to be spoken."""
    return " ".join(text.replace("{", " ").replace("}", " ").split()[:14]).strip(" .,!?")
