"""One peer connection's transport: ICE-lite, DTLS, SRTP and SCTP over the shared socket.

DTLS and SCTP are aiortc's; SRTP is handled where the datagram arrives: a media packet costs one callback, no
task switch. The server is always the DTLS server: clients answer `actpass` with `active`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pylibsrtp
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport
from aiortc.rtp import is_rtcp

from avatardesk.room.ice import IceAgent, IceSocket
from avatardesk.room.sdp import Local

if TYPE_CHECKING:
    from aiortc.rtcicetransport import RTCIceTransport

logger = logging.getLogger(__name__)

SCTP_PORT = 5000
_DTLS_QUEUE = 256
"""DTLS datagrams waiting to be read. The first may come before the answer that starts the handshake."""


class _DatagramPort:
    """What RTCDtlsTransport needs of an ICE transport: DTLS datagrams in and out."""

    role = "controlled"

    def __init__(self, agent_send: Callable[[bytes], None]) -> None:
        self._send_now = agent_send
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_DTLS_QUEUE)
        self.closed = False

    def feed(self, data: bytes) -> None:
        if not self.queue.full():
            self.queue.put_nowait(data)

    def close(self) -> None:
        self.closed = True
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(None)

    async def _recv(self) -> bytes:
        data = None if self.closed else await self.queue.get()
        if data is None:
            raise ConnectionError("the transport is closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._send_now(data)


class _Sctp(RTCSctpTransport):
    """SCTP that survives what a broken peer sends: the association ends, not the server's task."""

    async def _handle_data(self, data: bytes) -> None:
        try:
            await super()._handle_data(data)
        except ConnectionError:
            raise
        except Exception as error:
            # aiortc asserts on what a peer sends.
            logger.info("ending a data association after a malformed packet: %r", error)
            raise ConnectionError("malformed SCTP packet") from error

    def lost(self) -> None:
        """End the association without a word: there is no transport any more."""
        self._set_state(self.State.CLOSED)

    def queue(self, channel: RTCDataChannel, data: bytes) -> None:
        """Send on a channel that may still be opening; the message then follows the opening one."""
        self._data_channel_send(channel, data)


class PeerTransport:
    """One of a participant's two peer connections, below SDP.

    `on_rtp` and `on_rtcp` get decrypted packets; `on_message` gets a data channel's label and message.
    """

    def __init__(
        self,
        socket: IceSocket,
        certificate: RTCCertificate,
        *,
        on_connected: Callable[[], None],
        on_rtp: Callable[[bytes], None],
        on_rtcp: Callable[[bytes], None],
        on_message: Callable[[str, bytes], None],
    ) -> None:
        self._socket = socket
        self._on_connected = on_connected
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._on_message = on_message
        self.ice = IceAgent(socket, self._arrived)
        self._port = _DatagramPort(self.ice.send)
        self._dtls = RTCDtlsTransport(cast("RTCIceTransport", self._port), [certificate])
        self._dtls._set_role("server")
        self._dtls.on("statechange", self._dtls_changed)
        self._fingerprint = next(
            found.value for found in certificate.getFingerprints() if found.algorithm == "sha-256"
        )
        self._sctp: _Sctp | None = None
        self._sctp_limit: int | None = None
        self._outgoing: dict[str, RTCDataChannelParameters] = {}
        self._channels: dict[str, RTCDataChannel] = {}
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def local(self, max_message_size: int) -> Local:
        """Return our end as session descriptions name it."""
        host, port = self._socket.address
        return Local(self.ice.ufrag, self.ice.password, self._fingerprint, host, port, max_message_size)

    def add_channel(self, label: str, *, ordered: bool, max_retransmits: int | None) -> None:
        """Open a data channel of ours as soon as the association is up."""
        self._outgoing[label] = RTCDataChannelParameters(
            label=label, ordered=ordered, maxRetransmits=max_retransmits
        )

    def start(self, fingerprints: list[tuple[str, str]]) -> None:
        """Begin the DTLS handshake with the peer that has one of `fingerprints`. Later calls do nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(fingerprints))

    def start_data(self, max_message_size: int) -> None:
        """Bring the SCTP association up once DTLS is; `max_message_size` is what the peer accepts."""
        if self._sctp_limit is None:
            self._sctp_limit = max_message_size
            if self.connected:
                self._task = asyncio.create_task(self._run_data())

    async def _run(self, fingerprints: list[tuple[str, str]]) -> None:
        expected = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=expected))
        if self._dtls.state != "connected":
            logger.info("a DTLS handshake failed; the peer will be dropped when its time is up")
            return
        # Registering for data must not wait: the peer's first SCTP packet follows at once.
        if self._sctp_limit is not None:
            await self._run_data()
        self.connected = True
        self._on_connected()

    async def _run_data(self) -> None:
        sctp = self._sctp = _Sctp(self._dtls, SCTP_PORT)
        sctp.on("datachannel", self._listen)
        for label, parameters in self._outgoing.items():
            self._channels[label] = RTCDataChannel(sctp, parameters)
        try:
            await sctp.start(RTCSctpCapabilities(self._sctp_limit or 0), SCTP_PORT)
        except ConnectionError:
            logger.debug("the transport closed before its data association was up")

    def _listen(self, channel: RTCDataChannel) -> None:
        def message(data: Any) -> None:
            if isinstance(data, bytes):
                try:
                    self._on_message(channel.label, data)
                except Exception:
                    # Our mistake, not the peer's: it must not cost the peer its association.
                    logger.exception("a data packet could not be handled")

        channel.on("message", message)

    def backlog(self, label: str) -> int:
        """Return the bytes waiting on our channel `label`."""
        channel = self._channels.get(label)
        return channel.bufferedAmount if channel is not None else 0

    def send_message(self, label: str, data: bytes) -> None:
        """Send on our channel `label`; one still opening keeps the message, one that is closed drops it."""
        channel = self._channels.get(label)
        if channel is None or self._sctp is None or channel.readyState not in ("connecting", "open"):
            return
        try:
            self._sctp.queue(channel, data)
        except ValueError as error:
            logger.info("dropped a data packet: %s", error)

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self.connected = False
            if self._sctp is not None:
                self._sctp.lost()

    def _arrived(self, data: bytes) -> None:
        if 19 < data[0] < 64:
            self._port.feed(data)
        elif 127 < data[0] < 192 and self.connected:
            try:
                if is_rtcp(data):
                    self._on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(data))
                else:
                    self._on_rtp(self._dtls._rx_srtp.unprotect(data))
            except pylibsrtp.Error as error:
                logger.debug("dropped a media packet: %s", error)

    def send_rtp(self, packet: bytes) -> None:
        """Encrypt and send an RTP packet; dropped while the transport is not connected."""
        if self.connected:
            self.ice.send(self._dtls._tx_srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        """Encrypt and send a compound RTCP packet; dropped while the transport is not connected."""
        if self.connected:
            self.ice.send(self._dtls._tx_srtp.protect_rtcp(packet))

    async def close(self) -> None:
        """Say goodbye to the peer and forget it."""
        self.connected = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._sctp is not None:
            await self._sctp.stop()
        await self._dtls.stop()
        self._port.close()
        self.ice.close()
