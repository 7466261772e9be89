"""ICE-lite: who is answered, which address is used, and what a restart changes."""

from __future__ import annotations

import asyncio

import pytest
from aioice import stun

from avatardesk.room.ice import Address, IceAgent, IceSocket

HERE: Address = ("127.0.0.1", 1000)
THERE: Address = ("127.0.0.1", 2000)


class RecordingSocket(IceSocket):
    """The shared socket without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[bytes, Address]] = []

    def send(self, data: bytes, address: Address) -> None:
        self.sent.append((data, address))


class Peer:
    """A socket, an agent on it, and what the agent received."""

    def __init__(self) -> None:
        self.socket = RecordingSocket()
        self.received: list[bytes] = []
        self.agent = IceAgent(self.socket, self.received.append)

    def check(
        self,
        address: Address,
        *,
        ufrag: str | None = None,
        password: str | None = None,
        nominate: bool = True,
    ) -> stun.Message | None:
        """Send a connectivity check; return the answer."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{ufrag or self.agent.ufrag}:them"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.agent.password).encode())
        before = len(self.socket.sent)
        self.socket.datagram_received(bytes(request), address)
        answers = self.socket.sent[before:]
        if not answers:
            return None
        ((raw, to),) = answers
        assert to == address
        answer = stun.parse_message(raw)
        assert answer.transaction_id == request.transaction_id
        return answer


@pytest.fixture
def peer() -> Peer:
    return Peer()


def test_a_check_is_answered_with_the_address_it_came_from(peer: Peer) -> None:
    answer = peer.check(HERE)
    assert answer is not None
    assert answer.message_class == stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == HERE
    assert answer.check_message_integrity(peer.agent.password.encode())


def test_strangers_get_no_answer_and_leave_no_trace(peer: Peer) -> None:
    assert peer.check(HERE, password="wrong") is None
    assert peer.check(HERE, ufrag="nobody") is None
    peer.socket.datagram_received(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)), HERE)
    peer.socket.datagram_received(b"\x16\xfe\xfd hello", HERE)
    assert peer.received == []
    assert peer.socket.sent == []
    assert peer.agent.addresses == {}


def test_nothing_is_sent_before_an_address_is_nominated(peer: Peer) -> None:
    peer.check(HERE, nominate=False)
    peer.agent.send(b"early")
    assert len(peer.socket.sent) == 1
    peer.check(HERE)
    peer.agent.send(b"now")
    assert peer.socket.sent[-1] == (b"now", HERE)


def test_the_address_media_comes_from_is_used_from_then_on(peer: Peer) -> None:
    peer.check(HERE)
    peer.check(THERE)
    peer.agent.send(b"a")
    assert peer.socket.sent[-1] == (b"a", HERE)
    peer.socket.datagram_received(b"\x80media", THERE)
    peer.agent.send(b"b")
    assert peer.socket.sent[-1] == (b"b", THERE)
    assert peer.received == [b"\x80media"]


def test_a_restart_takes_new_credentials_and_the_old_ones_until_then(peer: Peer) -> None:
    peer.check(HERE)
    ufrag, password = peer.agent.ufrag, peer.agent.password
    peer.agent.restart()
    assert peer.check(HERE, ufrag=ufrag, password=password) is not None
    assert peer.check(THERE) is not None
    assert peer.agent.remote == THERE
    assert peer.check(HERE, ufrag=ufrag, password=password) is None


def test_a_closed_agent_is_forgotten(peer: Peer) -> None:
    peer.check(HERE)
    ufrag, password = peer.agent.ufrag, peer.agent.password
    peer.agent.close()
    assert peer.check(HERE, ufrag=ufrag, password=password) is None
    peer.socket.datagram_received(b"\x80media", HERE)
    assert peer.received == []


def test_a_peer_has_a_bounded_number_of_addresses(peer: Peer) -> None:
    for port in range(1000, 1100):
        peer.check(("127.0.0.1", port))
    assert len(peer.agent.addresses) == 16


def test_an_address_taken_over_by_another_peer_stays_with_it(peer: Peer) -> None:
    other: list[bytes] = []
    second = IceAgent(peer.socket, other.append)
    peer.check(HERE)
    peer.check(HERE, ufrag=second.ufrag, password=second.password)
    peer.agent.close()
    peer.socket.datagram_received(b"\x80media", HERE)
    assert other == [b"\x80media"]


async def test_a_socket_is_bound_to_loopback() -> None:
    socket = IceSocket()
    await socket.open("127.0.0.1")
    assert socket.address[0] == "127.0.0.1"
    assert socket.address[1] > 0
    socket.close()
    await asyncio.sleep(0)
