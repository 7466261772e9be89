"""A `livekit-server` of the machine as the room: started, used, and ended by the supervisor."""

from __future__ import annotations

import asyncio

import psutil
import pytest
from livekit import rtc
from support.livekit_server import require_binary

from avatardesk.secrets import Secrets
from avatardesk.session.services import Services
from avatardesk.settings_sources import load_settings
from avatardesk.stack.livekit_server import configuration, find_binary

pytestmark = pytest.mark.livekit_server


async def test_it_serves_the_room_on_loopback_with_keys_nobody_else_sees() -> None:
    binary = require_binary()
    settings = load_settings(
        env={},
        overrides=["stack.room=livekit-server", f"stack.livekit_server={binary}", "agent.enabled=false"],
    )
    services = Services(settings, Secrets({}), on_state=lambda _: None, on_renewed=lambda: None)
    services.start()
    try:
        room = await asyncio.wait_for(services.endpoints.room(), 30)
        admission = await room.admit_user("user-1")
        client = rtc.Room()
        await client.connect(admission.url, admission.token)
        assert client.local_participant.identity == "user-1"
        await client.disconnect()
        wrapper = psutil.Process(services.supervisor.pids()["room"])
        server = wrapper.children()[0]
        listening = {
            one.laddr.ip for one in server.net_connections("inet") if one.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        secret = services.endpoints.local_secrets()["LIVEKIT_API_SECRET"]
        assert secret not in " ".join(server.cmdline())
    finally:
        await services.stop()
    server.wait(5)


def test_the_configuration_stays_on_this_machine() -> None:
    text = configuration(7880, 7882)
    assert '"bind_addresses": ["127.0.0.1"]' in text
    assert '"use_external_ip": false' in text
    assert "keys" not in text


def test_a_configured_binary_comes_before_a_search() -> None:
    assert find_binary("/opt/livekit-server") == "/opt/livekit-server"
