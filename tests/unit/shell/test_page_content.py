from __future__ import annotations

import sys
from pathlib import Path

import pytest

from avatardesk.settings_sources import load_settings
from avatardesk.shell.content import Content, Problem, connect_sources, headers, problem_page


@pytest.fixture
def content(tmp_path: Path) -> Content:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<p>", encoding="utf-8")
    (page / "assets" / "main.js").write_text("1", encoding="utf-8")
    (page / "name with space.css").write_text("", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "index.js").write_text("2", encoding="utf-8")
    avatar = tmp_path / "My Own.VRM"
    avatar.write_bytes(b"glTF")
    return Content(page, tmp_path / "vendor", avatar)


@pytest.mark.parametrize(
    ("path", "mime"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/assets/main.js", "text/javascript"),
        ("/name%20with%20space.css", "text/css"),
        ("/vendor/index.js", "text/javascript"),
        ("/asset/avatar.vrm", "model/gltf-binary"),
        ("/problem.html", "text/html"),
    ],
)
def test_what_belongs_to_the_page_is_found_with_its_type(content: Content, path: str, mime: str) -> None:
    reply = content.find(path)
    assert reply is not None
    assert reply.mime == mime


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/vendor/../secret.txt",
        "/vendor/%2e%2e/page/index.html",
        "/vendor//etc/passwd",
        "/asset/../secret.txt",
        "/asset/avatar.glb",
        "/asset/My%20Own.VRM",
        "/index.html%00.js",
        "/assets",
        "/assets/",
        "/none.js",
    ],
)
def test_no_path_leads_out_of_the_page(content: Content, path: str) -> None:
    assert content.find(path) is None


def test_without_the_vendors_packages_their_manifest_says_null(content: Content) -> None:
    reply = content.find("/vendor/manifest.json")
    assert reply is not None
    assert (reply.mime, reply.body) == ("application/json", b"null")


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_a_link_inside_does_not_lead_out(content: Content) -> None:
    assert content.page_dir is not None
    (content.page_dir / "link.txt").symlink_to(content.page_dir.parent / "secret.txt")
    assert content.find("/link.txt") is None


def test_the_page_is_told_where_the_users_avatar_is_but_not_its_path(content: Content) -> None:
    assert content.asset_url == "./asset/avatar.vrm"
    assert Content(None, Path("/nowhere")).asset_url is None
    assert Content(None, Path("/nowhere")).find("/index.html") is None


def test_the_policy_allows_no_inline_script_no_eval_and_no_frame() -> None:
    policy = headers(load_settings(env={}))["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["default-src"] == "'self'"
    for name in ("frame-src", "object-src", "base-uri", "form-action", "frame-ancestors"):
        assert rules[name] == "'none'"
    assert "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")


@pytest.mark.parametrize(
    ("env", "sources"),
    [
        ({}, ["http://127.0.0.1:*", "ws://127.0.0.1:*"]),
        (
            {"LIVEKIT_URL": "wss://room.example:7443/x"},
            ["https://room.example:7443", "wss://room.example:7443"],
        ),
        ({"LIVEKIT_URL": "ws://user:pw@room.example"}, ["http://room.example", "ws://room.example"]),
        (
            {"LIVEKIT_URL": "wss://me.livekit.cloud"},
            [
                "https://me.livekit.cloud",
                "wss://me.livekit.cloud",
                "https://*.livekit.cloud",
                "wss://*.livekit.cloud",
            ],
        ),
        (
            {"AVATARDESK_TOKEN_ENDPOINT": "https://t.example"},
            ["https:", "wss:", "http://127.0.0.1:*", "ws://127.0.0.1:*"],
        ),
    ],
)
def test_the_page_may_connect_to_the_rooms_host_only(env: dict[str, str], sources: list[str]) -> None:
    assert connect_sources(load_settings(env=env)) == sources


def test_the_page_of_last_resort_escapes_what_it_shows() -> None:
    text = problem_page(Problem("<script>", 'a "quote"', "<img>")).decode()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<img" not in text
    assert "Try again" in text
    assert "Try again" not in problem_page(Problem("x", "y", retry=False)).decode()
