"""Who in the room is the user, and whom the agent listens to."""

from __future__ import annotations

from collections.abc import Iterable

from livekit import rtc
from livekit.agents.types import ATTRIBUTE_PUBLISH_ON_BEHALF

USER_PREFIX = "user-"
# Participants of ours that are no users, whatever kind their token gave them.
_OURS = ("avatardesk-", "avatar", "spatialreal-")


def is_user(participant: rtc.RemoteParticipant) -> bool:
    """Say whether a participant is a person to talk with: no agent, avatar, egress or recorder."""
    return (
        participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
        and ATTRIBUTE_PUBLISH_ON_BEHALF not in participant.attributes
        and not participant.identity.startswith(_OURS)
    )


def choose_user(participants: Iterable[rtc.RemoteParticipant]) -> rtc.RemoteParticipant | None:
    """Return the user to listen to: our own page's participant before anybody else's, or None."""
    users = [participant for participant in participants if is_user(participant)]
    users.sort(key=lambda participant: not participant.identity.startswith(USER_PREFIX))
    return users[0] if users else None
