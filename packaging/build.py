"""Build the program that runs without Python, and try it.

python3 dev.py package                  build dist/avatardesk/
python3 dev.py package --try            also hold the demo's conversation with it
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PROGRAM = DIST / "avatardesk" / ("avatardesk.exe" if os.name == "nt" else "avatardesk")


def build() -> int:
    """Run PyInstaller; return its exit code."""
    command = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", str(DIST), "--workpath", str(ROOT / "build" / "pyinstaller")),
        str(ROOT / "packaging" / "avatardesk.spec"),
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def folder_megabytes(folder: Path) -> float:
    """Size of all files below `folder`."""
    return (
        sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
        / 1e6
    )


def bare_environment() -> dict[str, str]:
    """An environment in which nothing of this checkout or its Python can be found."""
    kept = (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XDG_RUNTIME_DIR",
        "HOME",
        "LANG",
        "QT_QPA_PLATFORM",
        "SYSTEMROOT",
        "TEMP",
    )
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return {**environment, "PATH": "/usr/bin:/bin" if os.name == "posix" else os.environ.get("PATH", "")}


def try_it(out: Path, words: list[str]) -> int:
    """Hold the demo's conversation with the frozen program, away from the checkout."""
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run(
            [str(PROGRAM), "demo", "--out", str(out), *words],
            cwd=elsewhere,
            env=bare_environment(),
            check=False,
        ).returncode


def main() -> int:
    """Build, say what came out, and try it when asked."""
    parser = argparse.ArgumentParser(prog="dev.py package", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--try", dest="trial", action="store_true", help="hold the demo's conversation with it"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "package-demo", help="where --try writes its report"
    )
    parser.add_argument("--keep", action="store_true", help="do not build again")
    arguments, rest = parser.parse_known_args()
    if not arguments.keep or not PROGRAM.exists():
        code = build()
        if code != 0:
            return code
    print(f"{PROGRAM.relative_to(ROOT)}: {folder_megabytes(PROGRAM.parent):.0f} MB", flush=True)
    return try_it(arguments.out.resolve(), rest) if arguments.trial else 0


if __name__ == "__main__":
    sys.exit(main())
