"""The service's own protobuf definition against those the SDKs bring.

spatius registers the same file name as avatarkit, so that the two cannot share a process: its turn is in
tests/e2e.
"""

from __future__ import annotations

from typing import Any

import pytest
from avatarkit.proto.generated import message_pb2 as avatarkit_pb
from spatialreal.proto.generated import message_pb2 as spatialreal_pb

from avatardesk.driving import wire
from avatardesk.errors import ProtocolError

SDKS = [avatarkit_pb, spatialreal_pb]


@pytest.mark.parametrize("pb", SDKS)
def test_a_configuration_of_every_sdk_is_read_whole(pb: Any) -> None:
    message = pb.Message(type=1)
    session = message.client_configure_session
    session.sample_rate, session.bitrate, session.audio_format, session.egress_type = 24000, 9, 1, 1
    egress = session.livekit_egress
    egress.url, egress.room_name, egress.publisher_id = "ws://x", "room", "pub"
    egress.api_key, egress.api_secret, egress.api_token = "key", "secret", "token"
    egress.idle_timeout = 7
    egress.extra_attributes["a"] = "b"
    found = wire.parse(message.SerializeToString())
    assert found == wire.Configure(
        sample_rate=24000,
        audio_format=1,
        egress_type=1,
        livekit=wire.LiveKitEgress("ws://x", "room", "pub", "token", "key", "secret", {"a": "b"}, 7),
    )


@pytest.mark.parametrize("pb", SDKS)
def test_audio_and_interrupts_of_every_sdk_are_read(pb: Any) -> None:
    message = pb.Message(type=3)
    message.client_audio_input.req_id = "r"
    message.client_audio_input.audio = b"\x01\x02"
    message.client_audio_input.end = True
    assert wire.parse(message.SerializeToString()) == wire.Audio("r", b"\x01\x02", True)
    message = pb.Message(type=7)
    message.client_interrupt.req_id = "r"
    assert wire.parse(message.SerializeToString()) == wire.Command(wire.Action.INTERRUPT, "r")


def test_pause_and_resume_are_read() -> None:
    message = spatialreal_pb.Message(type=8)
    message.client_pause.req_id = "r"
    assert wire.parse(message.SerializeToString()) == wire.Command(wire.Action.PAUSE, "r")
    message = spatialreal_pb.Message(type=9)
    message.client_resume.req_id = "r"
    assert wire.parse(message.SerializeToString()) == wire.Command(wire.Action.RESUME, "r")


@pytest.mark.parametrize("pb", SDKS)
def test_every_sdk_reads_what_the_service_says(pb: Any) -> None:
    message = pb.Message()
    message.ParseFromString(wire.confirm("c"))
    assert (message.type, message.server_confirm_session.connection_id) == (2, "c")
    message.ParseFromString(wire.error("c", 4002, "over", "r"))
    error = message.server_error
    assert (message.type, error.connection_id, error.code, error.message, error.req_id) == (
        4,
        "c",
        4002,
        "over",
        "r",
    )
    message.ParseFromString(wire.animation("c", "nova", "r", end=True, payload=b"x"))
    answer = message.server_response_animation
    assert (message.type, answer.connection_id, answer.req_id, answer.end) == (5, "c", "r", True)


def test_a_playback_state_is_read_by_the_sdk_that_knows_it() -> None:
    message = spatialreal_pb.Message()
    message.ParseFromString(wire.playback_state("c", "r", wire.PlaybackState.INTERRUPTED, 40, "explicit"))
    state = message.server_playback_state
    assert (message.type, state.connection_id, state.req_id) == (10, "c", "r")
    assert (state.state, state.played_ms, state.reason) == (4, 40, "explicit")


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x08\x02", b"\x08\x63", b"\x08\x03\x22\x05ab"])
def test_what_no_client_sends_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.parse(data)


def test_secrets_are_not_in_a_repr() -> None:
    egress = wire.LiveKitEgress("ws://x", "r", "p", "sec-token", "sec-key", "sec-secret")
    assert "sec-" not in repr(wire.Configure(sample_rate=16000, livekit=egress))
