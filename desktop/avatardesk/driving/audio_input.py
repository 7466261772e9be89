"""What a session accepts as audio, and its way from message payloads to samples."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from avatardesk.driving.limits import CloseCode, SessionEndedError
from avatardesk.driving.opus import OggOpusDecoder
from avatardesk.driving.speech import TRACK_RATE, Pcm
from avatardesk.driving.wire import AudioFormat

PCM_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates of PCM input, as the cloud has them."""

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
"""Sample rates that an Opus session may declare. Opus always decodes to 48 kHz."""


class AudioDecoder(Protocol):
    """Turns one request's payloads into s16 mono samples."""

    def push(self, data: bytes) -> Pcm:
        """Return the samples that the payload completes. Raises InputError for other data."""


class PcmDecoder:
    """s16le mono PCM; a payload may end in the middle of a sample."""

    def __init__(self) -> None:
        self._odd = b""

    def push(self, data: bytes) -> Pcm:
        """Take the next bytes; return the samples they complete."""
        data = self._odd + data
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        return np.frombuffer(data[:whole], dtype="<i2").astype(np.int16, copy=False)


def new_decoder(audio_format: int) -> AudioDecoder:
    """Return a decoder for one request in a format that `accepted_rate` has accepted."""
    return OggOpusDecoder() if audio_format == AudioFormat.OGG_OPUS else PcmDecoder()


def accepted_rate(audio_format: int, sample_rate: int) -> int:
    """Return the sample rate of what the session's decoders give.

    Raises SessionEndedError for a format or a rate that is not accepted: never resampled on a guess, because
    a
    wrong declaration would play at a wrong speed.
    """
    if audio_format not in (AudioFormat.PCM_S16LE, AudioFormat.OGG_OPUS):
        raise SessionEndedError(
            CloseCode.INVALID, f"unsupported audio format {audio_format}: use 0 (PCM s16le) or 1 (Ogg Opus)"
        )
    rates = PCM_RATES if audio_format == AudioFormat.PCM_S16LE else OPUS_RATES
    if sample_rate not in rates:
        raise SessionEndedError(
            CloseCode.INVALID,
            f"unsupported sample rate {sample_rate}: use one of {', '.join(map(str, rates))}",
        )
    return sample_rate if audio_format == AudioFormat.PCM_S16LE else TRACK_RATE
