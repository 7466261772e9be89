"""`avatardesk demo`: the real program holds a conversation with a recording, and says what it measured."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avatardesk.demo.environment import environment
from avatardesk.demo.processes import ProcessMeter
from avatardesk.demo.report import Gathered, build_report, failures
from avatardesk.demo.script import LEAD, conversation, recordings
from avatardesk.demo.speech import RATE, Utterance, compose, write_wav
from avatardesk.errors import InputError
from avatardesk.shell.observer import AppHandle, AppObserver

_log = logging.getLogger(__name__)

_START_DEADLINE = 120.0
_LAST_ANSWER = 12.0
_POLL = 0.25
_SHOT_EVERY = 0.8
_OPEN_MOUTH = 0.15

# What the page exposes for tests; read-only (webview/src/main.tsx).
_READ_PAGE = "window.__avatardesk ? window.__avatardesk.status() : null"
_READ_GL = """(() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl && gl.getExtension("WEBGL_debug_renderer_info");
  return { gl_renderer: info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : null,
           user_agent: navigator.userAgent };
})()"""


class Demo(AppObserver):
    """Gathers while the program runs, takes the pictures, and ends it when the conversation is over.

    Args:
        out: an existing folder for the pictures.
        seconds: length of the recording that is played as the microphone.
        turns: how often the user speaks in it.
        started: when the process began, epoch seconds.
    """

    def __init__(self, out: Path, seconds: float, turns: int, started: float) -> None:
        self.gathered = Gathered(started=started * 1000)
        self.environment: dict[str, Any] = dict(environment())
        self._out = out
        self._seconds = seconds
        self._turns = turns
        self._status: dict[str, Any] = {}
        self._published = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._best_mouth = 0.0
        self._last_shot = 0.0

    # -- what the program tells ---------------------------------------------------------------------------

    def on_started(self, handle: AppHandle) -> None:
        """Begin to hold the conversation."""
        self._task = asyncio.get_running_loop().create_task(self._hold(handle))

    def on_mark(self, name: str, epoch_ms: float) -> None:
        """Keep the first time of each mark."""
        self.gathered.marks.setdefault(name, epoch_ms)
        if name == "mic_published":
            self._published.set()

    def on_status(self, status: dict[str, Any]) -> None:
        """Keep the newest state."""
        self._status = status

    def on_turn(self, turn: dict[str, Any]) -> None:
        """Keep and show a turn."""
        self.gathered.turns.append(turn)
        if turn.get("heard"):
            _say(f"  heard: {turn['heard']}")
        if turn.get("said"):
            _say(f"  said:  {turn['said']}{'  (interrupted)' if turn.get('interrupted') else ''}")

    def on_diagnostics(self, figures: dict[str, Any]) -> None:
        """Keep the page's measurements."""
        self.gathered.diagnostics.append(figures)

    def on_error(self, error: dict[str, Any]) -> None:
        """Keep what the user was shown."""
        self.gathered.errors.append(error)
        _say(f"  error: {error.get('message')} {error.get('hint', '')}")

    # -- the conversation ---------------------------------------------------------------------------------

    async def _hold(self, handle: AppHandle) -> None:
        code = 1
        try:
            await self._converse(handle)
            code = 0
        except TimeoutError:
            _say("The conversation did not begin in time.")
        except Exception:  # noqa: BLE001 - the window must be closed whatever broke
            _log.exception("the demo broke")
        finally:
            handle.quit(code)

    async def _converse(self, handle: AppHandle) -> None:
        async with asyncio.timeout(_START_DEADLINE):
            await self._published.wait()
        _say(f"Connected; the recording lasts {self._seconds:.0f} s.")
        self.environment.update(await handle.evaluate(_READ_GL) or {})
        meter = ProcessMeter({"main": os.getpid(), **handle.children()})
        began = time.monotonic()
        sampled = 0.0
        while (now := time.monotonic()) - began < self._seconds + _LAST_ANSWER and not self._over():
            if now - sampled > 2.0:
                meter.sample(now)
                sampled = now
            await self._look(handle)
            await asyncio.sleep(_POLL)
        self.gathered.processes = meter.usage()
        self._shoot(handle, "end")

    def _over(self) -> bool:
        """Whether everything that was said has been answered, and the avatar is quiet again."""
        answered = sum(1 for turn in self.gathered.turns if turn.get("kind") == "voice")
        return answered >= self._turns and self._status.get("state") == "listening"

    async def _look(self, handle: AppHandle) -> None:
        """Read the page's state and take the pictures that it is time for."""
        page = await handle.evaluate(_READ_PAGE) or {}
        mouth = float(page.get("mouth") or 0.0)
        self.gathered.widest_mouth = max(self.gathered.widest_mouth, mouth)
        state = page.get("state")
        taken = self.gathered.screenshots
        if "idle" not in taken and state in ("ready", "listening") and page.get("frames", 0) > 5:
            self._shoot(handle, "idle")
        elif state == "listening" and page.get("hearing") and "listening" not in taken:
            self._shoot(handle, "listening")
        elif state == "speaking" and time.monotonic() - self._last_shot > _SHOT_EVERY:
            if page.get("lastHeard") and page.get("lastSaid") and "captions" not in taken and mouth > 0.05:
                self._shoot(handle, "captions")
            elif mouth > max(_OPEN_MOUTH, self._best_mouth * 1.15):
                self._best_mouth = mouth
                self._shoot(handle, "speaking")

    def _shoot(self, handle: AppHandle, name: str) -> None:
        self._last_shot = time.monotonic()
        if handle.screenshot(self._out / f"{name}.png"):
            self.gathered.screenshots[name] = f"{name}.png"


