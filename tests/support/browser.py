"""A page in headless Chromium, served on loopback and driven from Python."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[1] / "webview" / "node_modules"
_START_TIMEOUT_S = 60.0
_CALL_TIMEOUT_S = 30.0


def require_browser() -> tuple[str, str]:
    """Return node and Chromium; without them skip the test, or fail it where CI is set."""
    node = shutil.which("node")
    chromium = (
        os.environ.get("AVATARDESK_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if node and chromium and (NODE_MODULES / "playwright-core").is_dir():
        return node, chromium
    missing = "needs node, Chromium (or AVATARDESK_CHROMIUM) and `npm ci` in webview/"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


class Page:
    """An open page."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {0: asyncio.get_running_loop().create_future()}
        self._reading = asyncio.create_task(self._read())
        self.opened = self._waiting[0]

    async def evaluate(self, expression: str) -> Any:
        """Return the (awaited, JSON) value of a JavaScript expression; fail when it throws."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "expression": expression}).encode() + b"\n")
        return await asyncio.wait_for(answer, _CALL_TIMEOUT_S)

    async def call(self, function: str, *arguments: Any) -> Any:
        """Return what a function of the page returns."""
        return await self.evaluate(f"{function}({', '.join(json.dumps(found) for found in arguments)})")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            if waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(AssertionError(answer["error"]))
            else:
                waiting.set_result(answer.get("value"))

    async def close(self) -> None:
        """Close the page and the browser."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 15)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading


@asynccontextmanager
async def open_page(folder: Path) -> AsyncIterator[Page]:
    """Serve `folder` (and livekit-client under /livekit/) and open its index.html until the block ends."""
    node, chromium = require_browser()
    app = web.Application()
    app.router.add_static("/livekit/", NODE_MODULES / "livekit-client" / "dist")
    app.router.add_static("/", folder)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / "browser.mjs"),
        str(NODE_MODULES / "playwright-core"),
        chromium,
        f"http://127.0.0.1:{port}/index.html",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    page = Page(process)
    try:
        await asyncio.wait_for(page.opened, _START_TIMEOUT_S)
        yield page
    finally:
        await page.close()
        await runner.cleanup()
