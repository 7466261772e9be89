"""Writes a character as one compact file (docs/avatar.md describes the layout)."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from avatargen.fields import Array
from avatargen.part import Part

MAGIC = b"AVDH"
VERSION = 1
POSITION_STEP = 1.0 / 8192.0
"""Quantisation of positions: ±4 units in 16 bits."""
_POINT_EPSILON = 2e-4
_NORMAL_EPSILON = 8e-3


class _Blob:
    def __init__(self) -> None:
        self.data = bytearray()

    def add(self, array: np.ndarray[Any, Any]) -> int:
        """Appends an array, 4-byte aligned; returns its offset."""
        self.data += b"\0" * (-len(self.data) % 4)
        offset = len(self.data)
        self.data += array.tobytes()
        return offset


def _quantise(values: Array, dtype: str, limit: int) -> tuple[np.ndarray[Any, Any], float]:
    """Integers and the step that turns them back."""
    peak = float(np.abs(values).max()) if values.size else 0.0
    step = peak / limit if peak else 1.0
    return np.round(values / step).astype(dtype), step


def _pack_part(part: Part, blob: _Blob) -> dict[str, Any]:
    if not (np.isfinite(part.points).all() and np.isfinite(part.normals).all()):
        raise ValueError(f"part {part.name} holds NaN")
    if np.abs(part.points).max() >= 4.0 or len(part.points) > 65535:
        raise ValueError(f"part {part.name} does not fit the format")
    entry: dict[str, Any] = {
        "name": part.name,
        "material": part.material,
        "vertices": len(part.points),
        "indices": int(part.triangles.size),
        "index": blob.add(part.triangles.astype("<u2").ravel()),
        "position": blob.add(np.round(part.points / POSITION_STEP).astype("<i2")),
        "normal": blob.add(np.round(np.clip(part.normals, -1, 1) * 127).astype("i1")),
        # Square roots: 8 bits go where the eye sees steps.
        "colour": blob.add(np.round(np.sqrt(np.clip(part.colour, 0, 1)) * 255).astype("u1")),
        "shade": blob.add(np.round(np.clip(part.shade, 0, 1) * 255).astype("u1")),
    }
    if part.tangent is not None:
        entry["tangent"] = blob.add(np.round(np.clip(part.tangent, -1, 1) * 127).astype("i1"))
    entry["targets"] = []
    for name, target in part.targets.items():
        touched = np.abs(target.points).max(1) > _POINT_EPSILON
        if target.normals is not None:
            touched |= np.abs(target.normals).max(1) > _NORMAL_EPSILON
        index = np.flatnonzero(touched)
        if not len(index):
            continue
        delta, step = _quantise(target.points[index], "<i2", 32767)
        item = {
            "name": name,
            "count": len(index),
            "index": blob.add(index.astype("<u2")),
            "delta": blob.add(delta),
            "step": step,
        }
        if target.normals is not None:
            turned, normal_step = _quantise(target.normals[index], "i1", 127)
            item |= {"normal": blob.add(turned), "normalStep": normal_step}
        entry["targets"].append(item)
    return entry


def pack(header: dict[str, Any], parts: list[Part]) -> bytes:
    """The file: magic, version, length of the JSON, the JSON padded to 4 bytes, the arrays."""
    blob = _Blob()
    body = {**header, "positionStep": POSITION_STEP, "parts": [_pack_part(part, blob) for part in parts]}
    text = json.dumps(body, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return MAGIC + struct.pack("<II", VERSION, len(text)) + text + bytes(blob.data)
