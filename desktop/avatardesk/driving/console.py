"""The console's REST: session tokens for an API key, in both dialects of the SDKs."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable

from aiohttp import web

from avatardesk.driving.limits import MAX_TOKEN_SECONDS
from avatardesk.driving.tokens import SessionTokens

CONSOLE_PATH = "/v1/console"


def error_response(status: int, code: str, title: str, detail: str) -> web.Response:
    """Return an error as the console words it.

    Neither codes nor titles use gRPC's words: avatarkit takes "unauthorized" for a wrong egress.
    """
    entry = {"status": status, "code": code, "title": title, "detail": detail}
    return web.json_response({"errors": [entry]}, status=status)


class Console:
    """Hands out session tokens. `clock` returns unix seconds."""

    def __init__(
        self, api_key: str, app_id: str, tokens: SessionTokens, clock: Callable[[], float] = time.time
    ) -> None:
        self._api_key = api_key
        self._app_id = app_id
        self._tokens = tokens
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: avatarkit and spatius ask below the console path, spatialreal below the root."""
        return [
            web.post(f"{CONSOLE_PATH}/session-tokens", self._camel_case),
            web.post("/v1/auth/session-token", self._snake_case),
        ]

    async def _camel_case(self, request: web.Request) -> web.Response:
        return await self._answer(request, "sessionToken")

    async def _snake_case(self, request: web.Request) -> web.Response:
        return await self._answer(request, "session_token")

    async def _answer(self, request: web.Request, name: str) -> web.Response:
        given = request.headers.get("X-Api-Key", "")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            return error_response(
                401, "api_key_invalid", "API key refused", "the X-Api-Key header holds no valid API key"
            )
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return error_response(400, "body_invalid", "Bad request", "the body is no JSON object")
        if body.get("appId", self._app_id) != self._app_id:
            return error_response(
                400, "app_id_mismatch", "Bad request", "app id mismatch: the API key is for another app"
            )
        expire_at = body.get("expireAt")
        now = self._clock()
        if not isinstance(expire_at, int) or isinstance(expire_at, bool):
            return error_response(400, "expire_at_invalid", "Bad request", "expireAt is no unix time")
        if not now < expire_at <= now + MAX_TOKEN_SECONDS:
            return error_response(
                400, "expire_at_invalid", "Bad request", "expireAt must be within the next 24 hours"
            )
        return web.json_response({name: self._tokens.make(expire_at)})
