"""espeak-ng's library as a source of speech with phone times (its program prints none). For training only."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt

# From espeak-ng/speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1, 2, 0x8000
_EVENT_LIST_TERMINATED, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _PITCH_RANGE = 1, 3, 4
_POS_CHARACTER, _CHARS_UTF8, _END_PAUSE = 1, 1, 0x1000


class _Identifier(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """One espeak-ng; `rate` is its sample rate."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        flags = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        self.rate: int = self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 60, None, flags)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng does not start")

    def speak(
        self, text: str, voice: str, rate: int, pitch: int, pitch_range: int
    ) -> tuple[npt.NDArray[np.int16], list[tuple[float, str]]]:
        """Return the sound and (start in s, IPA name) of every phone."""
        sound = bytearray()
        phones: list[tuple[float, str]] = []

        def take(
            samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]
        ) -> int:
            index = 0
            while events[index].type != _EVENT_LIST_TERMINATED:
                event = events[index]
                if event.type == _EVENT_PHONEME:
                    name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "replace")
                    phones.append((event.audio_position / 1000, name))
                index += 1
            if samples and count > 0:
                sound.extend(ctypes.string_at(samples, count * 2))
            return 0

        callback = _Callback(take)
        library = self._library
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetVoiceByName(voice.encode())
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_PITCH_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        content = text.encode() + b"\0"
        library.espeak_Synth(
            content, len(content), 0, _POS_CHARACTER, 0, _CHARS_UTF8 | _END_PAUSE, None, None
        )
        return np.frombuffer(bytes(sound), np.int16), phones
