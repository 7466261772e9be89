"""LiveKit access tokens: JSON Web Tokens (RFC 7519) signed with HS256 under an API key's secret."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from livekit.protocol import models

from avatardesk.errors import CredentialsError

LEEWAY_S = 60
"""How far the clocks of issuer and server may differ; livekit-server allows the same minute."""

REFRESH_TTL_S = 600

_SOURCES = {
    "camera": models.TrackSource.CAMERA,
    "microphone": models.TrackSource.MICROPHONE,
    "screen_share": models.TrackSource.SCREEN_SHARE,
    "screen_share_audio": models.TrackSource.SCREEN_SHARE_AUDIO,
}
_KINDS = {
    "standard": models.ParticipantInfo.STANDARD,
    "ingress": models.ParticipantInfo.INGRESS,
    "egress": models.ParticipantInfo.EGRESS,
    "sip": models.ParticipantInfo.SIP,
    "agent": models.ParticipantInfo.AGENT,
    "connector": models.ParticipantInfo.CONNECTOR,
    "bridge": models.ParticipantInfo.BRIDGE,
}


class TokenError(CredentialsError):
    """An access token is missing, forged, out of date, or does not grant what is asked."""

    code = "bad_token"


@dataclass(frozen=True, slots=True)
class Grants:
    """What a verified access token says about its bearer."""

    api_key: str
    identity: str
    name: str
    kind: models.ParticipantInfo.Kind
    metadata: str
    attributes: Mapping[str, str]
    room: str
    room_join: bool
    room_admin: bool
    room_create: bool
    room_list: bool
    hidden: bool
    can_publish: bool
    can_subscribe: bool
    can_publish_data: bool
    can_publish_sources: frozenset[models.TrackSource]
    can_update_own_metadata: bool
    agent: bool

    def permission(self) -> models.ParticipantPermission:
        """Return the permissions as they are announced to clients."""
        return models.ParticipantPermission(
            can_subscribe=self.can_subscribe,
            can_publish=self.can_publish,
            can_publish_data=self.can_publish_data,
            can_publish_sources=sorted(self.can_publish_sources),
            hidden=self.hidden,
            can_update_metadata=self.can_update_own_metadata,
            agent=self.agent or self.kind == models.ParticipantInfo.AGENT,
        )


def verify(token: str, keys: Mapping[str, str]) -> Grants:
    """Check signature and time of `token` against `keys` (API key to secret) and return what it grants.

    Raises TokenError with a text that the client libraries show to people.
    """
    if not token:
        raise TokenError("no access token given", hint="Pass access_token or an Authorization header.")
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        secret = keys.get(issuer) if isinstance(issuer, str) else None
        if secret is None:
            raise TokenError("invalid API key in the access token", hint="Was it made for another server?")
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options={"require": ["exp"], "verify_aud": False, "verify_iat": False},
        )
    except jwt.ExpiredSignatureError:
        raise TokenError("the access token has expired", hint="Get a new one.") from None
    except jwt.ImmatureSignatureError:
        raise TokenError("the access token is not valid yet", hint="Check this machine's clock.") from None
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenError(f"invalid access token: {error}", hint="Sign it with the server's secret.") from None
    return _grants(str(issuer), claims)


def _grants(api_key: str, claims: Mapping[str, Any]) -> Grants:
    video = claims.get("video", {})
    attributes = claims.get("attributes") or {}
    if not isinstance(video, dict) or not isinstance(attributes, dict):
        raise TokenError("invalid access token: a claim has the wrong type")
    sources = video.get("canPublishSources") or []

    def flag(name: str, default: bool = False) -> bool:
        value = video.get(name)
        return default if value is None else value is True

    return Grants(
        api_key=api_key,
        identity=str(claims.get("sub") or ""),
        name=str(claims.get("name") or ""),
        kind=_KINDS.get(str(claims.get("kind") or "standard"), models.ParticipantInfo.STANDARD),
        metadata=str(claims.get("metadata") or ""),
        attributes={str(key): str(value) for key, value in attributes.items()},
        room=str(video.get("room") or ""),
        room_join=flag("roomJoin"),
        room_admin=flag("roomAdmin"),
        room_create=flag("roomCreate"),
        room_list=flag("roomList"),
        hidden=flag("hidden"),
        can_publish=flag("canPublish", True),
        can_subscribe=flag("canSubscribe", True),
        can_publish_data=flag("canPublishData", True),
        can_publish_sources=frozenset(
            _SOURCES[name] for name in sources if isinstance(name, str) and name in _SOURCES
        ),
        can_update_own_metadata=flag("canUpdateOwnMetadata"),
        agent=flag("agent"),
    )


def may_publish(permission: models.ParticipantPermission, source: models.TrackSource) -> bool:
    """Tell whether `permission` lets a track of this source be published."""
    if not permission.can_publish:
        return False
    return not permission.can_publish_sources or source in permission.can_publish_sources


def refreshed(grants: Grants, room: str, info: models.ParticipantInfo, keys: Mapping[str, str]) -> str:
    """Return a fresh token for a participant already in the room, so that it can reconnect later.

    Permissions, name, metadata and attributes are the present ones, not the first token's.
    """
    issued = int(time.time())
    names = {value: key for key, value in _SOURCES.items()}
    kinds = {value: key for key, value in _KINDS.items()}
    allowed = info.permission
    video: dict[str, Any] = {
        "room": room,
        "roomJoin": True,
        "roomAdmin": grants.room_admin,
        "roomCreate": grants.room_create,
        "roomList": grants.room_list,
        "hidden": allowed.hidden,
        "canPublish": allowed.can_publish,
        "canSubscribe": allowed.can_subscribe,
        "canPublishData": allowed.can_publish_data,
        "canUpdateOwnMetadata": allowed.can_update_metadata,
        "agent": grants.agent,
    }
    if allowed.can_publish_sources:
        video["canPublishSources"] = [
            names[source] for source in allowed.can_publish_sources if source in names
        ]
    claims = {
        "iss": grants.api_key,
        "sub": info.identity,
        "name": info.name,
        "kind": kinds[info.kind],
        "metadata": info.metadata,
        "attributes": dict(info.attributes),
        "video": video,
        "nbf": issued,
        "exp": issued + REFRESH_TTL_S,
    }
    return jwt.encode(claims, keys[grants.api_key], algorithm="HS256")
