"""What the guide knows: topics.toml, read and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from avatardesk.agent.guide.phrases import expand
from avatardesk.errors import InputError

_ROLES = ("", "yes", "no", "more", "again")
_LINES = ("greeting", "unheard", "fallback", "declined", "agreed", "no_more", "nothing_yet")


@dataclass(frozen=True)
class Topic:
    """One thing the guide can talk about (or, with a role, one way to steer the conversation)."""

    id: str
    templates: tuple[str, ...]
    keys: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    offer: str = ""
    yes: str = ""
    skill: str = ""
    role: str = ""


@dataclass(frozen=True)
class Knowledge:
    """All topics, the stock lines, and the names that need help to be heard."""

    topics: tuple[Topic, ...]
    lines: dict[str, tuple[str, ...]]
    names: dict[str, tuple[str, ...]]
    misheard: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pronunciations: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def topic(self, topic_id: str) -> Topic:
        """Return a topic by its id; KeyError when there is none."""
        for topic in self.topics:
            if topic.id == topic_id:
                return topic
        raise KeyError(topic_id)


def parse_knowledge(text: str) -> Knowledge:
    """Read the TOML text of a topic table. Raises InputError naming the topic at fault."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The topic table is not valid TOML: {error}.") from None
    topics = tuple(_topic(entry) for entry in data.get("topic", []))
    known = {topic.id for topic in topics}
    if len(known) != len(topics):
        raise InputError("Two topics have the same id.")
    for topic in topics:
        if topic.yes and topic.yes not in known:
            raise InputError(f"Topic {topic.id!r} leads to {topic.yes!r}, which does not exist.")
    missing = [name for name in _LINES if not data.get(name)]
    if missing:
        raise InputError(f"The topic table lacks the lines {', '.join(missing)}.")
    return Knowledge(
        topics=topics,
        lines={name: tuple(data[name]) for name in _LINES},
        names={name: tuple(heard) for name, heard in data.get("names", {}).items()},
        misheard={meant: tuple(heard) for meant, heard in data.get("misheard", {}).items()},
        pronunciations={word: tuple(said) for word, said in data.get("pronunciations", {}).items()},
    )


def _topic(entry: dict[str, Any]) -> Topic:
    name = str(entry.get("id", "?"))
    unknown = entry.keys() - {"id", "ask", "keys", "say", "more", "offer", "yes", "skill", "role"}
    if unknown or not entry.get("ask"):
        raise InputError(f"Topic {name!r} has unknown fields {sorted(unknown)} or no way to ask for it.")
    topic = Topic(
        id=name,
        templates=tuple(entry["ask"]),
        keys=tuple(entry.get("keys", ())),
        say=tuple(entry.get("say", ())),
        more=tuple(entry.get("more", ())),
        offer=str(entry.get("offer", "")),
        yes=str(entry.get("yes", "")),
        skill=str(entry.get("skill", "")),
        role=str(entry.get("role", "")),
    )
    if topic.role not in _ROLES or bool(topic.role) == bool(topic.say):
        raise InputError(f"Topic {name!r} needs either answers (say) or a role out of {_ROLES[1:]}.")
    for template in topic.templates:
        expand(template)
    return topic


@cache
def load_knowledge() -> Knowledge:
    """Return the topics that come with the program."""
    return parse_knowledge(
        resources.files("avatardesk.agent.guide").joinpath("topics.toml").read_text("utf-8")
    )
