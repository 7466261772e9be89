"""ICE-lite (RFC 8445 §2.5) over one UDP socket: answer STUN checks, sort datagrams by peer."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import cast

from aioice import stun

logger = logging.getLogger(__name__)

Address = tuple[str, int]

_MAX_ADDRESSES = 16
"""Addresses of one peer that may be known at a time; a desktop has a handful."""


class IceAgent:
    """One transport's end of ICE. Its peer is whoever knows the credentials that went through signalling."""

    def __init__(self, socket: IceSocket, receive: Callable[[bytes], None]) -> None:
        self._socket = socket
        self.receive = receive
        self.addresses: dict[Address, None] = {}
        self.remote: Address | None = None
        self.last_heard = time.monotonic()
        self._previous = ""
        self._choose = True
        self.ufrag = ""
        self.password = ""
        self.restart()

    def restart(self) -> None:
        """Make new credentials (an ICE restart). The ones before stay good until the new ones are used."""
        if self._previous:
            self._socket.forget(self._previous)
        self._previous = self.ufrag
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self._socket.expect(self.ufrag, self.password, self)

    def checked(self, address: Address, ufrag: str, *, nominated: bool) -> None:
        """Note an authenticated check from `address`."""
        self.last_heard = time.monotonic()
        if ufrag == self.ufrag and self._previous:
            self._socket.forget(self._previous)
            self._previous = ""
            self._choose = True
        if nominated and self._choose:
            self.remote = address
            self._choose = False

    def arrived(self, address: Address, data: bytes) -> None:
        """Take a datagram that is not STUN; the address it comes from is the pair the client has chosen."""
        self.remote = address
        self.receive(data)

    def send(self, data: bytes) -> None:
        """Send a datagram to the peer; dropped while no pair is nominated."""
        if self.remote is not None:
            self._socket.send(data, self.remote)

    def close(self) -> None:
        """Forget credentials and addresses."""
        for ufrag in (self.ufrag, self._previous):
            self._socket.forget(ufrag)
        for address in self.addresses:
            self._socket.release(address, self)
        self.addresses.clear()


class IceSocket(asyncio.DatagramProtocol):
    """The UDP socket all peers share."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._expected: dict[str, tuple[bytes, IceAgent]] = {}
        self._by_address: dict[Address, IceAgent] = {}
        self.address: Address = ("", 0)

    async def open(self, host: str) -> None:
        """Bind to a free UDP port of `host`."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the bound address (asyncio calls this)."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = self._transport.get_extra_info("sockname")[:2]

    def error_received(self, exc: Exception) -> None:
        """Ignore what the system reports about a datagram sent earlier: the peer has closed its port."""
        logger.debug("a datagram could not be delivered: %s", exc)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def expect(self, ufrag: str, password: str, agent: IceAgent) -> None:
        """Answer checks that name `ufrag`."""
        self._expected[ufrag] = (password.encode(), agent)

    def forget(self, ufrag: str) -> None:
        """Stop answering checks that name `ufrag`."""
        self._expected.pop(ufrag, None)

    def release(self, address: Address, agent: IceAgent) -> None:
        """Drop datagrams from `address` from now on, unless another agent has it."""
        if self._by_address.get(address) is agent:
            del self._by_address[address]

    def send(self, data: bytes, address: Address) -> None:
        """Send one datagram."""
        if self._transport is not None:
            self._transport.sendto(data, address)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Sort one datagram by its first byte (RFC 7983): STUN here, the rest to the peer's transport."""
        if len(data) < 2:
            return
        if data[0] < 4:
            self._stun(data, addr)
        elif (agent := self._by_address.get(addr)) is not None:
            agent.arrived(addr, data)

    def _stun(self, data: bytes, address: Address) -> None:
        try:
            request = stun.parse_message(data)
        except Exception as error:  # noqa: BLE001 - the parser meets bytes from anyone; it may fail in any way
            logger.debug("not a STUN message: %s", error)
            return
        if request.message_method != stun.Method.BINDING or request.message_class != stun.Class.REQUEST:
            return
        username = request.attributes.get("USERNAME")
        ufrag = username.partition(":")[0] if isinstance(username, str) else ""
        password, agent = self._expected.get(ufrag, (b"", None))
        # Without the right password there is no answer at all: strangers learn nothing, and cost nothing.
        if agent is None or not request.check_message_integrity(password):
            return
        response = stun.Message(
            stun.Method.BINDING,
            stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": address},
        )
        response.add_message_integrity(password)
        self.send(bytes(response), address)
        if address not in agent.addresses:
            if len(agent.addresses) >= _MAX_ADDRESSES:
                oldest = next(iter(agent.addresses))
                del agent.addresses[oldest]
                self.release(oldest, agent)
            agent.addresses[address] = None
        self._by_address[address] = agent
        agent.checked(address, ufrag, nominated="USE-CANDIDATE" in request.attributes)
