"""The page's player against the embedded room and the avatar service: motion as the voice is heard."""

from __future__ import annotations

import asyncio
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
API_KEY, APP_ID = "lock-key", "lock-app"

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
    async with AvatarService(api_key=API_KEY, app_id=APP_ID) as service:
        egress = LiveKitEgressConfig(
            url=room.url,
            api_token=make_token(room, "spatialreal-avatar", kind="agent"),
            room_name="desk",
            publisher_id="spatialreal-avatar",
        )
        session = new_avatar_session(
            api_key=API_KEY,
            app_id=APP_ID,
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


def figures(report: dict[str, Any]) -> str:
    """One line of what was measured, for people who run this with -s."""
    lock, counters = report["stats"]["lock"], report["stats"]
    offset = lock["offsetMs"]
    return (
        f"\noffset p50 {offset['p50']:.1f} ms, p95 |{offset['p95Abs']:.1f}| ms, n {offset['n']}; "
        f"playout {lock['playoutMs']:.0f} ms, r {lock['correlation']:.2f}; "
        + ", ".join(f"{key} {counters[key]}" for key in ("frames", "recovered", "lost", "late", "stalls"))
        + "; states "
        + " ".join(found["lock"]["state"] for found in report["history"])
        + f"; {report['view']['tickMs']:.2f} ms per picture"
        + "; first audio after round-start "
        + ", ".join(
            f"{heard - start:.0f} ms"
            for heard, start in zip(
                moments(report, "first-audio"), moments(report, "round-start"), strict=False
            )
        )
    )


async def test_the_picture_is_locked_to_the_voice_that_is_heard(page_folder: Path) -> None:
    speech, rate = recorded_speech()
    async with embedded_room() as room, open_page(page_folder) as page:
        await page.call("lockPage.connect", room.url, make_token(room, "page"))
        async with avatar_in(room, rate) as avatar:
            await avatar.send_audio(speech[: 12 * rate * 2], end=True)
            await until_event(page, "round-end")
            await avatar.send_audio(speech[: 6 * rate * 2], end=True)
            report = await until_event(page, "round-end", 2)
    print(figures(report))
    lock = report["stats"]["lock"]
    assert report["view"]["open"] > 50, "the mouth opened while the voice was heard"
    assert "locked" in [found["lock"]["state"] for found in report["history"]]
    assert lock["offsetMs"]["n"] > 50
    assert abs(lock["offsetMs"]["p50"]) < 40
    assert lock["offsetMs"]["p95Abs"] < 80
    assert report["stats"]["lost"] <= 0.02 * report["stats"]["frames"]
    assert len(moments(report, "first-motion")) == len(moments(report, "first-audio")) == 2


async def test_an_interruption_stops_the_mouth_with_the_voice(page_folder: Path) -> None:
    speech, rate = recorded_speech()
    async with embedded_room() as room, open_page(page_folder) as page:
        await page.call("lockPage.connect", room.url, make_token(room, "page"))
        async with avatar_in(room, rate) as avatar:
            await avatar.send_audio(speech[: 12 * rate * 2], end=True)
            await until_event(page, "first-audio")
            await asyncio.sleep(2)
            await avatar.interrupt()
            report = await until_event(page, "interrupted")
            report = await until_event(page, "round-end")
    print(figures(report))
    told = next(event["info"] for event in report["events"] if event["name"] == "interrupted")
    ended = next(event["info"] for event in report["events"] if event["name"] == "round-end")
    print(f"silent {told['silentAt'] - told['at']:.0f} ms, mouth {ended['at'] - told['at']:.0f} ms later")
    assert ended["reason"] == "interrupted"
    assert told["silentAt"] - told["at"] < 1500
    assert abs(ended["at"] - told["silentAt"]) < 600


async def test_a_page_that_joins_in_the_middle_of_a_reply_locks_to_it(page_folder: Path) -> None:
    speech, rate = recorded_speech()
    async with embedded_room() as room, open_page(page_folder) as page, avatar_in(room, rate) as avatar:
        await avatar.send_audio(speech[: 12 * rate * 2], end=True)
        await asyncio.sleep(3)
        await page.call("lockPage.connect", room.url, make_token(room, "page"))
        report = await until_event(page, "round-end")
    print(figures(report))
    assert "locked" in [found["lock"]["state"] for found in report["history"]]
    assert report["view"]["open"] > 30


async def test_the_lock_is_found_again_after_a_reconnect(page_folder: Path) -> None:
    speech, rate = recorded_speech()
    async with embedded_room() as room, open_page(page_folder) as page:
        await page.call("lockPage.connect", room.url, make_token(room, "page"))
        async with avatar_in(room, rate) as avatar:
            await avatar.send_audio(speech[: 3 * rate * 2], end=True)
            await until_event(page, "round-end")
            await page.call("lockPage.reconnect")
            before = await until_event(page, "connected", 2)
            await avatar.send_audio(speech[: 6 * rate * 2], end=True)
            report = await until_event(page, "round-end", 2)
    print(figures(report))
    assert report["view"]["open"] > before["view"]["open"] + 30
    assert report["history"][-1]["lock"]["state"] == "locked"
    assert report["summary"]["reconnects"] == 1
    assert report["summary"]["rounds"] == 2
