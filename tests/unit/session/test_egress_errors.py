from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from avatarkit import AvatarSDKError, AvatarSDKErrorCode

from avatardesk.driving import AvatarService
from avatardesk.errors import AvatarError, CredentialsError
from avatardesk.session.egress import EgressSession, from_sdk
from avatardesk.session.endpoints import Admission, AvatarAccess

KEY, APP = "service-key-1", "app-1"


@pytest.fixture
async def service() -> AsyncIterator[AvatarService]:
    found = AvatarService(api_key=KEY, app_id=APP)
    await found.start()
    yield found
    await found.aclose()


def session(service: AvatarService, **changed: str) -> EgressSession:
    wanted = {"app_id": APP, "avatar_id": "nova", "api_key": KEY, **changed}
    access = AvatarAccess(service.console_url, service.ingress_url, **wanted)
    return EgressSession(access, Admission("ws://127.0.0.1:9", "token", "desk", "announcer"), 16000, "agent")


async def test_a_wrong_key_is_a_credentials_error(service: AvatarService) -> None:
    with pytest.raises(CredentialsError) as caught:
        await session(service, api_key="another-key").open()
    assert "SPATIALREAL_API_KEY" in caught.value.hint


async def test_an_avatar_nobody_knows_is_named(service: AvatarService) -> None:
    with pytest.raises(AvatarError) as caught:
        await session(service, avatar_id="nobody").open()
    assert caught.value.error_code == "unknown_avatar"
    assert caught.value.field == "avatar.avatar_id"
    assert not caught.value.can_retry


async def test_a_service_that_is_down_is_worth_another_try() -> None:
    gone = AvatarService(api_key=KEY, app_id=APP)
    await gone.start()
    closed = session(gone)
    await gone.aclose()
    with pytest.raises(AvatarError) as caught:
        await closed.open()
    assert caught.value.can_retry
    assert not closed.is_open


def test_every_code_of_the_sdk_becomes_an_error_of_ours() -> None:
    for code in AvatarSDKErrorCode:
        found = from_sdk(AvatarSDKError(code, "what happened"))
        assert isinstance(found, AvatarError | CredentialsError)
        assert "what happened" in found.message
