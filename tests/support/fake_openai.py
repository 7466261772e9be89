"""A small OpenAI-compatible server on loopback: streams one fixed reply and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class FakeOpenAI:
    """Answers POST /v1/chat/completions word by word, and GET /api/tags as Ollama does."""

    def __init__(self, reply: str, models: tuple[str, ...] = ()) -> None:
        self.reply = reply
        self.models = models
        self.requests: list[dict[str, Any]] = []
        self.authorization: list[str] = []
        self.root = ""

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.authorization.append(request.headers.get("Authorization", ""))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, word in enumerate(self.reply.split(" ")):
            delta = {"role": "assistant", "content": word if number == 0 else f" {word}"}
            await self._event(response, {"index": 0, "delta": delta, "finish_reason": None})
        await self._event(response, {"index": 0, "delta": {}, "finish_reason": "stop"})
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _event(self, response: web.StreamResponse, choice: dict[str, Any]) -> None:
        chunk = {
            "id": "fake",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "fake",
            "choices": [choice],
        }
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())

    async def tags(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": name} for name in self.models]})


@asynccontextmanager
async def fake_openai(
    reply: str = "Hello from the model.", models: tuple[str, ...] = ()
) -> AsyncIterator[FakeOpenAI]:
    """Run the server on a free port until the block ends."""
    fake = FakeOpenAI(reply, models)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.chat)
    app.router.add_get("/api/tags", fake.tags)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.root = f"http://{host}:{port}"
    try:
        yield fake
    finally:
        await runner.cleanup()
