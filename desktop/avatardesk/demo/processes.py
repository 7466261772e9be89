"""What each of the program's processes takes: resident memory and CPU, by role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import psutil

Usage = dict[str, dict[str, float]]


class ProcessMeter:
    """Samples a process tree now and then and reports averages.

    Args:
        roots: role -> PID. A process below one of them that is itself a root counts for its own role; the
            renderers of the web view count as `webengine`.
    """

    def __init__(self, roots: Mapping[str, int]) -> None:
        self.roots = dict(roots)
        self._cpu_before: dict[int, float] = {}
        self._samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._at = 0.0

    def sample(self, now: float) -> None:
        """Take one sample at `now` (monotonic seconds); CPU is counted from the second sample on."""
        elapsed = now - self._at if self._at else 0.0
        self._at = now
        memory: dict[str, float] = defaultdict(float)
        cpu: dict[str, float] = defaultdict(float)
        seen: dict[int, float] = {}
        for role, process in self._processes():
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    memory[role] += process.memory_info().rss / 1e6
            except psutil.Error:
                continue
            busy = times.user + times.system
            seen[process.pid] = busy
            if elapsed and process.pid in self._cpu_before:
                cpu[role] += 100 * (busy - self._cpu_before[process.pid]) / elapsed
        self._cpu_before = seen
        if elapsed:
            for role, megabytes in memory.items():
                self._samples[role].append((megabytes, cpu[role]))

    def usage(self) -> Usage:
        """Return role -> `rss_mb` and `cpu_pct` (100 = one core), averaged over the samples."""
        return {
            role: {
                "rss_mb": round(sum(mb for mb, _ in samples) / len(samples), 1),
                "cpu_pct": round(sum(pct for _, pct in samples) / len(samples), 1),
            }
            for role, samples in self._samples.items()
        }

    def _processes(self) -> list[tuple[str, psutil.Process]]:
        role_of = {pid: role for role, pid in self.roots.items()}
        found: list[tuple[str, psutil.Process]] = []

        def walk(process: psutil.Process, role: str) -> None:
            role = role_of.get(process.pid, role)
            try:
                if "QtWebEngineProc" in process.name():
                    role = "webengine"
                children = process.children()
            except psutil.Error:
                return
            found.append((role, process))
            for child in children:
                walk(child, role)

        main = self.roots.get("main")
        if main is not None:
            try:
                walk(psutil.Process(main), "main")
            except psutil.Error:
                return []
        return found
