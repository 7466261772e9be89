"""The one error tree of AvatarDesk.

    AvatarDeskError
    ├── SettingsError        a setting, option or environment variable is wrong
    ├── InputError           data from outside (a WAV, a message, a file) is not what it must be
    ├── CredentialsError     a key, token or app id was refused or is missing
    ├── ServiceError         a part we depend on is down, unreachable or answered nonsense
    │   ├── RoomError        the LiveKit room
    │   ├── AvatarError      the avatar service
    │   └── AgentError       the voice agent
    ├── PlatformError        this machine lacks something (library, port, program, device)
    └── ProtocolError        a peer broke a protocol of ours (bridge, motion, control socket)

Every error says what happened (`message`), what the user can do (`hint`) and whether trying again can help
(`retryable`). `code` is a stable snake_case word for programs; `field` names the input at fault, if any.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AvatarDeskError(Exception):
    """Base of every error this program raises on purpose."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        retryable: bool | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error_code = code or self.code
        self.can_retry = self.retryable if retryable is None else retryable
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Return the error as the bridge and the control socket send it (docs/protocols/bridge.md)."""
        found: dict[str, Any] = {
            "code": self.error_code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.can_retry,
        }
        if self.field is not None:
            found["field"] = self.field
        return found


class SettingsError(AvatarDeskError):
    """A setting, a command line option or an environment variable is wrong."""

    code = "settings"


class InputError(AvatarDeskError):
    """Data from outside (a recording, a message, a file) is not what it must be."""

    code = "input"


class CredentialsError(AvatarDeskError):
    """A key, a token or an app id is missing or was refused."""

    code = "bad_credentials"


class ServiceError(AvatarDeskError):
    """A part the program depends on is down, unreachable or answered nonsense."""

    code = "service"
    retryable = True


class RoomError(ServiceError):
    """The LiveKit room."""

    code = "room"


class AvatarError(ServiceError):
    """The avatar service."""

    code = "avatar_service"


class AgentError(ServiceError):
    """The voice agent."""

    code = "agent"


class PlatformError(AvatarDeskError):
    """This machine lacks something: a library, a free port, a program, a device."""

    code = "platform"


class ProtocolError(AvatarDeskError):
    """A peer broke one of our own protocols."""

    code = "protocol"
