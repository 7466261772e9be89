"""Session tokens: signed, bound to an app id, and good until they expire."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable

from avatardesk.errors import CredentialsError


class SessionTokens:
    """Makes and checks session tokens: `payload.signature`, both base64url, signed with HMAC-SHA256.

    The key is made anew for each service, so no token outlives it. `clock` returns unix seconds.
    """

    def __init__(self, app_id: str, clock: Callable[[], float] = time.time) -> None:
        self._app_id = app_id
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def make(self, expire_at: int) -> str:
        """Return a token that is good until `expire_at` (unix seconds)."""
        claims = {"app": self._app_id, "exp": expire_at, "id": secrets.token_hex(8)}
        payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._sign(payload))}"

    def check(self, token: str) -> None:
        """Return if the token is good. Raises CredentialsError, worded as the SDKs recognise it, if not."""
        payload, _, signature = token.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(signature), self._sign(payload))
        except (binascii.Error, ValueError):
            genuine = False
        if not genuine:
            raise CredentialsError("invalid session token", code="session_token_invalid")
        claims = json.loads(_decode(payload))
        if claims["exp"] <= self._clock():
            raise CredentialsError("session token expired", code="session_token_expired")
        if claims["app"] != self._app_id:
            raise CredentialsError("app id mismatch", code="app_id_mismatch")

    def _sign(self, payload: str) -> bytes:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
