"""The Python environment, the page and, for tests against it, a real livekit-server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.devtool.places import (
    PAGE,
    PYTHON,
    ROOT,
    VENV,
    WEBVIEW,
    Stamp,
    content_digest,
    python_tag,
    tree_digest,
)
from tools.devtool.steps import StepError, say, step

NODE_NEEDED = (20, 19)
# The newest that `go install` takes: later ones have replace directives in go.mod.
LIVEKIT_SERVER = "github.com/livekit/livekit-server/cmd/server@v1.13.3"


def ensure_python() -> None:
    """Make the virtual environment and install what the lock file names."""
    if sys.version_info >= (3, 14):
        raise StepError("Some libraries have no release for this Python yet. Use Python 3.11, 3.12 or 3.13.")
    lock = ROOT / "requirements.lock"
    stamp = Stamp(
        VENV / ".avatardesk-stamp", content_digest([lock, ROOT / "pyproject.toml"], python_tag(), str(ROOT))
    )
    if stamp.fresh and PYTHON.exists():
        return
    if not _usable_environment():
        shutil.rmtree(VENV, ignore_errors=True)
        step(
            "Making a Python environment",
            [sys.executable, "-m", "venv", VENV],
            log="venv",
            hint="On Debian and Ubuntu: sudo apt-get install python3-venv",
        )
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    step(
        "Installing the Python packages (about 600 MB, once)",
        [*pip, "install", "--require-hashes", "--no-deps", "-r", lock],
        log="pip",
        hint="If the network failed, start again: what was downloaded is kept.",
    )
    step(
        "Installing AvatarDesk",
        [*pip, "install", "--no-deps", "--no-build-isolation", "-e", ROOT],
        log="pip-self",
    )
    stamp.write()


def _usable_environment() -> bool:
    """Whether the environment there is one of this Python's version, so that it can be brought up to date."""
    if not PYTHON.exists():
        return False
    asked = subprocess.run(
        [PYTHON, "-c", "import sys, pip; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.split() == [str(part) for part in sys.version_info[:2]]


def npm() -> str:
    """Path of npm.

    Raises:
        StepError: Node is missing or too old.
    """
    node, found = shutil.which("node"), shutil.which("npm")
    wanted = ".".join(str(part) for part in NODE_NEEDED)
    if not node or not found:
        raise StepError(
            f"The page is built with Node {wanted} or newer, which was not found. Install it first."
        )
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < NODE_NEEDED:
        raise StepError(f"The page is built with Node {wanted} or newer; {node} is {version}.")
    return found


def ensure_node_modules() -> None:
    """Install what the page's lock file names."""
    stamp = Stamp(
        WEBVIEW / "node_modules" / ".avatardesk-stamp", content_digest([WEBVIEW / "package-lock.json"])
    )
    if stamp.fresh:
        return
    step("Installing the page's packages", [npm(), "ci", "--no-audit", "--no-fund"], log="npm", cwd=WEBVIEW)
    stamp.write()


def ensure_page() -> None:
    """Build the page when its sources changed."""
    sources = [
        WEBVIEW / name for name in ("src", "public", "index.html", "package-lock.json", "vite.config.ts")
    ]
    stamp = Stamp(PAGE / ".avatardesk-stamp", tree_digest([path for path in sources if path.exists()]))
    if stamp.fresh:
        return
    ensure_node_modules()
    step("Building the page", [npm(), "run", "build"], log="page", cwd=WEBVIEW)
    stamp.write()


def find_livekit_server() -> Path | None:
    """A livekit-server binary on this machine, or None."""
    named = os.environ.get("AVATARDESK_LIVEKIT_SERVER")
    if named:
        return Path(named)
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    binary = _go_folder() / "bin" / ("server.exe" if os.name == "nt" else "server")
    return binary if binary.exists() else None


def _go_folder() -> Path:
    go = shutil.which("go")
    asked = (
        subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=False).stdout.strip()
        if go
        else ""
    )
    return Path(asked) if asked else Path.home() / "go"


def ensure_livekit_server() -> None:
    """Install a real livekit-server with the Go toolchain, for the tests that need one."""
    if find_livekit_server():
        return
    go = shutil.which("go")
    if not go:
        raise StepError(
            "The tests against a real livekit-server need it on the PATH, or Go to build it with."
        )
    say("Building livekit-server, a real peer for the tests (about 2 minutes, once)")
    step("Building livekit-server", [go, "install", LIVEKIT_SERVER], log="livekit-server")
