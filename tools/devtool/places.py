"""Where things lie in a checkout, and how to tell that one of them is out of date."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
WEBVIEW = ROOT / "webview"
PAGE = WEBVIEW / "dist"
LOGS = ROOT / ".avatardesk" / "log"
WINDOWS = platform.system() == "Windows"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def content_digest(files: Iterable[Path], *words: str) -> str:
    """Digest of some files' contents and of `words`; a missing file counts as empty."""
    digest = hashlib.sha256("\0".join(words).encode())
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def tree_digest(folders: Iterable[Path], *words: str) -> str:
    """Digest of the names, sizes and times of all files below `folders`: cheap enough for every start."""
    digest = hashlib.sha256("\0".join(words).encode())
    for folder in folders:
        files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file())
        for file in files:
            found = file.stat()
            digest.update(f"{file.relative_to(ROOT)}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Stamp:
    """A file that remembers the digest of what a step was last done for."""

    def __init__(self, file: Path, digest: str) -> None:
        self.file = file
        self.digest = digest

    @property
    def fresh(self) -> bool:
        """Whether the step was done for just this digest."""
        return self.file.exists() and self.file.read_text(encoding="utf-8").strip() == self.digest

    def write(self) -> None:
        """Remember that the step is done."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.digest + "\n", encoding="utf-8")


def python_tag() -> str:
    """Python's version and this machine's kind: a venv belongs to both."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {platform.system()} {platform.machine()}"


def is_root() -> bool:
    """Whether this process may install system packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
