"""Real-time clients need an interface besides loopback, wherever the room is."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import psutil
import pytest

from avatardesk.errors import PlatformError
from avatardesk.session import network


def _interfaces(monkeypatch: pytest.MonkeyPatch, **found: tuple[str, bool]) -> None:
    stats = {name: SimpleNamespace(isup=up) for name, (_, up) in found.items()}
    addresses = {
        name: [SimpleNamespace(family=socket.AF_INET, address=address)]
        for name, (address, _) in found.items()
    }
    monkeypatch.setattr(psutil, "net_if_stats", lambda: stats)
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: addresses)


def test_an_interface_that_leads_nowhere_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    _interfaces(monkeypatch, lo=("127.0.0.1", True), docker0=("172.17.0.1", True))
    network.check_interfaces()


def test_loopback_alone_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    _interfaces(monkeypatch, lo=("127.0.0.1", True))
    with pytest.raises(PlatformError, match="switched off") as failure:
        network.check_interfaces()
    assert "Wi-Fi" in failure.value.hint


def test_an_interface_that_is_down_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    _interfaces(monkeypatch, lo=("127.0.0.1", True), wlan0=("192.168.1.5", False))
    with pytest.raises(PlatformError):
        network.check_interfaces()
