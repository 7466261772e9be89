"""`avatardesk bench render`: how often the real program draws the avatar while it speaks.

The whole program runs as it does for a user: window, page, room, avatar service, agent. The avatar speaks
announcements one after the other, and once a second the page is asked how the last second was drawn. A run
draws with what this machine has, so it fills either `software` or `gpu`; the other stays null.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from avatardesk.demo.speech import RATE, write_wav
from avatardesk.errors import AvatarDeskError, InputError
from avatardesk.shell.gl import is_software_renderer
from avatardesk.shell.observer import AppHandle, AppObserver

_log = logging.getLogger(__name__)

Json = dict[str, Any]

SENTENCES: Final = (
    "Good morning. I shall talk for a while, so that somebody can count how often I am drawn.",
    "My lips meet for p, b and m, they part for an open vowel, and they grow round when I say who or do.",
    "Meanwhile I blink, I look around a little, and I nod when a word matters.",
)

_START_DEADLINE: Final = 120.0
#: The adaptive resolution needs some seconds to settle; the figures are of what comes after.
_SETTLE: Final = 12.0
_POLL: Final = 1.0

# webview/src/main.tsx shows these for programs and tests.
_READ: Final = "window.__avatardesk ? window.__avatardesk.picture() : null"
_READ_GL: Final = """(() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl && gl.getExtension("WEBGL_debug_renderer_info");
  return info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : null;
})()"""


def summarise(seconds: Iterable[Mapping[str, Any]]) -> Json | None:
    """Put a run's seconds together; None where nothing was drawn.

    Args:
        seconds: the page's figures, one per second: `fps` (pictures in that second), `frameMs` (95 of 100
            pictures came within this time after the one before), `width` and `height` in drawn pixels.

    Returns:
        `fps_p50` (the median second), `frame_ms_p95` (the median of the seconds' 95th percentiles of the
        time between two pictures, ms) and `resolution` (the size most seconds had, [width, height]).
    """
    drawn = [second for second in seconds if second["fps"] > 0]
    if not drawn:
        return None
    sizes = Counter((int(second["width"]), int(second["height"])) for second in drawn)
    return {
        "fps_p50": round(float(np.median([second["fps"] for second in drawn])), 1),
        "frame_ms_p95": round(float(np.median([second["frameMs"] for second in drawn])), 1),
        "resolution": list(sizes.most_common(1)[0][0]),
    }


def report(seconds: Sequence[Mapping[str, Any]], renderer: str) -> Json:
    """Return the bench's figures: `software` or `gpu`, by the name of what drew; the other is null."""
    figures = summarise(seconds)
    software = is_software_renderer(renderer)
    return {"software": figures if software else None, "gpu": None if software else figures}


class _Run(AppObserver):
    """Lets the avatar speak and reads the page's figures.

    Args:
        length: seconds that are measured.
    """

    def __init__(self, length: float) -> None:
        self.seconds: list[Json] = []
        self.renderer = ""
        self._length = length
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def on_started(self, handle: AppHandle) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._hold(handle))

    def on_mark(self, name: str, epoch_ms: float) -> None:
        """Wait for the conversation."""
        if name == "mic_published":
            self._connected.set()

    async def _hold(self, handle: AppHandle) -> None:
        code = 1
        try:
            await self._measure(handle)
            code = 0
        except TimeoutError:
            print("The conversation did not begin in time.", file=sys.stderr)
        except AvatarDeskError as problem:
            print(problem, file=sys.stderr)
        except Exception:  # noqa: BLE001 - the window must be closed whatever broke
            _log.exception("the measurement broke")
        finally:
            handle.quit(code)

    async def _measure(self, handle: AppHandle) -> None:
        async with asyncio.timeout(_START_DEADLINE):
            await self._connected.wait()
        self.renderer = str(await handle.evaluate(_READ_GL) or "")
        talk = asyncio.get_running_loop().create_task(self._talk(handle))
        try:
            await asyncio.sleep(_SETTLE)
            end = time.monotonic() + self._length
            while time.monotonic() < end and not talk.done():
                await asyncio.sleep(_POLL)
                figures = await handle.evaluate(_READ)
                if figures:
                    self.seconds.append(figures)
            if talk.done():
                await talk  # raises what ended it
        finally:
            talk.cancel()

    @staticmethod
    async def _talk(handle: AppHandle) -> None:
        while True:
            await handle.say(text=" ".join(SENTENCES))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the figures, and write them with --json; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="avatardesk bench render", description="How often the avatar is drawn while the program runs."
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to measure (default 30)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
    options = parser.parse_args(argv)
    if not options.seconds > 0:
        raise InputError("A measurement needs some seconds.", field="--seconds")

    from avatardesk.logs import setup_logging
    from avatardesk.paths import Paths
    from avatardesk.settings_sources import load_settings
    from avatardesk.shell.app import run_app
    from avatardesk.shell.options import RunOptions

    folders = Paths.find()
    settings = load_settings(file=None, overrides=options.set, preferences=None)
    setup_logging(settings.log.level, folders.log_dir)
    run = _Run(options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        silence = Path(folder) / "silence.wav"
        write_wav(silence, np.zeros(RATE, np.int16))
        code = run_app(
            settings,
            observer=run,
            options=RunOptions(demo=True, fake_microphone=silence, started_at=time.time()),
            paths=folders,
        )
    figures = report(run.seconds, run.renderer)
    print(f"drawn by {run.renderer or 'nothing'}")
    for name, row in figures.items():
        print(f"{name:9} {'-' if row is None else json.dumps(row)}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return code if any(figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
