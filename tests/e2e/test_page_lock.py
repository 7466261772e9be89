"""The page's player against the embedded room and the avatar service: motion as the voice is heard."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from avatarkit import AvatarSession, LiveKitEgressConfig, new_avatar_session
from support.browser import NODE_MODULES, Page, open_page, require_browser
from support.livekit_server import RunningRoom
from support.room_clients import make_token
from support.room_servers import embedded_room

from avatardesk.driving import AvatarService

ROOT = Path(__file__).parents[2]
SPEECH = ROOT.parent / "shared" / "speech"
PAGE = ROOT / "webview" / "tests" / "lock-page"
KEYS = {"api_key": "lock-key", "app_id": "lock-app"}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test page with the player, bundled."""
    require_browser()
    folder = tmp_path_factory.mktemp("lock-page")
    node = shutil.which("node")
    assert node is not None
    vite = NODE_MODULES / "vite" / "bin" / "vite.js"
    command = [
        node,
        str(vite),
        "build",
        str(PAGE),
        "--outDir",
        str(folder),
        "--base",
        "./",
        "--logLevel",
        "error",
    ]
    subprocess.run(command, check=True, cwd=ROOT / "webview", timeout=120)
    return folder


def recorded_speech() -> tuple[bytes, int]:
    """One recording as s16le mono PCM with its sample rate."""
    path = SPEECH / "austen-0870.wav"
    if not path.is_file():
        pytest.skip("needs the recorded speech in ../shared/speech")
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2
        return file.readframes(file.getnframes()), file.getframerate()


@asynccontextmanager
async def avatar_in(room: RunningRoom, sample_rate: int) -> AsyncIterator[AvatarSession]:
    """An avatar session of the real SDK whose avatar stands in the room."""
    async with AvatarService(**KEYS) as service:
        egress = LiveKitEgressConfig(
            url=room.url,
            api_token=make_token(room, "spatialreal-avatar", kind="agent"),
            room_name="desk",
            publisher_id="spatialreal-avatar",
        )
        session = new_avatar_session(
            **KEYS,
            avatar_id="nova",
            console_endpoint_url=service.console_url,
            ingress_endpoint_url=service.ingress_url,
            sample_rate=sample_rate,
            expire_at=datetime.now(UTC) + timedelta(hours=1),
            livekit_egress=egress,
        )
        await session.init()
        await session.start()
        try:
            yield session
        finally:
            await session.close()


async def until_event(page: Page, name: str, count: int = 1, within_s: float = 40.0) -> dict[str, Any]:
    """Wait until the page has told an event `count` times and return its report."""
    async with asyncio.timeout(within_s):
        while True:
            report: dict[str, Any] = await page.call("lockPage.report")
            if sum(event["name"] == name for event in report["events"]) >= count:
                return report
            await asyncio.sleep(0.1)


def moments(report: dict[str, Any], name: str) -> list[float]:
    return [event["at"] for event in report["events"] if event["name"] == name]


async def test_the_picture_is_locked_to_the_voice_that_is_heard(page_folder: Path) -> None:
    speech, rate = recorded_speech()
    async with embedded_room() as room, open_page(page_folder) as page:
        await page.call("lockPage.connect", room.url, make_token(room, "page"))
        async with avatar_in(room, rate) as avatar:
            seconds = min(12, len(speech) // (2 * rate))
            await avatar.send_audio(speech[: seconds * rate * 2], end=True)
            await until_event(page, "round-end")
            await avatar.send_audio(speech[: 6 * rate * 2], end=True)
            report = await until_event(page, "round-end", 2)
    lock = report["stats"]["lock"]
    print(
        "\nlock:",
        json.dumps(lock),
        "motion:",
        json.dumps({k: report["stats"][k] for k in ("frames", "lost", "recovered", "late")}),
    )
    for name in ("first-motion", "first-audio"):
        print(
            name,
            [
                round(at - start)
                for at, start in zip(moments(report, name), moments(report, "round-start"), strict=True)
            ],
        )
    states = [found["lock"]["state"] for found in report["history"]]
    print("states by second:", states)
    assert report["view"]["open"] > 50, "the mouth opened while the voice was heard"
    assert "locked" in states
    assert lock["offsetMs"]["n"] > 50
    assert lock["offsetMs"]["p95Abs"] < 80
    assert report["stats"]["lost"] <= 0.02 * report["stats"]["frames"]
    assert len(moments(report, "first-audio")) == 2