def _say(text: str) -> None:
    print(text, flush=True)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="avatardesk demo", description="Hold a conversation with a recording; write what was measured."
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for pictures, transcript and report.json"
    )
    parser.add_argument(
        "--speech", type=Path, help="recorded speech to say as well: a WAV or a folder of them"
    )
    parser.add_argument("--turns", type=int, default=3, help="answered turns that are wanted (default 3)")
    parser.add_argument("--short", action="store_true", help="three questions, no interruption")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the whole log on the terminal")
    return parser.parse_args(list(words))


def _write_transcript(file: Path, gathered: Gathered, said: Sequence[Utterance]) -> None:
    lines = [
        "spoken into the microphone:",
        *(f"  {utterance.name}" for utterance in said),
        "",
        "conversation:",
    ]
    for turn in gathered.turns:
        if turn.get("heard"):
            lines.append(f"  user:   {turn['heard']}")
        if turn.get("said"):
            lines.append(f"  avatar: {turn['said']}{' …' if turn.get('interrupted') else ''}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(words: Sequence[str]) -> int:
    """Run the demo; return 0 when the avatar heard, answered, sounded and moved."""
    started = time.time()
    arguments = _arguments(words)
    out: Path = arguments.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be made: {error.strerror}.", field="--out") from error

    from avatardesk.logs import setup_logging
    from avatardesk.native_output import divert_native_output
    from avatardesk.paths import Paths
    from avatardesk.settings_sources import load_settings
    from avatardesk.shell.app import run_app
    from avatardesk.shell.options import RunOptions

    said = asyncio.run(conversation(recordings(arguments.speech), barge_in=not arguments.short))
    microphone = compose(said, lead=LEAD)
    write_wav(out / "microphone.wav", microphone)
    folders = Paths.find()
    settings = load_settings(file=None, overrides=arguments.set, preferences=None)
    if not arguments.verbose:
        divert_native_output(out / "native.log")
    setup_logging(settings.log.level, out, name="log", terminal=None if arguments.verbose else "WARNING")
    demo = Demo(out, len(microphone) / RATE, len(said), started)
    code = run_app(
        settings,
        observer=demo,
        options=RunOptions(demo=True, fake_microphone=(out / "microphone.wav").resolve(), started_at=started),
        paths=folders,
    )
    report = build_report(demo.gathered, demo.environment)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _write_transcript(out / "transcript.txt", demo.gathered, said)
    missing = failures(report, turns_wanted=arguments.turns)
    for line in missing:
        print(f"Not as it should be: {line}.", file=sys.stderr)
    latency = report["turn_latency_ms"]
    _say(f"{latency['n']} turns, median latency {latency['p50']} ms. Report: {out / 'report.json'}")
    return 1 if missing or code else 0
