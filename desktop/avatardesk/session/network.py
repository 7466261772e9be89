"""Whether this machine's network lets real-time clients reach a room at all, even one on this machine.

libwebrtc, in the Python clients of agent and avatar, never uses the loopback interface. With no other
interface up it has no address to offer, and waits in vain even for a room at 127.0.0.1. Any other will do,
also one that leads nowhere.
"""

from __future__ import annotations

import socket

import psutil

from avatardesk.errors import PlatformError


def check_interfaces() -> None:
    """Make sure that an interface besides loopback is up.

    Raises:
        PlatformError: there is none.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    for name, addresses in psutil.net_if_addrs().items():
        if name in up and any(
            address.family is socket.AF_INET and not address.address.startswith("127.")
            for address in addresses
        ):
            return
    raise PlatformError(
        "This machine's network is switched off altogether.",
        hint="Switch on Wi-Fi or plug in a cable, then start again. It need not lead to the internet: "
        "everything stays on this machine, but real-time audio needs a network interface.",
        code="no_interface",
    )
