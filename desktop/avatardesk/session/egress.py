"""The avatar speaks what we send: the AvatarKit server SDK with a LiveKit egress.

The SDK's session goes to the avatar service; the service joins the room as a participant of its own and
publishes voice and motion there. Nothing of the sound passes through this program's part of the room.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from avatardesk.errors import AvatarDeskError, AvatarError, CredentialsError, InputError
from avatardesk.session.endpoints import Admission, AvatarAccess

_log = logging.getLogger(__name__)

_START_SECONDS = 15.0
_SESSION_LIFE = timedelta(hours=1)
#: The service leaves the room by itself when we have been silent for so long, seconds.
_IDLE_SECONDS = 60
#: What playing may take beyond the sound's own length: joining the room, buffers.
_PLAY_GRACE_SECONDS = 20.0

_CREDENTIALS = {"sessionTokenExpired", "sessionTokenInvalid", "appIDUnrecognized", "appIDMismatch"}
_FINAL = {
    "billingRequired",
    "creditsExhausted",
    "invalidRequest",
    "unsupportedSampleRate",
    "invalidEgressConfig",
}


class EgressSession:
    """One session of the avatar service that speaks into a room. `open`, `play` any number of times,
    `close`.
    """

    def __init__(
        self, avatar: AvatarAccess, admission: Admission, sample_rate: int, on_behalf_of: str
    ) -> None:
        """`sample_rate` in Hz is that of all PCM played; `admission` is the avatar participant's."""
        self.sample_rate = sample_rate
        self._avatar = avatar
        self._admission = admission
        self._on_behalf_of = on_behalf_of
        self._session: Any = None
        self._done: asyncio.Future[None] | None = None
        self._failure: AvatarDeskError | None = None

    @property
    def is_open(self) -> bool:
        """Whether the session can still play."""
        return self._session is not None and self._failure is None

    async def open(self) -> None:
        """Get a session token and connect.

        Raises:
            CredentialsError: key or app id is refused.
            AvatarError: the service is unreachable, refuses the avatar, or is slow.
        """
        from avatarkit import AvatarSDKError, LiveKitEgressConfig, new_avatar_session

        from avatardesk.session.tokens import PUBLISH_ON_BEHALF

        session = new_avatar_session(
            api_key=self._avatar.api_key,
            app_id=self._avatar.app_id,
            avatar_id=self._avatar.avatar_id,
            console_endpoint_url=self._avatar.console_url,
            ingress_endpoint_url=self._avatar.ingress_url,
            expire_at=datetime.now(UTC) + _SESSION_LIFE,
            sample_rate=self.sample_rate,
            livekit_egress=LiveKitEgressConfig(
                url=self._admission.url,
                api_token=self._admission.token,
                room_name=self._admission.room_name,
                publisher_id=self._admission.identity,
                extra_attributes={PUBLISH_ON_BEHALF: self._on_behalf_of},
                idle_timeout=_IDLE_SECONDS,
            ),
            transport_frames=self._animation,
            on_error=self._error,
            on_close=self._closed,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await session.init()
                await session.start()
        except TimeoutError as problem:
            raise AvatarError(f"The avatar service did not answer within {_START_SECONDS:g} s.") from problem
        except AvatarSDKError as problem:
            raise from_sdk(problem) from problem
        self._session = session

    async def play(self, pcm: AsyncIterator[bytes]) -> float:
        """Send s16le mono PCM and wait until the avatar has spoken it; return its length in seconds.

        Raises:
            AvatarError: the session ended before the speech did.
            InputError: there was nothing to say.
        """
        from avatarkit import AvatarSDKError

        if self._session is None or self._failure is not None:
            raise self._failure or AvatarError("The avatar's session is not open.")
        self._done = asyncio.get_running_loop().create_future()
        sent = 0
        started = asyncio.get_running_loop().time()
        try:
            async for block in pcm:
                sent += len(block)
                await self._session.send_audio(block, end=False)
            if sent == 0:
                raise InputError("There is nothing to say.", hint="Write some words.", field="text")
            await self._session.send_audio(b"", end=True)
            seconds = sent / 2 / self.sample_rate
            left = seconds + _PLAY_GRACE_SECONDS - (asyncio.get_running_loop().time() - started)
            await asyncio.wait_for(self._done, max(left, _PLAY_GRACE_SECONDS))
        except TimeoutError as problem:
            raise AvatarError("The avatar service did not say that the speech has ended.") from problem
        except AvatarSDKError as problem:
            raise from_sdk(problem) from problem
        finally:
            self._done = None
        return seconds

    async def interrupt(self) -> None:
        """Stop what is being spoken."""
        if self._session is not None and self._done is not None:
            await self._session.interrupt()

    async def close(self) -> None:
        """Leave the room and end the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _animation(self, _message: bytes, last: bool) -> None:
        if last:
            self._finish(None)

    def _error(self, problem: Exception) -> None:
        self._failure = from_sdk(problem)
        _log.warning("avatar session: %s", self._failure)
        self._finish(self._failure)

    def _closed(self) -> None:
        self._failure = self._failure or AvatarError("The avatar service ended the session.")
        self._finish(self._failure)

    def _finish(self, failure: AvatarDeskError | None) -> None:
        if self._done is None or self._done.done():
            return
        if failure is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(failure)


def from_sdk(problem: Exception) -> AvatarDeskError:
    """Return the SDK's error as one of ours, with what the user can do."""
    code = str(getattr(getattr(problem, "code", None), "value", "unknown"))
    message = str(getattr(problem, "message", problem))
    if code in _CREDENTIALS or getattr(problem, "http_status", None) in (401, 403):
        return CredentialsError(
            f"The avatar service refused us: {message}",
            hint="Check SPATIALREAL_API_KEY and SPATIALREAL_APP_ID.",
            field="avatar.app_id",
        )
    if code == "avatarNotFound":
        return AvatarError(
            f"The avatar service does not know this avatar: {message}",
            hint="Check the setting avatar.avatar_id (SPATIALREAL_AVATAR_ID).",
            code="unknown_avatar",
            retryable=False,
            field="avatar.avatar_id",
        )
    hint = "Is the avatar service running? Check its endpoints." if code == "connectionFailed" else ""
    return AvatarError(f"The avatar service: {message}", hint=hint, retryable=code not in _FINAL)
