"""Access tokens: what is believed and what is granted."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from livekit import api
from livekit.protocol import models

from avatardesk.room.tokens import Grants, TokenError, may_publish, refreshed, verify

KEYS = {
    "key": "a secret that has forty characters, yes!",
    "other": "another secret of just the same length!!",
}


def _verify(claims: dict[str, Any]) -> Grants:
    return verify(jwt.encode({"iss": "key", "exp": time.time() + 60, **claims}, KEYS["key"], "HS256"), KEYS)


def test_a_token_of_the_server_sdk_is_read_whole() -> None:
    token = (
        api.AccessToken("key", KEYS["key"])
        .with_identity("ann")
        .with_name("Ann")
        .with_kind("agent")
        .with_metadata("m")
        .with_attributes({"a": "b"})
        .with_grants(
            api.VideoGrants(
                room_join=True,
                room="desk",
                room_admin=True,
                hidden=True,
                can_subscribe=False,
                can_publish_sources=["microphone"],
                can_update_own_metadata=True,
            )
        )
    )
    grants = verify(token.to_jwt(), KEYS)
    assert (grants.identity, grants.name, grants.metadata, grants.room) == ("ann", "Ann", "m", "desk")
    assert grants.kind == models.ParticipantInfo.AGENT
    assert dict(grants.attributes) == {"a": "b"}
    assert grants.room_join
    assert grants.room_admin
    assert not grants.room_create
    permission = grants.permission()
    assert permission.hidden
    assert permission.can_publish
    assert not permission.can_subscribe
    assert permission.can_update_metadata
    assert list(permission.can_publish_sources) == [models.TrackSource.MICROPHONE]


def test_what_is_not_said_is_granted_for_media_and_not_for_power() -> None:
    permission = _verify({"sub": "ann", "video": {}}).permission()
    assert permission.can_publish
    assert permission.can_subscribe
    assert permission.can_publish_data
    assert not permission.can_update_metadata
    grants = _verify({})
    assert not (grants.room_join or grants.room_admin or grants.room_create or grants.room_list)


def test_a_grant_must_be_a_real_true() -> None:
    assert not _verify({"video": {"roomJoin": "yes", "roomAdmin": 1}}).room_join


@pytest.mark.parametrize(
    "claims", [{"video": "all"}, {"attributes": "none"}, {"video": []}, {"attributes": ["a"]}], ids=str
)
def test_claims_of_a_wrong_type_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenError, match="wrong type"):
        _verify(claims)


def test_a_token_without_an_end_is_refused() -> None:
    with pytest.raises(TokenError, match="exp"):
        verify(jwt.encode({"iss": "key"}, KEYS["key"], "HS256"), KEYS)


def test_one_keys_secret_does_not_open_another_key() -> None:
    with pytest.raises(TokenError, match="ignature"):
        verify(jwt.encode({"iss": "other", "exp": time.time() + 60}, KEYS["key"], "HS256"), KEYS)


@pytest.mark.parametrize(
    "text", ["", "a", "a.b.c", "é", "." * 5000, "[" * 5000, "eyJhbGciOiJIUzI1NiJ9.W10.x"]
)
def test_nonsense_is_refused_with_a_clear_error(text: str) -> None:
    with pytest.raises(TokenError):
        verify(text, KEYS)


def test_sources_limit_what_may_be_published() -> None:
    only_camera = models.ParticipantPermission(
        can_publish=True, can_publish_sources=[models.TrackSource.CAMERA]
    )
    assert may_publish(only_camera, models.TrackSource.CAMERA)
    assert not may_publish(only_camera, models.TrackSource.MICROPHONE)
    assert may_publish(models.ParticipantPermission(can_publish=True), models.TrackSource.UNKNOWN)
    assert not may_publish(models.ParticipantPermission(), models.TrackSource.CAMERA)


def test_a_refreshed_token_carries_what_is_now() -> None:
    grants = _verify(
        {"sub": "ann", "name": "Ann", "video": {"room": "desk", "roomJoin": True, "roomAdmin": True}}
    )
    info = models.ParticipantInfo(
        identity="ann",
        name="Ann II",
        metadata="later",
        attributes={"seat": "4"},
        kind=models.ParticipantInfo.AGENT,
        permission=models.ParticipantPermission(
            can_publish=True, can_subscribe=True, can_publish_sources=[models.TrackSource.MICROPHONE]
        ),
    )
    again = verify(refreshed(grants, "desk", info, KEYS), KEYS)
    assert (again.identity, again.name, again.metadata, again.room) == ("ann", "Ann II", "later", "desk")
    assert dict(again.attributes) == {"seat": "4"}
    assert again.kind == models.ParticipantInfo.AGENT
    assert again.room_join
    assert again.room_admin
    assert again.can_publish
    assert not again.can_publish_data
    assert again.can_publish_sources == {models.TrackSource.MICROPHONE}
