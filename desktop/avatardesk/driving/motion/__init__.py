"""The motion message of docs/protocols/motion.md: its values, its codec and its sender."""

from __future__ import annotations

from avatardesk.driving.motion.codec import decode, encode, encode_frame
from avatardesk.driving.motion.frames import (
    ARKIT_52,
    FRAME_MS,
    MAX_FRAMES,
    WEIGHT_COUNT,
    MotionFlags,
    MotionFrame,
    MotionKind,
    MotionMessage,
    energy_byte,
)

__all__ = [
    "ARKIT_52",
    "FRAME_MS",
    "MAX_FRAMES",
    "WEIGHT_COUNT",
    "MotionFlags",
    "MotionFrame",
    "MotionKind",
    "MotionMessage",
    "decode",
    "encode",
    "encode_frame",
    "energy_byte",
]
