"""Which bytes belong to a URL of our own scheme, with which headers. No Qt here: this is what must be
safe.
"""

from __future__ import annotations

import html
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from avatardesk.session.endpoints import has_local_avatar, has_local_room
from avatardesk.settings import Settings

#: Set explicitly: a machine's own table may call JavaScript text/plain, and then no module loads.
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".glb": "model/gltf-binary",
    ".vrm": "model/gltf-binary",
}

PROBLEM_PATH = "/problem.html"
_VENDOR_PREFIX = "/vendor/"
_VENDOR_MANIFEST = "/vendor/manifest.json"
_ASSET_PREFIX = "/asset/"


@dataclass(frozen=True, slots=True)
class Problem:
    """What the page of last resort says."""

    title: str
    text: str
    hint: str = ""
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request for one of our URLs: a file or a text made here."""

    mime: str
    file: Path | None = None
    body: bytes = b""


@dataclass(slots=True)
class Content:
    """The files behind the origin: the built page, the vendor's packages, the user's avatar.

    `problem` is shown at `PROBLEM_PATH`.
    """

    page_dir: Path | None
    vendor_dir: Path
    asset: Path | None = None
    problem: Problem = field(default_factory=lambda: Problem("Nothing is wrong", ""))

    @property
    def asset_url(self) -> str | None:
        """The path under which the page finds the user's own avatar, or None."""
        return None if self.asset is None else f".{_ASSET_PREFIX}avatar{self.asset.suffix.lower()}"

    def find(self, path: str) -> Reply | None:
        """Return what lies at the (still encoded) path of a URL; None: nothing does.

        No path leads out of the folder it begins in: not with dots, not encoded, not by a symbolic link.
        """
        plain = unquote(path)
        if "\0" in plain or "\\" in plain:
            return None
        if plain == PROBLEM_PATH:
            return Reply("text/html", body=problem_page(self.problem))
        if self.asset is not None and plain == f"{_ASSET_PREFIX}avatar{self.asset.suffix.lower()}":
            return _file(self.asset)
        if plain.startswith(_VENDOR_PREFIX):
            found = _inside(self.vendor_dir, plain.removeprefix(_VENDOR_PREFIX))
            # A custom scheme knows no status 404, only a failed request; nothing installed is no failure.
            if found is None and plain == _VENDOR_MANIFEST:
                return Reply("application/json", body=b"null")
            return found
        if self.page_dir is None:
            return None
        return _inside(self.page_dir, plain.strip("/") or "index.html")


def _inside(folder: Path, relative: str) -> Reply | None:
    try:
        base = folder.resolve()
        file = (base / relative).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return _file(file) if file.is_relative_to(base) else None


def _file(file: Path) -> Reply | None:
    if not file.is_file():
        return None
    suffix = file.suffix.lower()
    mime = _TYPES.get(suffix) or mimetypes.types_map.get(suffix) or "application/octet-stream"
    return Reply(mime, file=file)


def headers(settings: Settings) -> Mapping[str, str]:
    """Return the headers of every answer; the policy lets the page talk to the room's host and nobody
    else.
    """
    policy = {
        "default-src": "'self'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob: data: mediastream:",
        "font-src": "'self' data:",
        "connect-src": " ".join(["'self'", "blob:", "data:", *connect_sources(settings)]),
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    }


def connect_sources(settings: Settings) -> list[str]:
    """Return the sources the page may connect to, as a content security policy names them."""
    livekit, avatar = settings.livekit, settings.avatar
    if livekit.token_endpoint or not has_local_avatar(settings) or avatar.runtime == "vendor":
        # The endpoint names the room's host only later, and the vendor's client loads avatars from its own
        # hosts.
        return ["https:", "wss:", "http://127.0.0.1:*", "ws://127.0.0.1:*"]
    if has_local_room(settings):
        return ["http://127.0.0.1:*", "ws://127.0.0.1:*"]
    parts = urlsplit(livekit.url)
    secure = parts.scheme in ("wss", "https")
    schemes = ("https", "wss") if secure else ("http", "ws")
    host = parts.netloc.rpartition("@")[2]
    sources = [f"{scheme}://{host}" for scheme in schemes]
    if (parts.hostname or "").endswith(".livekit.cloud"):
        # LiveKit Cloud sends a client on to the region nearest to it.
        sources += [f"{scheme}://*.livekit.cloud" for scheme in schemes]
    return sources


def problem_page(problem: Problem) -> bytes:
    """Return a page without scripts that says what is wrong and, where it can help, offers another try."""
    hint = f"<p>{html.escape(problem.hint)}</p>" if problem.hint else ""
    retry = '<p><a href="/index.html">Try again</a></p>' if problem.retry else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>AvatarDesk: {html.escape(problem.title)}</title>
<style>
html {{ background: #12151c; color: #e8eaf0; font: 17px/1.5 system-ui, sans-serif; }}
main {{ max-width: 36rem; margin: 22vh auto 0; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; font-weight: 600; }}
p {{ color: #b6bccb; overflow-wrap: anywhere; }}
a {{ color: #12151c; background: #e8eaf0; padding: .5rem 1.1rem; border-radius: .5rem; }}
a:focus-visible {{ outline: 3px solid #7aa2ff; outline-offset: 3px; }}
</style></head>
<body><main role="alert"><h1>{html.escape(problem.title)}</h1><p>{html.escape(problem.text)}</p>{hint}{retry}
</main></body></html>
""".encode()
