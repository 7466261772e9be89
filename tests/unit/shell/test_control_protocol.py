from __future__ import annotations

import json
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from avatardesk import control
from avatardesk.errors import AvatarDeskError, PlatformError, ProtocolError
from avatardesk.paths import Paths, ensure

KEY = "k" * 32


def line(**data: object) -> bytes:
    return json.dumps({"v": 1, "key": KEY, "command": "say", "params": {}, **data}).encode()


def test_a_request_with_the_key_is_read() -> None:
    assert control.parse_request(line(params={"text": "hi"}), KEY) == control.Request("say", {"text": "hi"})


@pytest.mark.parametrize(
    "data", [line(key="wrong"), line(key=None), line(v=2), line(command=3), line(params=[]), b"{", b"[]"]
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        control.parse_request(data, KEY)


@pytest.fixture
def folders(tmp_path: Path) -> Paths:
    return Paths.find({"AVATARDESK_HOME": str(tmp_path)})


def test_without_a_running_program_the_client_says_so(folders: Paths) -> None:
    with pytest.raises(PlatformError) as caught:
        control.request(folders, "say", text="hi")
    assert caught.value.error_code == "not_running"


@pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket")
class TestOverASocket:
    @pytest.fixture
    def server(self, folders: Paths) -> Iterator[socket.socket]:
        ensure(folders.runtime_dir, private=True)
        folders.control_socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folders.control_socket))
            listening.listen(1)
            yield listening

    @staticmethod
    def answer_once(server: socket.socket, text: bytes) -> tuple[threading.Thread, list[bytes]]:
        heard: list[bytes] = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream:
                heard.append(stream.readline())
                stream.write(text)

        thread = threading.Thread(target=serve)
        thread.start()
        return thread, heard

    def test_the_key_is_shown_and_readable_by_its_owner_only(
        self, folders: Paths, server: socket.socket
    ) -> None:
        key = control.create_key(folders)
        assert stat.S_IMODE(folders.control_key.stat().st_mode) == 0o600
        thread, heard = self.answer_once(server, control.answer({"seconds": 1.5}))
        assert control.request(folders, "say", timeout=5, text="hi") == {"seconds": 1.5}
        thread.join(5)
        assert control.parse_request(heard[0], key) == control.Request("say", {"text": "hi"})

    def test_the_programs_error_arrives_as_it_is(self, folders: Paths, server: socket.socket) -> None:
        control.create_key(folders)
        error = {"code": "unknown_avatar", "message": "Nobody.", "hint": "Look.", "retryable": False}
        thread, _ = self.answer_once(server, control.failure(error))
        with pytest.raises(AvatarDeskError) as caught:
            control.request(folders, "say", timeout=5, text="hi")
        thread.join(5)
        assert caught.value.to_dict() == error

    def test_a_program_that_ends_before_it_answers_is_told(
        self, folders: Paths, server: socket.socket
    ) -> None:
        control.create_key(folders)
        thread, _ = self.answer_once(server, b"")
        with pytest.raises(PlatformError) as caught:
            control.request(folders, "say", timeout=5, text="hi")
        thread.join(5)
        assert caught.value.error_code == "no_answer"
