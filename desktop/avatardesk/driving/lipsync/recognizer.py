"""From sound to visemes: the recogniser that the lip-sync stands on."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from avatardesk.driving.lipsync.acoustic_model import load_acoustic_model
from avatardesk.driving.lipsync.front_end import HOP, PAIR, RATE, WINDOW, FrontEnd
from avatardesk.driving.lipsync.network import VisemeNetwork, load_network
from avatardesk.driving.lipsync.phone_loop import LOOKAHEAD_FRAMES, PhoneLoop
from avatardesk.driving.lipsync.visemes import VISEMES

Float = npt.NDArray[np.float32]

FRAME_MS: Final = 1000 * HOP // RATE


class VisemeRecognizer:
    """Streaming recogniser of the 15 visemes (`VISEMES`) in 16 kHz speech: a row of probabilities per 10 ms.

    Row t belongs to the samples 160·t … 160·t + 159. Rows leave in pairs; the result doesn't depend on how
    the sound was cut into pieces.
    """

    sample_rate: Final = RATE
    lookahead_ms: Final = 1000 * ((LOOKAHEAD_FRAMES + PAIR - 1) * HOP + WINDOW) / RATE
    """From the start of a row to the last sample that it needs, at worst (every second row: 10 ms less)."""

    def __init__(self, *, network: bool = True) -> None:
        """Begin a stream; without `network` the phone loop answers alone (for comparison).

        Raises:
            PlatformError: the speech model or the network's weights are missing.
        """
        self._front_end = FrontEnd()
        self._phones = PhoneLoop(load_acoustic_model())
        self._network = VisemeNetwork(load_network()) if network else None
        self._samples = 0
        self._rows = 0

    def reset(self) -> None:
        """Begin a new stream."""
        self._front_end.reset()
        self._phones.reset()
        if self._network:
            self._network.reset()
        self._samples = self._rows = 0

    def push(self, samples: npt.NDArray[np.int16] | Float) -> Float:
        """Take mono samples on the 16-bit scale; return the rows that are decided now, (n, 15), sums 1."""
        self._samples += len(samples)
        rows = [np.zeros((0, len(VISEMES)), np.float32)]
        for pair in self._front_end.push(samples.astype(np.float32)):
            frames = self._phones.push(pair)
            if self._network:
                rows.append(self._network.push(frames))
            else:
                rows += [frame.visemes[None] for frame in frames]
        decided = np.concatenate(rows)
        self._rows += len(decided)
        return decided

    def finish(self) -> Float:
        """Return the rows still owed and begin a new stream; all rows together are ⌈samples / 160⌉."""
        owed = -(-self._samples // HOP) - self._rows
        silence = np.zeros((owed + LOOKAHEAD_FRAMES + 2 * PAIR) * HOP + WINDOW, np.float32)
        rows = self.push(silence)[:owed]
        self.reset()
        return rows
