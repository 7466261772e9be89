from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatardesk.driving.motion import (
    ARKIT_52,
    MotionFrame,
    MotionKind,
    MotionMessage,
    decode,
    encode,
    energy_byte,
)
from avatardesk.errors import ProtocolError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "motion.json").read_text(encoding="utf-8"))


def _message(found: dict[str, Any]) -> MotionMessage:
    frames = []
    for frame in found["frames"]:
        weights = np.array([frame["weights"].get(name, 0.0) for name in ARKIT_52], dtype=np.float32)
        head = tuple(frame["head"]) if frame["head"] else None
        gaze = tuple(frame["gaze"]) if frame["gaze"] else None
        frames.append(MotionFrame(weights, head, gaze))
    return MotionMessage(
        MotionKind[found["kind"]],
        found["round"],
        found["frame"],
        found["track_samples"],
        found["sequence"],
        found["flags"],
        tuple(found["energies"]),
        tuple(frames),
    )


def _assert_same(left: MotionMessage, right: MotionMessage) -> None:
    fields = ("kind", "round", "frame", "track_samples", "sequence", "flags", "energies")
    assert [getattr(left, name) for name in fields] == [getattr(right, name) for name in fields]
    assert len(left.frames) == len(right.frames)
    for a, b in zip(left.frames, right.frames, strict=True):
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)
        assert (a.head is None) == (b.head is None)
        assert (a.gaze is None) == (b.gaze is None)
        assert (a.head or ()) == pytest.approx(b.head or ())
        assert (a.gaze or ()) == pytest.approx(b.gaze or ())


def test_the_shared_vectors_name_the_blendshapes_in_our_order() -> None:
    assert tuple(VECTORS["arkit_52"]) == ARKIT_52
    assert len(set(ARKIT_52)) == 52


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda v: v["name"])
def test_a_shared_vector_decodes_to_its_message(vector: dict[str, Any]) -> None:
    _assert_same(decode(bytes.fromhex(vector["hex"])), _message(vector["message"]))


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda v: v["name"])
def test_a_shared_message_encodes_to_its_bytes(vector: dict[str, Any]) -> None:
    assert encode(_message(vector["message"])).hex() == vector["hex"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda v: v["name"])
def test_bytes_that_are_no_message_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        decode(bytes.fromhex(vector["hex"]))


def test_every_cut_of_a_message_is_refused() -> None:
    whole = bytes.fromhex(VECTORS["messages"][3]["hex"])
    for length in range(len(whole)):
        with pytest.raises(ProtocolError):
            decode(whole[:length])


def test_a_version_of_the_future_is_refused_with_a_hint() -> None:
    with pytest.raises(ProtocolError, match="version 2") as refused:
        decode(b"\x02" + bytes(25))
    assert "update" in refused.value.hint


def test_weights_and_angles_beyond_their_range_are_clipped() -> None:
    weights = np.full(52, 2.0, dtype=np.float32)
    weights[0] = -1.0
    frame = MotionFrame(weights, head=(9.0, -9.0, 0.0), gaze=(9.0, -9.0))
    [back] = decode(encode(MotionMessage(MotionKind.FRAMES, 1, 0, 0, 0, frames=(frame,)))).frames
    assert back.weights[0] == 0.0
    assert (back.weights[1:] == 1.0).all()
    assert back.head == pytest.approx((0.5, -0.5, 0.0))
    assert back.gaze == pytest.approx((0.6, -0.6))


def test_a_field_that_does_not_fit_is_an_error_of_the_caller() -> None:
    rest = MotionFrame.neutral()
    for wrong in (
        MotionMessage(MotionKind.FRAMES, -1, 0, 0, 0),
        MotionMessage(MotionKind.FRAMES, 1, 20, 0, 0, frames=(rest,) * 13),
        MotionMessage(MotionKind.FRAMES, 1, 20, 0, 0, energies=(0,) * 13),
    ):
        with pytest.raises(ValueError, match="motion message"):
            encode(wrong)
    with pytest.raises(ValueError, match="52 weights"):
        MotionFrame(np.zeros(51, dtype=np.float32))


def test_energy_is_loudness_in_decibels() -> None:
    assert energy_byte(np.zeros(960, dtype=np.int16)) == 0
    assert energy_byte(np.zeros(0, dtype=np.int16)) == 0
    assert energy_byte(np.full(960, -32768, dtype=np.int16)) == 255
    assert energy_byte(np.full(960, 1, dtype=np.int16)) == 0  # -90 dBFS
    half = energy_byte(np.full(960, 16384, dtype=np.int16))
    assert half == round((72 - 6.0206) / 72 * 255)
