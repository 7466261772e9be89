"""Motion messages to bytes and back, as docs/protocols/motion.md lays them out."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from avatardesk.driving.motion.frames import (
    GAZE_RANGE,
    HEAD_RANGE,
    MAX_FRAMES,
    VERSION,
    WEIGHT_COUNT,
    MotionFrame,
    MotionKind,
    MotionMessage,
)
from avatardesk.errors import ProtocolError

_HEADER = struct.Struct("<BBBBIIQIH")
_MASK_BYTES = 7
_PART_HEAD = 1
_PART_GAZE = 2


def encode(message: MotionMessage) -> bytes:
    """Return the message's bytes. Raises ValueError when a count or a field does not fit the format."""
    if len(message.frames) > MAX_FRAMES or len(message.energies) > MAX_FRAMES:
        raise ValueError(f"a motion message carries at most {MAX_FRAMES} frames")
    try:
        header = _HEADER.pack(
            VERSION,
            message.kind,
            len(message.frames),
            len(message.energies),
            message.round,
            message.frame,
            message.track_samples,
            message.sequence & 0xFFFFFFFF,
            message.flags,
        )
    except struct.error as error:
        raise ValueError(f"a field does not fit the motion message: {error}") from error
    return b"".join([header, bytes(message.energies), *map(encode_frame, message.frames)])


def encode_frame(frame: MotionFrame) -> bytes:
    """Return one frame's bytes: parts, mask, the weights that are not zero, head, gaze."""
    weights = np.rint(np.clip(frame.weights, 0.0, 1.0) * 255.0).astype(np.uint8)
    present = weights != 0
    parts = (_PART_HEAD if frame.head else 0) | (_PART_GAZE if frame.gaze else 0)
    # packbits pads the last byte with zeros: 52 weights fill 6.5 of the 7 bytes.
    mask = bytes(np.packbits(present, bitorder="little"))
    head = _angles(frame.head, HEAD_RANGE) if frame.head else b""
    gaze = _angles(frame.gaze, GAZE_RANGE) if frame.gaze else b""
    return bytes([parts]) + mask + bytes(weights[present]) + head + gaze


def _angles(angles: Sequence[float], full_scale: float) -> bytes:
    steps = (max(-127, min(127, round(angle / full_scale * 127))) for angle in angles)
    return struct.pack(f"{len(angles)}b", *steps)


def decode(data: bytes) -> MotionMessage:
    """Return the message in `data`.

    Raises ProtocolError when it is truncated or too long, of another version, of an unknown kind, counts more
    than 12 frames, or counts frames before the round's first.
    """
    if len(data) < _HEADER.size:
        raise ProtocolError(f"A motion message of {len(data)} bytes is shorter than its header.")
    version, kind, frame_count, energy_count, round_, frame, track_samples, sequence, flags = (
        _HEADER.unpack_from(data)
    )
    if version != VERSION:
        raise ProtocolError(
            f"Motion message version {version} is not understood.",
            hint="The avatar service and this program are of different versions: update the older one.",
        )
    try:
        kind = MotionKind(kind)
    except ValueError:
        raise ProtocolError(f"Motion message kind {kind} is not understood.") from None
    if max(frame_count, energy_count) > MAX_FRAMES:
        raise ProtocolError(f"A motion message counts {max(frame_count, energy_count)} frames.")
    if kind is MotionKind.FRAMES and max(frame_count, energy_count) > frame + 1:
        raise ProtocolError("A motion message counts frames from before the round's first.")
    reader = _Reader(data, _HEADER.size)
    energies = tuple(reader.take(energy_count))
    frames = tuple(_decode_frame(reader) for _ in range(frame_count))
    if reader.left:
        raise ProtocolError(f"{reader.left} bytes follow the last frame of a motion message.")
    return MotionMessage(kind, round_, frame, track_samples, sequence, flags, energies, frames)


class _Reader:
    """Takes bytes from the front of a message, and refuses to go past its end."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._at = start

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise ProtocolError("A motion message ends in the middle.")
        self._at += count
        return self._data[self._at - count : self._at]


def _decode_frame(reader: _Reader) -> MotionFrame:
    parts = reader.take(1)[0]
    if parts & ~(_PART_HEAD | _PART_GAZE):
        raise ProtocolError(f"A motion frame has unknown parts ({parts:#04x}).")
    bits = np.unpackbits(np.frombuffer(reader.take(_MASK_BYTES), np.uint8), bitorder="little")
    if bits[WEIGHT_COUNT:].any():
        raise ProtocolError(f"A motion frame has more than {WEIGHT_COUNT} weights.")
    present = bits[:WEIGHT_COUNT].astype(bool)
    weights = np.zeros(WEIGHT_COUNT, dtype=np.float32)
    weights[present] = np.frombuffer(reader.take(int(present.sum())), np.uint8) / np.float32(255.0)
    head = gaze = None
    if parts & _PART_HEAD:
        pitch, yaw, roll = (step * HEAD_RANGE / 127 for step in struct.unpack("3b", reader.take(3)))
        head = (pitch, yaw, roll)
    if parts & _PART_GAZE:
        pitch, yaw = (step * GAZE_RANGE / 127 for step in struct.unpack("2b", reader.take(2)))
        gaze = (pitch, yaw)
    return MotionFrame(weights, head, gaze)
