"""What is pushed into the avatar's track, 10 ms at a time: rounds, silence, and motion.

No clock and no network: the pacer calls `tick` a hundred times a second, the tests as fast as they can.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from avatardesk.driving.motion import MotionKind
from avatardesk.driving.motion.writer import NEW_FRAMES, MotionWriter
from avatardesk.driving.rounds import Round
from avatardesk.driving.speech import FRAME_SAMPLES, TRACK_RATE, Pcm
from avatardesk.driving.wire import PlaybackState

TICK_SAMPLES = TRACK_RATE // 100
"""Samples a tick gives: the 10 ms frames that an audio source without a queue takes."""

START_FRAMES = 2
"""Frames a round must have before it starts. Their motion already has the engine's look-ahead in it."""

REFILL_FRAMES = 10
"""Frames a round that ran dry must have before it goes on: one gap is better than a stutter."""

MOTION_LEAD = NEW_FRAMES - 1
"""How many frames motion is sent ahead of the sound."""

_FADE_SAMPLES = TRACK_RATE // 200
_FADE_IN = np.linspace(0.0, 1.0, _FADE_SAMPLES, dtype=np.float32)


class PlayoutListener(Protocol):
    """Told what happens, in order; must return at once."""

    def on_motion(self, data: bytes, *, reliable: bool) -> None:
        """A motion message is due."""

    def on_started(self, req_id: str) -> None:
        """The request's first sample goes out."""

    def on_ended(self, req_id: str) -> None:
        """The request's last sample has gone out."""

    def on_state(self, req_id: str, state: PlaybackState, played_ms: int, reason: str) -> None:
        """The request's playback state changed, or was asked for by a pause or resume."""


