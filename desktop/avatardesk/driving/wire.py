"""The ingress protocol's protobuf messages (docs/protocols/driving.md), as one superset for all SDKs.

The descriptor is built here instead of being generated: the schema is one short table, needs no compiler, and
lives
in a descriptor pool of its own, so that it can share a process with the SDKs' generated modules.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from avatardesk.errors import ProtocolError

_PACKAGE = "avatardesk.driving"
_SCALARS = {"string": 9, "bool": 8, "bytes": 12, "int32": 5, "int64": 3, "uint32": 13}

# message: "type name = number", with "repeated" before and map<string,string> written `map`.
# Enumerations travel as int32 (the same bytes), so a newer client's value reaches the code that refuses it.
_SCHEMA: dict[str, str] = {
    "LiveKitEgress": """string url = 1; string api_key = 2; string api_secret = 3; string room_name = 4;
        string publisher_id = 5; map extra_attributes = 6; int32 idle_timeout = 7; string api_token = 8""",
    "AgoraEgress": "string channel_name = 1; string token = 2; uint32 uid = 3; string publisher_id = 4",
    "Configure": """int32 sample_rate = 1; int32 bitrate = 2; int32 audio_format = 3;
        int32 transport_compression = 4; int32 egress_type = 5; LiveKitEgress livekit_egress = 6;
        AgoraEgress agora_egress = 7; map extra_params = 8""",
    "Confirm": "string connection_id = 1; repeated string capabilities = 2",
    "Audio": "string req_id = 1; bool end = 2; bytes audio = 3",
    "Error": "string connection_id = 1; string req_id = 2; int32 code = 3; string message = 4",
    "Animation": """string connection_id = 1; string req_id = 2; bool end = 3; bytes animation = 4;
        string avatar_id = 5""",
    "Request": "string req_id = 1",
    "State": """string connection_id = 1; string req_id = 2; int32 state = 3; int64 played_ms = 4;
        string reason = 5""",
    "Message": """int32 type = 1; Configure configure = 2; Confirm confirm = 3; Audio audio = 4; Error error =
    5;
        Animation animation = 6; Request interrupt = 8; Request pause = 9; Request resume = 10;
        State playback_state = 11""",
}


def _add_field(owner: descriptor_pb2.DescriptorProto, declaration: str) -> None:
    words = declaration.replace("=", " ").split()
    repeated = words[0] == "repeated"
    kind, name, number = words[1:] if repeated else words
    found = owner.field.add(name=name, number=int(number), label=3 if repeated or kind == "map" else 1)
    if kind in _SCALARS:
        found.type = _SCALARS[kind]  # type: ignore[assignment]
        return
    found.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
    if kind == "map":
        entry = owner.nested_type.add(name="".join(word.title() for word in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add_field(entry, "string key = 1")
        _add_field(entry, "string value = 2")
        kind = f"{owner.name}.{entry.name}"
    found.type_name = f".{_PACKAGE}.{kind}"


def _build() -> type[Any]:
    file = descriptor_pb2.FileDescriptorProto(name="driving.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _SCHEMA.items():
        owner = file.message_type.add(name=name)
        for declaration in fields.split(";"):
            _add_field(owner, declaration)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Message"))


_Message = _build()


class MessageType(enum.IntEnum):
    """Values of Message.type; type n announces field n + 1."""

    CONFIGURE = 1
    CONFIRM = 2
    AUDIO = 3
    ERROR = 4
    ANIMATION = 5
    INTERRUPT = 7
    PAUSE = 8
    RESUME = 9
    PLAYBACK_STATE = 10


class AudioFormat(enum.IntEnum):
    """Values of Configure.audio_format."""

    PCM_S16LE = 0
    OGG_OPUS = 1


class EgressType(enum.IntEnum):
    """Values of Configure.egress_type."""

    NONE = 0
    LIVEKIT = 1
    AGORA = 2


class PlaybackState(enum.IntEnum):
    """Values of State.state."""

    PLAYING = 1
    PAUSED = 2
    ENDED = 3
    INTERRUPTED = 4


CAPABILITIES = ("playback_control", "playback_state")
"""What this service declares in its confirmation: pause and resume work, and states are reported."""


@dataclass(frozen=True, slots=True)
class LiveKitEgress:
    """Where an avatar is to appear. The secrets are kept out of its repr, and so out of every log."""

    url: str
    room_name: str
    publisher_id: str
    api_token: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    api_secret: str = field(default="", repr=False)
    extra_attributes: dict[str, str] = field(default_factory=dict)
    idle_timeout: int = 0


@dataclass(frozen=True, slots=True)
class Configure:
    """A client's first message. `audio_format` and `egress_type` are as sent: they may be unknown numbers."""

    sample_rate: int
    audio_format: int = AudioFormat.PCM_S16LE
    transport_compression: int = 0
    egress_type: int = EgressType.NONE
    livekit: LiveKitEgress | None = None
    has_agora: bool = False


