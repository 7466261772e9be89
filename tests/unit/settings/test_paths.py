from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from avatardesk import paths
from avatardesk.paths import Paths


def test_one_variable_moves_everything_into_one_folder(tmp_path: Path) -> None:
    found = Paths.find({"AVATARDESK_HOME": str(tmp_path)})
    for folder in (found.config_dir, found.data_dir, found.state_dir, found.cache_dir, found.log_dir):
        assert folder.is_relative_to(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="sockets have paths on POSIX only")
def test_a_socket_path_stays_short_enough_however_deep_the_home_is(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    found = Paths.find({"AVATARDESK_HOME": str(deep)})
    other = Paths.find({"AVATARDESK_HOME": str(deep / "z")})
    assert len(str(found.control_socket)) < 104
    assert found.runtime_dir != other.runtime_dir


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_private_folder_keeps_others_out(tmp_path: Path) -> None:
    folder = paths.ensure(tmp_path / "run", private=True)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_page_is_found_where_it_was_built_and_nowhere_else(tmp_path: Path) -> None:
    assert paths.page_dir({"AVATARDESK_PAGE_DIR": str(tmp_path)}) is None
    (tmp_path / "index.html").write_text("", encoding="utf-8")
    assert paths.page_dir({"AVATARDESK_PAGE_DIR": str(tmp_path)}) == tmp_path


def test_the_same_program_is_started_frozen_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.command("stack") == [sys.executable, "-m", "avatardesk", "stack"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert paths.command("stack") == [sys.executable, "stack"]
