"""Runs the real program as a user's command line would, in a home of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]

_END_S = 5.0

_OWN_NAMES = ("LIVEKIT_", "SPATIALREAL_", "OPENAI_", "AVATARDESK_", "OLLAMA_")


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without services, and with `home` for everything stored."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_NAMES)}
    folders = {
        name: str(home / name.lower())
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    }
    return {**kept, **folders, "HOME": str(home), "PYTHONUTF8": "1", **(extra or {})}


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    output: str
    left_over: list[str]


async def run_program(
    *words: str,
    home: Path,
    extra: Mapping[str, str] | None = None,
    deadline: float = 180.0,
    program: tuple[str, ...] = (sys.executable, "-m", "avatardesk"),
    cwd: Path = ROOT,
) -> Ran:
    """Run the program to its end; fail when it takes longer than `deadline` seconds or leaves a process."""
    process = await asyncio.create_subprocess_exec(
        *program,
        *words,
        env=environment(home, extra),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    family: dict[int, psutil.Process] = {}
    watcher = asyncio.create_task(_watch(process.pid, family))
    try:
        output, _ = await asyncio.wait_for(process.communicate(), deadline)
    except TimeoutError:
        process.terminate()
        output, _ = await process.communicate()
        raise AssertionError(f"no end within {deadline:.0f} s:\n{output.decode()[-6000:]}") from None
    finally:
        watcher.cancel()
    # The last of Chromium's processes may still be on their way out when the program has gone.
    _, left = await asyncio.to_thread(psutil.wait_procs, list(family.values()), _END_S)
    assert process.returncode is not None
    return Ran(process.returncode, output.decode(errors="replace"), [_describe(member) for member in left])


async def _watch(pid: int, family: dict[int, psutil.Process]) -> None:
    while True:
        try:
            for member in psutil.Process(pid).children(recursive=True):
                family.setdefault(member.pid, member)
        except psutil.NoSuchProcess:
            return
        await asyncio.sleep(0.5)


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.NoSuchProcess:
        return str(process.pid)


def read_report(out: Path) -> dict[str, Any]:
    """Return the demo's report.json."""
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def assert_whole_conversation(ran: Ran, out: Path, *, turns: int = 3) -> dict[str, Any]:
    """Assert what every demo must show, whatever room it ran in; return its report."""
    tail = ran.output[-6000:]
    assert ran.code == 0, tail
    report = read_report(out)
    voiced = [turn for turn in report["turns"] if turn["kind"] == "voice"]
    assert len(voiced) >= turns, tail
    assert all(turn["heard"] and turn["said"] for turn in voiced[:turns]), voiced
    assert report["motion"]["frames"] > 100
    assert report["widest_mouth"] > 0.1
    assert report["turn_latency_ms"]["n"] >= turns
    assert {"main", "stack", "agent", "webengine"} <= set(report["processes"])
    for picture in ("idle", "speaking"):
        assert (out / f"{picture}.png").stat().st_size > 20_000, f"{picture} is an empty picture"
    assert "Fatal Python error" not in (out / "native.log").read_text(errors="replace")
    assert ran.left_over == []
    return report
