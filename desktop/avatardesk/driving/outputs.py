"""Where a session's speech goes: to a track in a room, or back to the caller as motion."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from avatardesk.driving import wire
from avatardesk.driving.motion import MAX_FRAMES
from avatardesk.driving.motion.writer import MotionWriter
from avatardesk.driving.playout import Playout
from avatardesk.driving.rounds import Round
from avatardesk.driving.speech import FRAME_SAMPLES, SpeechFrame
from avatardesk.driving.wire import PlaybackState

_REMEMBERED = 64
"""Finished requests whose last state is still told when a client asks to pause or resume them."""

SendMessage = Callable[[bytes], None]
SendMotion = Callable[[bytes, bool], None]


class Output(Protocol):
    """Takes requests in order: begin, frames..., end; or interrupt at any time."""

    @property
    def busy(self) -> bool:
        """Whether something is being played."""

    def begin(self, req_id: str) -> None:
        """Announce a request."""

    def frames(self, req_id: str, frames: list[SpeechFrame]) -> None:
        """Add a request's next frames."""

    def end(self, req_id: str) -> None:
        """Say that the request has no more frames."""

    def ahead(self, req_id: str) -> int:
        """Return how many frames the request has that are not played yet."""

    def interrupt(self, req_id: str, reason: str) -> None:
        """Drop the request and everything before it."""

    def pause(self, req_id: str) -> bool:
        """Hold playback; returns whether it is held now."""

    def resume(self, req_id: str) -> None:
        """Let playback go on."""


class RoomOutput:
    """Plays requests as rounds of a track, and reports their playback to the client.

    send: puts a message into the client's WebSocket. `send_motion` (data, reliable) is to be set to what
    publishes
    motion before the first tick.
    """

    def __init__(self, connection_id: str, avatar_id: str, send: SendMessage) -> None:
        self._connection_id = connection_id
        self._avatar_id = avatar_id
        self._send = send
        self.send_motion: SendMotion = _send_nowhere
        self._rounds: dict[str, Round] = {}
        self._last_states: OrderedDict[str, tuple[PlaybackState, int, str]] = OrderedDict()
        self.playout = Playout(self)

    @property
    def busy(self) -> bool:
        """Whether a round is being played or waits to be."""
        return self.playout.busy

    def begin(self, req_id: str) -> None:
        """Queue a round for the request."""
        self._rounds[req_id] = Round(req_id)
        self.playout.add(self._rounds[req_id])

    def frames(self, req_id: str, frames: list[SpeechFrame]) -> None:
        """Add frames to the request's round."""
        if req_id in self._rounds:
            self._rounds[req_id].append(frames)

    def end(self, req_id: str) -> None:
        """Mark the request's round as complete."""
        if req_id in self._rounds:
            self._rounds[req_id].complete = True

    def ahead(self, req_id: str) -> int:
        """Return how many of the request's frames wait to be played."""
        return self._rounds[req_id].ahead if req_id in self._rounds else 0

    def interrupt(self, req_id: str, reason: str) -> None:
        """Fall silent at once, when the request is among those playing or waiting."""
        self.playout.interrupt(req_id, reason)

    def pause(self, req_id: str) -> bool:
        """Hold playback; of a request that is over, tell the client its last state instead."""
        return self.playout.pause(req_id) or self._tell_again(req_id)

    def resume(self, req_id: str) -> None:
        """Go on; of a request that is over, tell the client its last state instead."""
        if not self.playout.resume(req_id):
            self._tell_again(req_id)

    def _tell_again(self, req_id: str) -> bool:
        if req_id in self._last_states:
            state, played_ms, reason = self._last_states[req_id]
            self._send(wire.playback_state(self._connection_id, req_id, state, played_ms, reason))
        return False

    def on_motion(self, data: bytes, *, reliable: bool) -> None:
        """Publish a motion message."""
        self.send_motion(data, reliable)

    def on_started(self, req_id: str) -> None:
        """Tell the client that its request is being heard."""
        self._send(wire.animation(self._connection_id, self._avatar_id, req_id))

    def on_ended(self, req_id: str) -> None:
        """Tell the client that its request has been played to the end."""
        self._send(wire.animation(self._connection_id, self._avatar_id, req_id, end=True))

    def on_state(self, req_id: str, state: PlaybackState, played_ms: int, reason: str) -> None:
        """Tell the client its request's state."""
        self._last_states[req_id] = (state, played_ms, reason)
        if len(self._last_states) > _REMEMBERED:
            self._last_states.popitem(last=False)
        if state in (PlaybackState.ENDED, PlaybackState.INTERRUPTED):
            self._rounds.pop(req_id, None)
        self._send(wire.playback_state(self._connection_id, req_id, state, played_ms, reason))


def _send_nowhere(data: bytes, reliable: bool) -> None:
    raise RuntimeError("no one publishes this output's motion yet")


class CallerOutput:
    """Sends a request's motion back as animation messages, as fast as it is known: nothing is played here."""

    def __init__(self, connection_id: str, avatar_id: str, send: SendMessage) -> None:
        self._connection_id = connection_id
        self._avatar_id = avatar_id
        self._send = send
        self._writer = MotionWriter()
        self._req_id: str | None = None
        self._round = 0
        self._sent = 0
        self._waiting: list[SpeechFrame] = []

    @property
    def busy(self) -> bool:
        """Nothing is ever being played."""
        return False

    def begin(self, req_id: str) -> None:
        """Start a round for the request."""
        self._req_id = req_id
        self._round += 1
        self._sent = 0
        self._waiting.clear()

    def frames(self, req_id: str, frames: list[SpeechFrame]) -> None:
        """Send frames in messages of twelve."""
        if req_id == self._req_id:
            self._waiting.extend(frames)
            while len(self._waiting) > MAX_FRAMES:
                self._flush(last=False)

    def end(self, req_id: str) -> None:
        """Send what is left, marked as the request's last."""
        if req_id == self._req_id:
            self._flush(last=True)
            self._req_id = None

    def ahead(self, req_id: str) -> int:
        """Nothing waits here."""
        return 0

    def interrupt(self, req_id: str, reason: str) -> None:
        """Send no more of the request."""
        self._req_id = None
        self._waiting.clear()

    def pause(self, req_id: str) -> bool:
        """Do nothing: the caller plays, the caller pauses."""
        return False

    def resume(self, req_id: str) -> None:
        """Do nothing: the caller plays, the caller resumes."""

    def _flush(self, *, last: bool) -> None:
        sent, self._waiting = self._waiting[:MAX_FRAMES], self._waiting[MAX_FRAMES:]
        payload = b""
        if sent:
            self._sent += len(sent)
            newest = self._sent - 1
            payload = self._writer.frames(self._round, newest, newest * FRAME_SAMPLES, sent, last=last)
        req_id = self._req_id or ""
        self._send(wire.animation(self._connection_id, self._avatar_id, req_id, end=last, payload=payload))
