"""One client's session: its requests in order, their analysis, and what it may do to them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from avatardesk.driving.audio_input import accepted_rate, new_decoder
from avatardesk.driving.limits import CloseCode, ServiceLimits, SessionEndedError
from avatardesk.driving.motion import FRAME_MS
from avatardesk.driving.outputs import Output
from avatardesk.driving.speech import Engine, SpeechAnalyser
from avatardesk.driving.wire import Action, Audio, Command, Configure
from avatardesk.errors import InputError

_SLICE_BYTES = 2048
"""Bytes decoded at once. With _SLICE_SECONDS: how long the event loop is kept from everything else."""

_SLICE_SECONDS = 0.02
_HURRY_FRAMES = 25
_AHEAD_FRAMES = 250
_REST_SECONDS = 0.01
_REMEMBERED = 64


class _Request:
    """One request's audio that is still to be analysed."""

    def __init__(self, req_id: str, audio_format: int) -> None:
        self.req_id = req_id
        self.decoder = new_decoder(audio_format)
        self.chunks: deque[memoryview] = deque()
        self.waiting_bytes = 0
        self.ended = False
        self.dropped = False

    def add(self, data: bytes) -> None:
        if data:
            self.chunks.append(memoryview(data))
            self.waiting_bytes += len(data)

    def take(self) -> bytes:
        """Return the next few bytes."""
        chunk = self.chunks.popleft()
        if len(chunk) > _SLICE_BYTES:
            self.chunks.appendleft(chunk[_SLICE_BYTES:])
            chunk = chunk[:_SLICE_BYTES]
        self.waiting_bytes -= len(chunk)
        return bytes(chunk)


class IngressSession:
    """Takes a client's messages after the handshake; `run` analyses audio and ends with SessionEndedError.

    Requests are analysed one after the other, in small slices on the event loop: a reply may arrive in one
    message,
    but the tracks of this process must get their 10 ms frames on time. Analysis stays a few seconds ahead.
    """

    def __init__(self, configure: Configure, output: Output, engine: Engine, limits: ServiceLimits) -> None:
        self._format = configure.audio_format
        self._rate = accepted_rate(configure.audio_format, configure.sample_rate)
        self._output = output
        self._limits = limits
        self._analyser = SpeechAnalyser(self._rate, engine)
        self._requests: deque[_Request] = deque()
        self._open: _Request | None = None
        self._over: OrderedDict[str, None] = OrderedDict()
        self._news = asyncio.Event()
        self._pause_timer: asyncio.TimerHandle | None = None
        # Opus is compressed: its bytes say little about its length, so it is bounded as if it were PCM.
        self._most_bytes = int(limits.buffered_seconds * self._rate * 2)
        self._last_audio = asyncio.get_running_loop().time()

    def last_active(self) -> float:
        """Return the loop time of the last audio, in or out."""
        return asyncio.get_running_loop().time() if self._output.busy else self._last_audio

    def handle(self, message: Audio | Command) -> None:
        """Take a message. Raises SessionEndedError when the client is to be turned away."""
        if isinstance(message, Audio):
            self._handle_audio(message)
        elif message.action is Action.INTERRUPT:
            self._drop(message.req_id, "explicit")
        elif message.action is Action.PAUSE:
            self._pause(message.req_id)
        else:
            self._stop_pause_timer()
            self._output.resume(message.req_id)

    def close(self) -> None:
        """Stop the timers."""
        self._stop_pause_timer()

    def _handle_audio(self, message: Audio) -> None:
        self._last_audio = asyncio.get_running_loop().time()
        if message.req_id in self._over:
            return  # was on its way when the request was interrupted
        if self._open is not None and self._open.req_id != message.req_id:
            self._drop(self._open.req_id, "preempted")
        if self._open is None:
            self._open = _Request(message.req_id, self._format)
            self._requests.append(self._open)
            self._output.begin(message.req_id)
        self._open.add(message.audio)
        if sum(request.waiting_bytes for request in self._requests) > self._most_bytes:
            raise SessionEndedError(
                CloseCode.INVALID, f"more than {self._limits.buffered_seconds:.0f} s of audio are waiting"
            )
        if message.end:
            self._open.ended = True
            self._open = None
            self._remember(message.req_id)
        self._news.set()

    def _drop(self, req_id: str, reason: str) -> None:
        """Forget the request and those before it; a request nobody knows is over already, which is fine."""
        self._stop_pause_timer()
        waiting = [request.req_id for request in self._requests]
        if req_id in waiting:
            for request in list(self._requests)[: waiting.index(req_id) + 1]:
                request.dropped = True
                self._remember(request.req_id)
        if self._open is not None and self._open.dropped:
            self._open = None
        self._output.interrupt(req_id, reason)
        self._news.set()

    def _remember(self, req_id: str) -> None:
        self._over[req_id] = None
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)

    def _pause(self, req_id: str) -> None:
        if self._output.pause(req_id):
            self._stop_pause_timer()
            self._pause_timer = asyncio.get_running_loop().call_later(
                self._limits.pause_seconds, self._drop, req_id, "pause_timeout"
            )

    def _stop_pause_timer(self) -> None:
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None

    async def run(self) -> None:
        """Analyse requests for ever."""
        while True:
            while self._requests:
                await self._analyse(self._requests[0])
                self._requests.popleft()
            await self._wait()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _analyse(self, request: _Request) -> None:
        while not request.dropped:
            if request.chunks:
                await self._analyse_bytes(request, request.take())
            elif request.ended:
                self._output.frames(request.req_id, self._analyser.finish())
                self._output.end(request.req_id)
                return
            else:
                await self._wait()
        self._analyser.reset()

    async def _analyse_bytes(self, request: _Request, data: bytes) -> None:
        try:
            pcm = request.decoder.push(data)
        except InputError as error:
            raise SessionEndedError(
                CloseCode.INVALID, f"audio of request {request.req_id}: {error}"
            ) from error
        step = int(self._rate * _SLICE_SECONDS)
        for start in range(0, pcm.size, step):
            self._output.frames(request.req_id, self._analyser.push(pcm[start : start + step]))
            await self._make_room(request)
            if request.dropped:
                return

    async def _make_room(self, request: _Request) -> None:
        """Let others run: briefly while the reply is hardly ahead of its playback, else for longer."""
        ahead = self._output.ahead(request.req_id)
        await asyncio.sleep(0 if ahead < _HURRY_FRAMES else _REST_SECONDS)
        while not request.dropped:
            excess = self._output.ahead(request.req_id) - _AHEAD_FRAMES
            if excess <= 0:
                return
            await asyncio.sleep(excess * FRAME_MS / 1000)