class Playout:
    """The rounds of one track, played in the order they were queued."""

    def __init__(self, listener: PlayoutListener) -> None:
        self._listener = listener
        self._writer = MotionWriter()
        self._queue: deque[Round] = deque()
        self._current: Round | None = None
        self._rounds = 0
        self._samples = 0
        self._second_half: Pcm | None = None
        self._tail: Pcm | None = None
        self._held = False
        self._dry = False
        self._silent = False  # within a round, after PAUSED and before RESUMED
        self._motion_sent = 0

    @property
    def track_samples(self) -> int:
        """Samples given out since the track began."""
        return self._samples

    @property
    def busy(self) -> bool:
        """Whether a round is being played or waits to be."""
        return self._current is not None or bool(self._queue)

    def begin_track(self) -> None:
        """Count samples from zero again: what follows goes to a new track. A round in the middle goes on."""
        self._samples = 0
        self._second_half = None
        self._tail = None

    def add(self, round_: Round) -> None:
        """Queue a round; it starts after those before it, as soon as it has enough frames."""
        self._queue.append(round_)

    def tick(self) -> Pcm:
        """Return the next 480 samples for the track."""
        pcm = self._next()
        self._samples += TICK_SAMPLES
        return pcm

    def _next(self) -> Pcm:
        if self._second_half is not None:
            half, self._second_half = self._second_half, None
            self._finish_if_drained(self._samples + TICK_SAMPLES)
            return half
        if self._tail is not None:
            tail, self._tail = self._tail, None
            return tail
        round_ = self._playable()
        if round_ is None:
            return np.zeros(TICK_SAMPLES, dtype=np.int16)
        pcm = round_.frame(round_.position).pcm
        self._send_motion(round_)
        if self._silent:
            pcm = _faded_in(pcm)
        self._silent = False
        round_.advance()
        self._second_half = pcm[TICK_SAMPLES:]
        return pcm[:TICK_SAMPLES]

    def _playable(self) -> Round | None:
        """Return the round whose next frame goes out now; tell the listener if it starts or goes on."""
        round_ = self._current or self._start_next()
        if round_ is None or self._held:
            return None
        if round_.drained:  # its end was announced only after its last frame had gone out
            self._finish_if_drained(self._samples)
            return None
        if round_.ahead == 0:
            self._dry = True
            if not self._silent:
                self._fall_silent(round_, self._samples)
        if self._dry:
            if round_.ahead < REFILL_FRAMES and not round_.complete:
                return None
            self._dry = False
        if self._silent:
            self._motion_sent = round_.position
            self._event(MotionKind.RESUMED, round_, round_.position, self._samples)
        return round_

    def _start_next(self) -> Round | None:
        while self._queue and not self._held:
            round_ = self._queue[0]
            if round_.ahead < START_FRAMES and not round_.complete:
                return None
            self._queue.popleft()
            if round_.ahead == 0:  # a request without any sound
                self._report_end(round_)
                continue
            self._rounds += 1
            round_.number = self._rounds
            self._current = round_
            self._motion_sent = 0
            self._silent = False
            self._event(MotionKind.START, round_, 0, self._samples)
            self._listener.on_started(round_.req_id)
            self._listener.on_state(round_.req_id, PlaybackState.PLAYING, 0, "")
            return round_
        return None

    def _finish_if_drained(self, at: int) -> None:
        round_ = self._current
        if round_ is None or not round_.drained:
            return
        self._current = None
        self._dry = self._silent = False
        self._event(MotionKind.END, round_, round_.position, at)
        self._report_end(round_)

    def _report_end(self, round_: Round) -> None:
        self._listener.on_ended(round_.req_id)
        self._listener.on_state(round_.req_id, PlaybackState.ENDED, round_.played_ms, "")

    def _send_motion(self, round_: Round) -> None:
        """Send FRAMES up to MOTION_LEAD frames ahead, two new ones at a time where that can wait."""
        limit = min(round_.position + MOTION_LEAD + 1, round_.available)
        while self._motion_sent < limit:
            sent = min(self._motion_sent + NEW_FRAMES, limit)
            last = round_.complete and sent == round_.available
            due = self._motion_sent <= round_.position
            if sent - self._motion_sent < NEW_FRAMES and not last and not due:
                return
            newest = sent - 1
            at = self._samples + (newest - round_.position) * FRAME_SAMPLES
            data = self._writer.frames(round_.number, newest, at, round_.up_to(newest), last=last)
            self._motion_sent = sent
            self._listener.on_motion(data, reliable=False)

    def pause(self, req_id: str) -> bool:
        """Hold playback; returns whether `req_id` is a request that can be held."""
        round_ = self._find(req_id)
        if round_ is None:
            return False
        if not self._held:
            self._held = True
            if self._current is not None and not self._silent:
                self._cut()
        self._listener.on_state(req_id, PlaybackState.PAUSED, round_.played_ms, "")
        return True

    def resume(self, req_id: str) -> bool:
        """Go on after a pause; returns whether `req_id` is a request that can go on."""
        round_ = self._find(req_id)
        if round_ is None:
            return False
        self._held = False
        self._listener.on_state(req_id, PlaybackState.PLAYING, round_.played_ms, "")
        return True

    def interrupt(self, req_id: str, reason: str) -> bool:
        """Drop `req_id` and everything before it; returns whether there was anything to drop."""
        if self._find(req_id) is None:
            return False
        dropped = [self._current] if self._current is not None else []
        while not dropped or dropped[-1].req_id != req_id:
            dropped.append(self._queue.popleft())
        if self._current is not None:
            at = self._samples if self._silent else self._cut_sound()
            self._event(MotionKind.INTERRUPTED, self._current, self._current.position, at)
        self._current = None
        self._held = self._dry = self._silent = False
        for round_ in dropped:
            self._listener.on_state(round_.req_id, PlaybackState.INTERRUPTED, round_.played_ms, reason)
        return True

    def _find(self, req_id: str) -> Round | None:
        rounds = [self._current, *self._queue] if self._current else list(self._queue)
        return next((round_ for round_ in rounds if round_.req_id == req_id), None)

    def _cut(self) -> None:
        round_ = self._current
        if round_ is not None:
            self._fall_silent(round_, self._cut_sound())

    def _fall_silent(self, round_: Round, at: int) -> None:
        self._silent = True
        self._event(MotionKind.PAUSED, round_, round_.position, at)

    def _cut_sound(self) -> int:
        """End the sound within 5 ms without a click; return where on the track a next frame would begin."""
        if self._second_half is not None:
            self._second_half = _faded_out(self._second_half)
            return self._samples + TICK_SAMPLES
        if self._current is not None and self._current.ahead:
            self._tail = _faded_out(self._current.frame(self._current.position).pcm[:TICK_SAMPLES])
        return self._samples

    def _event(self, kind: MotionKind, round_: Round, frame: int, at: int) -> None:
        self._listener.on_motion(self._writer.event(kind, round_.number, frame, at), reliable=True)


def _faded_in(pcm: Pcm) -> Pcm:
    faded = pcm.copy()
    faded[:_FADE_SAMPLES] = (pcm[:_FADE_SAMPLES] * _FADE_IN).astype(np.int16)
    return faded


def _faded_out(pcm: Pcm) -> Pcm:
    faded = np.zeros_like(pcm)
    faded[:_FADE_SAMPLES] = (pcm[:_FADE_SAMPLES] * _FADE_IN[::-1]).astype(np.int16)
    return faded
