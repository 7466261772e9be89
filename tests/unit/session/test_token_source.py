from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from avatardesk.errors import AvatarDeskError, CredentialsError, RoomError
from avatardesk.session.endpoints import RoomAccess
from avatardesk.session.token_source import TokenSource

Answer = Callable[[web.Request], Awaitable[web.Response]]


class Endpoint:
    """A token endpoint on loopback that answers as the test says and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 201
        self.body: Any = {"server_url": "wss://room.example", "participant_token": "tok-123456"}
        self.asked: dict[str, Any] = {}
        self.authorization: str | None = None
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked = await request.json()
        self.authorization = request.headers.get("Authorization")
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body)
        return web.json_response(self.body, status=self.status)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    found = Endpoint()
    app = web.Application()
    app.router.add_post("/token", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    found.url = f"http://127.0.0.1:{port}/token"
    yield found
    await runner.cleanup()


async def test_the_request_follows_livekits_schema(endpoint: Endpoint) -> None:
    access = RoomAccess("", "desk", source=TokenSource(endpoint.url, "Bearer abc"), dispatch_agent="guide")
    admission = await access.admit_user("user-1")
    assert endpoint.asked == {
        "room_name": "desk",
        "participant_identity": "user-1",
        "room_config": {"agents": [{"agent_name": "guide"}]},
    }
    assert endpoint.authorization == "Bearer abc"
    assert (admission.url, admission.token) == ("wss://room.example", "tok-123456")


async def test_an_avatar_asks_to_speak_on_behalf_of_somebody(endpoint: Endpoint) -> None:
    await RoomAccess("", "desk", source=TokenSource(endpoint.url)).admit_avatar("announcer-1", "agent-1")
    assert endpoint.asked["participant_attributes"] == {"lk.publish_on_behalf": "agent-1"}
    assert endpoint.authorization is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "retryable"),
    [
        (401, "no", CredentialsError, "bad_credentials", False),
        (403, "no", CredentialsError, "bad_credentials", False),
        (400, "unsupported field", RoomError, "token_source", False),
        (503, "later", RoomError, "token_source", True),
        (200, {"token": "x"}, RoomError, "token_source", False),
        (200, ["x"], RoomError, "token_source", False),
        (200, "<html>", RoomError, "token_source", True),
    ],
)
async def test_every_wrong_answer_has_its_error(
    endpoint: Endpoint, status: int, body: object, kind: type[AvatarDeskError], code: str, retryable: bool
) -> None:
    endpoint.status, endpoint.body = status, body
    with pytest.raises(kind) as caught:
        await TokenSource(endpoint.url).fetch(room="desk", identity="user-1")
    assert caught.value.error_code == code
    assert caught.value.can_retry is retryable


async def test_an_endpoint_that_is_not_there_is_worth_another_try(unused_tcp_port: int) -> None:
    with pytest.raises(RoomError) as caught:
        await TokenSource(f"http://127.0.0.1:{unused_tcp_port}/token").fetch(room="desk", identity="user-1")
    assert caught.value.can_retry