@dataclass(frozen=True, slots=True)
class Audio:
    """Some of a request's audio; `end` closes the request."""

    req_id: str
    audio: bytes
    end: bool = False


class Action(enum.Enum):
    """What a client can do to playback."""

    INTERRUPT = "interrupt"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Command:
    """An action on a request's playback."""

    action: Action
    req_id: str


ClientMessage: TypeAlias = Configure | Audio | Command


def parse(data: bytes) -> ClientMessage:
    """Return a client's message. Raises ProtocolError for what is no message, or none that a client sends."""
    found = _Message()
    try:
        found.ParseFromString(data)
    except message.DecodeError as error:
        raise ProtocolError("The bytes are no protobuf message.") from error
    if found.type == MessageType.AUDIO:
        return Audio(found.audio.req_id, found.audio.audio, found.audio.end)
    if found.type == MessageType.CONFIGURE:
        return _parse_configure(found.configure)
    if found.type == MessageType.INTERRUPT:
        return Command(Action.INTERRUPT, found.interrupt.req_id)
    if found.type == MessageType.PAUSE:
        return Command(Action.PAUSE, found.pause.req_id)
    if found.type == MessageType.RESUME:
        return Command(Action.RESUME, found.resume.req_id)
    raise ProtocolError(f"unexpected message type {found.type}")


def _parse_configure(found: Any) -> Configure:
    livekit = None
    if found.HasField("livekit_egress"):
        sent = found.livekit_egress
        livekit = LiveKitEgress(
            url=sent.url,
            room_name=sent.room_name,
            publisher_id=sent.publisher_id,
            api_token=sent.api_token,
            api_key=sent.api_key,
            api_secret=sent.api_secret,
            extra_attributes=dict(sent.extra_attributes),
            idle_timeout=sent.idle_timeout,
        )
    return Configure(
        sample_rate=found.sample_rate,
        audio_format=found.audio_format,
        transport_compression=found.transport_compression,
        egress_type=found.egress_type,
        livekit=livekit,
        has_agora=found.HasField("agora_egress"),
    )


def confirm(connection_id: str, capabilities: Iterable[str] = CAPABILITIES) -> bytes:
    """Return the confirmation that ends the handshake."""
    sent = _Message(type=MessageType.CONFIRM)
    sent.confirm.connection_id = connection_id
    sent.confirm.capabilities.extend(capabilities)
    return _bytes(sent)


def error(connection_id: str, code: int, text: str, req_id: str = "") -> bytes:
    """Return an error message; codes 4000-4999 are also the WebSocket close codes."""
    sent = _Message(type=MessageType.ERROR)
    sent.error.connection_id = connection_id
    sent.error.req_id = req_id
    sent.error.code = code
    sent.error.message = text
    return _bytes(sent)


def animation(
    connection_id: str, avatar_id: str, req_id: str, *, end: bool = False, payload: bytes = b""
) -> bytes:
    """Return an animation message; in egress mode, without payload, it marks playback's start or end."""
    sent = _Message(type=MessageType.ANIMATION)
    sent.animation.connection_id = connection_id
    sent.animation.avatar_id = avatar_id
    sent.animation.req_id = req_id
    sent.animation.end = end
    sent.animation.animation = payload
    return _bytes(sent)


def playback_state(
    connection_id: str, req_id: str, state: PlaybackState, played_ms: int, reason: str = ""
) -> bytes:
    """Return a playback state; `reason` (explicit, preempted, pause_timeout) only with INTERRUPTED."""
    sent = _Message(type=MessageType.PLAYBACK_STATE)
    sent.playback_state.connection_id = connection_id
    sent.playback_state.req_id = req_id
    sent.playback_state.state = state
    sent.playback_state.played_ms = played_ms
    sent.playback_state.reason = reason
    return _bytes(sent)


def _bytes(sent: Any) -> bytes:
    data: bytes = sent.SerializeToString()
    return data
