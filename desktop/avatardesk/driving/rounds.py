"""A round: one request's speech on its way from the analyser to the track."""

from __future__ import annotations

from collections import deque
from itertools import islice

from avatardesk.driving.motion import FRAME_MS, MAX_FRAMES
from avatardesk.driving.speech import SpeechFrame


class Round:
    """The frames of one request. The analyser appends them, playout takes them; played ones are kept briefly,
    because motion messages repeat the last twelve.
    """

    def __init__(self, req_id: str) -> None:
        self.req_id = req_id
        self.number = 0
        self.position = 0
        self.complete = False
        self._frames: deque[SpeechFrame] = deque()
        self._first = 0

    @property
    def available(self) -> int:
        """Number of frames the analyser has delivered so far, played ones included."""
        return self._first + len(self._frames)

    @property
    def ahead(self) -> int:
        """Number of frames that could be played now."""
        return self.available - self.position

    @property
    def played_ms(self) -> int:
        """How much of the round has been played."""
        return self.position * FRAME_MS

    @property
    def drained(self) -> bool:
        """Whether everything there will ever be has been played."""
        return self.complete and self.ahead == 0

    def append(self, frames: list[SpeechFrame]) -> None:
        """Add the analyser's next frames."""
        self._frames.extend(frames)

    def frame(self, index: int) -> SpeechFrame:
        """Return frame `index`, which must be within the last twelve played or not played yet."""
        return self._frames[index - self._first]

    def up_to(self, newest: int) -> list[SpeechFrame]:
        """Return the (at most twelve) frames that end with number `newest`."""
        stop = newest + 1 - self._first
        return list(islice(self._frames, max(0, stop - MAX_FRAMES), stop))

    def advance(self) -> None:
        """Count the frame at `position` as played, and drop what no message will repeat."""
        self.position += 1
        while self._first < self.position - MAX_FRAMES:
            self._frames.popleft()
            self._first += 1
