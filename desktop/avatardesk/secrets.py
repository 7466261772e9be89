"""Secrets: from the environment or the operating system's key store, never from a file of ours."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Protocol

from avatardesk import logs
from avatardesk.errors import CredentialsError, PlatformError

_log = logging.getLogger(__name__)

#: The key store entry's service name.
SERVICE = "avatardesk"

#: Every secret the program knows, by the name of its environment variable, with what it is.
NAMES: Mapping[str, str] = {
    "LIVEKIT_API_KEY": "the LiveKit project's API key",
    "LIVEKIT_API_SECRET": "the LiveKit project's API secret",
    "SPATIALREAL_API_KEY": "the avatar service's API key",
    "OPENAI_API_KEY": "the language model's API key",
    "AVATARDESK_TOKEN_AUTHORIZATION": "the Authorization header for the token endpoint",
}


class KeyStore(Protocol):
    """What is used of the `keyring` package."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return the stored secret, or None."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Store a secret."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a secret."""


class Secrets:
    """Looks secrets up: environment first, then the key store. Whatever it hands out is kept out of the logs.

    The key store is opened only when a secret that the environment lacks is really asked for: it may have to
    ask the user to unlock it.
    """

    def __init__(self, env: Mapping[str, str] | None = None, store: KeyStore | None = None) -> None:
        self._env = os.environ if env is None else env
        self._store = store
        for name in NAMES:
            logs.register_secret(self._env.get(name))

    def from_environment(self, name: str) -> str | None:
        """Return the secret if the environment has it, without opening the key store."""
        return self._env.get(_known(name), "").strip() or None

    def get(self, name: str) -> str | None:
        """Return the secret of that name, or None where neither place has it."""
        found = self.from_environment(name)
        if found is None:
            try:
                found = self._key_store().get_password(SERVICE, name)
            except PlatformError as problem:
                _log.warning("%s", problem)
            except Exception as problem:  # noqa: BLE001 - keyring's backends raise errors of many families
                _log.warning("the key store could not be read: %s", problem)
        logs.register_secret(found)
        return found

    def require(self, name: str) -> str:
        """Return the secret of that name.

        Raises:
            CredentialsError: neither the environment nor the key store has it.
        """
        found = self.get(name)
        if not found:
            raise CredentialsError(
                f"{name} is missing: {NAMES[name]}.",
                hint=f"Set the environment variable {name}, or run: avatardesk secrets set {name}",
                field=name,
            )
        return found

    def store(self, name: str, value: str) -> None:
        """Put a secret into the key store.

        Raises:
            PlatformError: this machine has no usable key store.
        """
        logs.register_secret(value)
        self._guarded("written", lambda store: store.set_password(SERVICE, _known(name), value))

    def forget(self, name: str) -> None:
        """Remove a secret from the key store.

        Raises:
            PlatformError: this machine has no usable key store, or it holds no such secret.
        """
        self._guarded("changed", lambda store: store.delete_password(SERVICE, _known(name)))

    def _guarded(self, verb: str, action: _StoreAction) -> None:
        try:
            action(self._key_store())
        except PlatformError:
            raise
        except Exception as problem:
            raise PlatformError(
                f"The key store could not be {verb}: {problem}",
                hint="Set the environment variable instead.",
            ) from problem

    def _key_store(self) -> KeyStore:
        if self._store is None:
            import keyring

            self._store = keyring
        return self._store


class _StoreAction(Protocol):
    def __call__(self, store: KeyStore) -> None: ...


def _known(name: str) -> str:
    if name not in NAMES:
        raise CredentialsError(
            f"{name} is not a secret this program knows.", hint=f"Known: {', '.join(NAMES)}.", field=name
        )
    return name
