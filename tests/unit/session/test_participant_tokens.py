from __future__ import annotations

import time
from typing import Any

import jwt

from avatardesk.session.tokens import RoomKeys, avatar_token, random_identity, user_token

KEYS = RoomKeys("APIkey", "s" * 40)


def decoded(token: str) -> dict[str, Any]:
    return jwt.decode(token, KEYS.api_secret, algorithms=["HS256"], issuer=KEYS.api_key)


def lifetime(claims: dict[str, Any]) -> float:
    return claims.pop("exp") - time.time()


def test_the_user_may_hear_publish_a_microphone_and_chat_and_nothing_more() -> None:
    claims = decoded(user_token(KEYS, room="desk", identity="user-1"))
    assert 14 * 60 < lifetime(claims) <= 15 * 60 + 1
    claims.pop("nbf", None)
    assert claims == {
        "iss": "APIkey",
        "sub": "user-1",
        "video": {
            "roomJoin": True,
            "room": "desk",
            "canPublish": True,
            "canSubscribe": True,
            "canPublishData": True,
            "canPublishSources": ["microphone"],
            "canUpdateOwnMetadata": False,
        },
    }


def test_the_avatar_speaks_for_somebody_and_hears_nothing() -> None:
    claims = decoded(avatar_token(KEYS, room="desk", identity="announcer-1", on_behalf_of="agent-1"))
    assert 59 * 60 < lifetime(claims) <= 60 * 60 + 1
    claims.pop("nbf", None)
    assert claims == {
        "iss": "APIkey",
        "sub": "announcer-1",
        "kind": "agent",
        "attributes": {"lk.publish_on_behalf": "agent-1"},
        "video": {
            "roomJoin": True,
            "room": "desk",
            "canPublish": True,
            "canSubscribe": False,
            "canPublishData": True,
            "canPublishSources": ["camera", "microphone"],
            "canUpdateOwnMetadata": False,
        },
    }


def test_an_agent_that_runs_elsewhere_is_called_by_name() -> None:
    claims = decoded(user_token(KEYS, room="desk", identity="user-1", dispatch_agent="guide"))
    assert claims["roomConfig"] == {"agents": [{"agentName": "guide"}]}


def test_random_keys_differ_and_are_long_enough_for_a_livekit_server() -> None:
    first, second = RoomKeys.random(), RoomKeys.random()
    assert first != second
    assert len(first.api_secret) >= 32
    assert first.api_secret not in repr(first)


def test_identities_are_random_and_say_nothing_about_the_person() -> None:
    assert random_identity("user") != random_identity("user")
    assert random_identity("user").startswith("user-")
