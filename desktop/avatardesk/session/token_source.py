"""Room tokens from a backend, by LiveKit's TokenSource endpoint schema.

`POST` with `room_name`, `participant_identity`, `participant_name`, `participant_attributes`, `room_config`;
the answer, usually 201, is `{"server_url", "participant_token"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from avatardesk import logs
from avatardesk.errors import CredentialsError, RoomError

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SourcedToken:
    """What an endpoint answered."""

    server_url: str
    token: str = field(repr=False)


class TokenSource:
    """Client of one TokenSource endpoint."""

    def __init__(self, endpoint: str, authorization: str | None = None) -> None:
        """`authorization` is sent as the Authorization header."""
        self._endpoint = endpoint
        self._authorization = authorization

    async def fetch(
        self,
        *,
        room: str,
        identity: str,
        name: str = "",
        attributes: Mapping[str, str] | None = None,
        dispatch_agent: str = "",
    ) -> SourcedToken:
        """Ask for a token.

        Raises:
            CredentialsError: the endpoint refuses us.
            RoomError: it is unreachable, slow, or answers nonsense (code `token_source`).
        """
        import aiohttp

        body: dict[str, Any] = {"room_name": room, "participant_identity": identity}
        if name:
            body["participant_name"] = name
        if attributes:
            body["participant_attributes"] = dict(attributes)
        if dispatch_agent:
            body["room_config"] = {"agents": [{"agent_name": dispatch_agent}]}
        headers = {"Authorization": self._authorization} if self._authorization else {}
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._endpoint, json=body, headers=headers) as response,
            ):
                status = response.status
                answer = (
                    await response.json(content_type=None) if status in (200, 201) else await response.text()
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            raise self._error(f"cannot be reached: {str(problem) or type(problem).__name__}") from problem
        if status in (401, 403):
            raise CredentialsError(
                f"The token endpoint refused us ({status}).",
                hint="Check AVATARDESK_TOKEN_AUTHORIZATION.",
                field="livekit.token_endpoint",
            )
        if status not in (200, 201):
            raise self._error(f"answered {status}: {logs.redact(str(answer))[:200]}", retryable=status >= 500)
        if not isinstance(answer, dict):
            raise self._error("did not answer a JSON object", retryable=False)
        url, token = answer.get("server_url"), answer.get("participant_token")
        if not (isinstance(url, str) and url and isinstance(token, str) and token):
            raise self._error("answered without server_url and participant_token", retryable=False)
        logs.register_secret(token)
        return SourcedToken(url, token)

    @staticmethod
    def _error(what: str, *, retryable: bool = True) -> RoomError:
        return RoomError(
            f"The token endpoint {what}.",
            hint="Check the setting livekit.token_endpoint.",
            code="token_source",
            retryable=retryable,
            field="livekit.token_endpoint",
        )
