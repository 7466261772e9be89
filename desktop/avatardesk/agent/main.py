"""The agent process: `python -m avatardesk agent`.

Everything comes in through the environment. One JSON line on standard output says when the agent is in the
room; the log goes to standard error. The process ends, with code 0, on SIGTERM, on SIGINT, and when its
standard input is closed (the parent holds the other end, so no agent outlives it).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from avatardesk.agent.settings import AgentSettings
from avatardesk.errors import AvatarDeskError, SettingsError
from avatardesk.logs import register_secret, setup_logging

if TYPE_CHECKING:
    from avatardesk.agent.parts import Parts

logger = logging.getLogger("avatardesk.agent")

# Leaving a room that is there takes 0.2 s. One that died meanwhile would be waited for as long as the WebRTC
# library tries to reach it.
_CLOSE_S = 1.2


async def run_agent(env: Mapping[str, str], *, stop: asyncio.Event | None = None) -> None:
    """Run the agent described by `env` until `stop` is set (or for ever, until cancelled).

    Prints the readiness line on standard output. Raises AvatarDeskError when a setting is wrong or a part
    that was asked for is not there.
    """
    settings = AgentSettings.from_env(env)
    for secret in (settings.livekit_api_secret, settings.openai_api_key, env.get("SPATIALREAL_API_KEY")):
        register_secret(secret)
    # These bring in livekit-agents (2.5 s): only now, so that a wrong setting is reported at once.
    from avatardesk.agent.parts import build_parts
    from avatardesk.agent.pipeline import Pipeline

    parts = await build_parts(settings)
    logger.info("speech recognition %(stt)s, answers from %(llm)s, voice %(tts)s", parts.names)

    def ready(identity: str) -> None:
        print(
            json.dumps({"ready": "agent", "room": settings.room, "identity": identity, **parts.names}),
            flush=True,
        )

    stop = stop or asyncio.Event()
    running = asyncio.create_task(Pipeline(settings, parts, on_ready=ready).run(), name="agent_pipeline")
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        _hush_libraries()
        stopping.cancel()
        running.cancel()
        closing = asyncio.create_task(_close(running, parts), name="agent_close")
        # wait() and not a timeout around the task: that would wait for a task which is slow to give up
        await asyncio.wait([closing], timeout=_CLOSE_S)


async def _close(running: asyncio.Task[None], parts: Parts) -> None:
    await asyncio.wait([running])
    await parts.aclose()


def _hush_libraries() -> None:
    """Keep lost links out of the log from now on: room and avatar service end when the agent does."""
    for name in ("livekit", "livekit.agents", "livekit.plugins.spatialreal", "avatardesk.agent.avatar"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


async def _until_told(env: Mapping[str, str]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows has no loop signal handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))

    def watch_parent() -> None:
        # os.read and not sys.stdin: a thread inside a buffered reader would spoil the interpreter's exit
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch_parent, name="parent-watch", daemon=True).start()
    await run_agent(env, stop=stop)


def main() -> NoReturn:
    """Run the agent process and end it: 0 when told to end, 2 for a wrong setting, 1 for anything else."""
    level = os.environ.get("AVATARDESK_AGENT_LOG_LEVEL") or os.environ.get("AVATARDESK_LOG_LEVEL") or "INFO"
    setup_logging(level)
    code = 1
    try:
        asyncio.run(_until_told(os.environ))
        code = 0
    except AvatarDeskError as error:
        print(f"avatardesk agent: {error}", file=sys.stderr)
        code = 2 if isinstance(error, SettingsError) else 1
    except Exception:
        logger.exception("the agent failed")
    # Everything is closed by now. The ordinary way out would wait seconds for the WebRTC library's threads,
    # longer than the supervisor gives a child.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
