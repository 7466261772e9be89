"""Which room and which avatar service a conversation uses.

This is the only place that knows "local": whatever has no endpoint in the settings comes from the stack of
this machine, each part on its own. Everything else in the program sees URLs and credentials only.
"""

from __future__ import annotations

import ipaddress
import secrets as random_source
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from avatardesk import logs
from avatardesk.errors import CredentialsError, SettingsError
from avatardesk.secrets import Secrets
from avatardesk.session.token_source import TokenSource
from avatardesk.session.tokens import (
    PUBLISH_ON_BEHALF,
    RoomKeys,
    avatar_token,
    random_identity,
    user_token,
)
from avatardesk.settings import Settings
from avatardesk.stack.readiness import Ready


@dataclass(frozen=True, slots=True)
class Admission:
    """What a participant needs to enter a room."""

    url: str
    token: str = field(repr=False)
    room_name: str
    identity: str


@dataclass(frozen=True, slots=True)
class RoomAccess:
    """A room: where it is, and how tokens for it are had. Exactly one of `keys` and `source` is there."""

    url: str
    room_name: str
    keys: RoomKeys | None = None
    source: TokenSource | None = None
    dispatch_agent: str = ""

    async def admit_user(self, identity: str) -> Admission:
        """Return a fresh admission for the person at the desk."""
        if self.keys is not None:
            token = user_token(
                self.keys, room=self.room_name, identity=identity, dispatch_agent=self.dispatch_agent
            )
            return Admission(self.url, token, self.room_name, identity)
        return await self._from_source(identity, {}, self.dispatch_agent)

    async def admit_avatar(self, identity: str, on_behalf_of: str) -> Admission:
        """Return a fresh admission for an avatar that speaks for the participant `on_behalf_of`."""
        if self.keys is not None:
            token = avatar_token(self.keys, room=self.room_name, identity=identity, on_behalf_of=on_behalf_of)
            return Admission(self.url, token, self.room_name, identity)
        return await self._from_source(identity, {PUBLISH_ON_BEHALF: on_behalf_of}, "")

    async def _from_source(self, identity: str, attributes: Mapping[str, str], dispatch: str) -> Admission:
        assert self.source is not None
        found = await self.source.fetch(
            room=self.room_name, identity=identity, attributes=attributes, dispatch_agent=dispatch
        )
        return Admission(found.server_url, found.token, self.room_name, identity)


@dataclass(frozen=True, slots=True)
class AvatarAccess:
    """An avatar service and the avatar asked of it."""

    console_url: str
    ingress_url: str
    app_id: str
    avatar_id: str
    api_key: str = field(repr=False)


class ReadyParts(Protocol):
    """What is used of the supervisor: waiting for a part."""

    async def ready(self, name: str) -> Ready:
        """Return the part's readiness line, or raise why there is none."""


class Endpoints:
    """Chooses the endpoints, once for each run of the program; the secrets of local parts are made up
    here.
    """

    def __init__(self, settings: Settings, secrets: Secrets, parts: ReadyParts) -> None:
        self._settings = settings
        self._secrets = secrets
        self._parts = parts
        self.room_name = settings.livekit.room or random_identity("avatardesk")
        self.user_identity = random_identity("user")
        self._local_keys = RoomKeys.random()
        self._local_app_id = settings.avatar.app_id or "app-" + random_source.token_hex(8)
        self._local_api_key = random_source.token_urlsafe(32)
        for value in (self._local_keys.api_key, self._local_keys.api_secret, self._local_api_key):
            logs.register_secret(value)

    @property
    def local_room(self) -> bool:
        """Whether the room is one of this machine's own."""
        return has_local_room(self._settings)

    @property
    def local_avatar(self) -> bool:
        """Whether the avatar service is this machine's own."""
        return has_local_avatar(self._settings)

    @property
    def room_part(self) -> str:
        """Name of the child process that serves a local room."""
        return "room" if self._settings.stack.room == "livekit-server" else "stack"

    def local_secrets(self) -> dict[str, str]:
        """Return what the local parts are given in their environment."""
        return {
            "LIVEKIT_API_KEY": self._local_keys.api_key,
            "LIVEKIT_API_SECRET": self._local_keys.api_secret,
            "SPATIALREAL_API_KEY": self._local_api_key,
            "SPATIALREAL_APP_ID": self._local_app_id,
        }

    def check(self) -> None:
        """Look for combinations that cannot work.

        Raises:
            SettingsError: says which two settings do not go together.
        """
        avatar = self._settings.avatar
        if self.local_avatar:
            return
        if not (avatar.console_endpoint and avatar.ingress_endpoint):
            missing = "console_endpoint" if not avatar.console_endpoint else "ingress_endpoint"
            raise SettingsError(
                f"avatar.{missing} is missing: the avatar service needs both of its endpoints.",
                hint="Set SPATIALREAL_CONSOLE_ENDPOINT and SPATIALREAL_INGRESS_ENDPOINT, or neither.",
                field=f"avatar.{missing}",
            )
        if self.local_room and not _is_loopback(avatar.ingress_endpoint):
            raise SettingsError(
                "An avatar service elsewhere cannot reach a room on this machine.",
                hint="Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a room both can reach.",
                field="livekit.url",
            )

    async def room(self) -> RoomAccess:
        """Return the room; waits for the local one.

        Raises:
            CredentialsError: a key is missing.
            ServiceError: the local room cannot be had.
        """
        livekit = self._settings.livekit
        if livekit.token_endpoint:
            source = TokenSource(livekit.token_endpoint, self._secrets.get("AVATARDESK_TOKEN_AUTHORIZATION"))
            return RoomAccess(livekit.url, self.room_name, source=source, dispatch_agent=livekit.agent_name)
        if livekit.url:
            keys = RoomKeys(
                self._secrets.require("LIVEKIT_API_KEY"), self._secrets.require("LIVEKIT_API_SECRET")
            )
            return RoomAccess(livekit.url, self.room_name, keys=keys, dispatch_agent=livekit.agent_name)
        ready = await self._parts.ready(self.room_part)
        return RoomAccess(ready.text("livekit_url"), self.room_name, keys=self._local_keys)

    async def avatar(self) -> AvatarAccess:
        """Return the avatar service; waits for the local one.

        Raises:
            SettingsError: an endpoint is missing.
            CredentialsError: the app id or the key is missing.
            ServiceError: the local service cannot be had.
        """
        avatar = self._settings.avatar
        if not self.local_avatar:
            self.check()
            if not avatar.app_id:
                raise CredentialsError(
                    "The avatar service needs an app id.",
                    hint="Set SPATIALREAL_APP_ID.",
                    field="avatar.app_id",
                )
            return AvatarAccess(
                console_url=avatar.console_endpoint,
                ingress_url=avatar.ingress_endpoint,
                app_id=avatar.app_id,
                avatar_id=avatar.avatar_id,
                api_key=self._secrets.require("SPATIALREAL_API_KEY"),
            )
        ready = await self._parts.ready("stack")
        return AvatarAccess(
            console_url=ready.text("console_url"),
            ingress_url=ready.text("ingress_url"),
            app_id=self._local_app_id,
            avatar_id=avatar.avatar_id,
            api_key=self._local_api_key,
        )


def has_local_room(settings: Settings) -> bool:
    """Return whether these settings ask for a room on this machine."""
    return not (settings.livekit.url or settings.livekit.token_endpoint)


def has_local_avatar(settings: Settings) -> bool:
    """Return whether these settings ask for an avatar service on this machine."""
    return not (settings.avatar.console_endpoint or settings.avatar.ingress_endpoint)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
