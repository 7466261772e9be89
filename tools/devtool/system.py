"""What the operating system must bring: QtWebEngine's libraries, a screen, a voice, browsers.

The library list is QtWebEngine 6.12's, tried on a minimal Debian 12. On Debian and Ubuntu the missing
packages are installed when this runs as root; otherwise the one command is printed. Windows and macOS need
nothing.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.devtool.places import is_root
from tools.devtool.steps import StepError, say, step

# Soname that must be loadable -> Debian package (Ubuntu 24.04+ and Debian 13 add "t64" to some): all that the
# wheels' libraries name as NEEDED (objdump -p) and do not bring along.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libnspr4.so": "libnspr4",
    "libnss3.so": "libnss3",
    "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1",
    "libXrandr.so.2": "libxrandr2",
    "libXtst.so.6": "libxtst6",
    "libasound.so.2": "libasound2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libpulse.so.0": "libpulse0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbfile.so.1": "libxkbfile1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libexpat.so.1": "libexpat1",
    "libfreetype.so.6": "libfreetype6",
    "libgbm.so.1": "libgbm1",
    "libudev.so.1": "libudev1",
    "libxcb-dri3.so.0": "libxcb-dri3-0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


@dataclass(frozen=True)
class Program:
    """A program that some part needs, and the Debian package that brings it."""

    names: tuple[str, ...]
    package: str
    purpose: str


SCREEN = Program(("Xvfb",), "xvfb", "a screen, as this machine has none")
VOICE = Program(("flite", "espeak-ng"), "flite", "the offline voice")
BROWSER = Program(("chromium", "chromium-browser", "google-chrome"), "chromium", "the browser tests")
SECOND_VOICE = Program(("espeak-ng",), "espeak-ng", "a second voice in the tests")


def has_screen(environment: dict[str, str]) -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere with a display server."""
    if platform.system() != "Linux":
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _loadable_libraries() -> set[str]:
    for tool in ("ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"):
        found = shutil.which(tool)
        if found:
            listing = subprocess.run([found, "-p"], capture_output=True, text=True, check=False).stdout
            return {line.split()[0] for line in listing.splitlines() if "=>" in line}
    return set()


def _missing_packages(programs: tuple[Program, ...]) -> dict[str, str]:
    """Debian package -> what it is for, of everything that is not there."""
    missing: dict[str, str] = {}
    present = _loadable_libraries()
    if present:
        for soname, package in LIBRARIES.items():
            if soname not in present:
                missing[package] = "the window"
    if not any(Path(folder).is_dir() and any(Path(folder).rglob("*.[to]tf")) for folder in _font_folders()):
        missing["fonts-dejavu-core"] = "text in the window"
    for program in programs:
        if not any(shutil.which(name) for name in program.names):
            missing[program.package] = program.purpose
    return missing


def _font_folders() -> tuple[str, ...]:
    return ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".local/share/fonts"))


def _renamed(packages: list[str]) -> list[str]:
    """Replace names that this release does not have by their t64 successors."""
    renamed = []
    for package in packages:
        known = subprocess.run(
            ["apt-cache", "policy", package], capture_output=True, text=True, check=False
        ).stdout
        has_candidate = "Candidate:" in known and "Candidate: (none)" not in known
        renamed.append(package if has_candidate else f"{package}t64")
    return renamed


def ensure_system(*programs: Program) -> None:
    """Make sure that libraries and `programs` are there.

    Raises:
        StepError: something is missing and cannot be installed from here; the text has the command.
    """
    if platform.system() != "Linux":
        return
    missing = _missing_packages(programs)
    if not missing:
        return
    names = sorted(missing)
    if shutil.which("apt-get") is None:
        listing = "\n".join(f"    {name}: {missing[name]}" for name in names)
        raise StepError(
            f"This system lacks some packages. Their Debian names, and what they are for:\n{listing}\n"
            "Install your distribution's packages of these, then start again."
        )
    if not is_root():
        raise StepError(
            "Some system packages are missing. Install them, then start again:\n\n"
            f"    sudo apt-get install --no-install-recommends {' '.join(names)}\n"
        )
    say(f"Installing system packages: {' '.join(names)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    step("Reading the package lists", ["apt-get", "update", "-q"], log="apt-update", env=quiet)
    step(
        "Installing them",
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *_renamed(names)],
        log="apt-install",
        env=quiet,
        hint="If another package manager is running, wait for it and start again.",
    )
