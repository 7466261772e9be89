"""Where AvatarDesk keeps and finds its files, by the conventions of each operating system.

`AVATARDESK_HOME` puts everything below one folder: for tests, portable use, or a second instance beside the
first.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_APP = "avatardesk"

#: A Unix socket's path holds at most 108 bytes on Linux and 104 on macOS, the closing zero included.
_SOCKET_PATH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders. Nothing is created until somebody asks for it with `ensure`."""

    config_dir: Path
    data_dir: Path
    state_dir: Path
    cache_dir: Path
    log_dir: Path
    runtime_dir: Path

    @classmethod
    def find(cls, env: Mapping[str, str] | None = None) -> Paths:
        """Return this user's folders, or those below `AVATARDESK_HOME` when it is set."""
        home = (os.environ if env is None else env).get("AVATARDESK_HOME", "")
        if home:
            base = Path(home).expanduser().resolve()
            return cls(
                config_dir=base / "config",
                data_dir=base / "data",
                state_dir=base / "state",
                cache_dir=base / "cache",
                log_dir=base / "logs",
                runtime_dir=_short_runtime_dir(base / "run"),
            )
        dirs = platformdirs.PlatformDirs(_APP, appauthor=False)
        return cls(
            config_dir=dirs.user_config_path,
            data_dir=dirs.user_data_path,
            state_dir=dirs.user_state_path,
            cache_dir=dirs.user_cache_path,
            log_dir=dirs.user_log_path,
            runtime_dir=_short_runtime_dir(_user_runtime(dirs)),
        )

    @property
    def config_file(self) -> Path:
        """The settings file people edit."""
        return self.config_dir / "avatardesk.toml"

    @property
    def preferences_file(self) -> Path:
        """What was chosen in the window (captions, theme…); written by the program."""
        return self.state_dir / "preferences.json"

    @property
    def control_socket(self) -> Path:
        """The socket of the running program, for `avatardesk say` and a second start."""
        return self.runtime_dir / "control.sock"

    @property
    def control_key(self) -> Path:
        """The file (readable by its owner only) with the key a client of the socket must show."""
        return self.runtime_dir / "control.key"

    @property
    def vendor_dir(self) -> Path:
        """Where a user drops the vendor's AvatarKit packages; served under app://client/vendor/."""
        return self.data_dir / "vendor"


def ensure(folder: Path, *, private: bool = False) -> Path:
    """Create `folder` with its parents and return it; `private` keeps other users out."""
    folder.mkdir(parents=True, exist_ok=True)
    if private and os.name == "posix":
        folder.chmod(0o700)
    return folder


def is_frozen() -> bool:
    """Return whether the program runs from a package without a Python of its own."""
    return bool(getattr(sys, "frozen", False))


def page_dir(env: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder with the built page (index.html), or None when it was not built.

    Looked for in `AVATARDESK_PAGE_DIR`, beside the package (wheel and frozen program), and in a source
    checkout's webview/dist.
    """
    override = (os.environ if env is None else env).get("AVATARDESK_PAGE_DIR", "")
    if override:
        candidates = [Path(override).expanduser().resolve()]
    else:
        package = Path(__file__).resolve().parent
        candidates = [package / "page", package.parents[1] / "webview" / "dist"]
    return next((folder for folder in candidates if (folder / "index.html").is_file()), None)


def command(*arguments: str) -> list[str]:
    """Return the command line that starts this same program with other arguments, frozen or not."""
    start = [sys.executable] if is_frozen() else [sys.executable, "-m", "avatardesk"]
    return [*start, *arguments]


def _user_runtime(dirs: platformdirs.PlatformDirs) -> Path:
    """Return the folder for sockets; a login without one of its own (a service, a container) uses the
    state's.
    """
    if sys.platform.startswith("linux") and not os.environ.get("XDG_RUNTIME_DIR"):
        return dirs.user_state_path / "run"
    return dirs.user_runtime_path


def _short_runtime_dir(wanted: Path) -> Path:
    """Return `wanted`, or a folder of the same meaning whose socket paths the system accepts."""
    if os.name != "posix" or len(os.fsencode(wanted)) + len("/control.sock") <= _SOCKET_PATH_LIMIT:
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"{_APP}-{os.getuid()}-{digest}"
