"""A child process for the supervisor's tests: does what its first argument says.

ready       says it is ready, ends at the end of its input or on SIGTERM
dies        says it is ready, then ends with code 7
fails       ends with code 1 before it is ready
wrong       ends with code 2 before it is ready, as a child with a wrong setting does
says-why    prints a line that says why it failed
mute        never gets ready
chatters    prints something else than a readiness line
stubborn    is ready and ignores SIGTERM and the end of its input
warns       logs a warning in our format, then is ready
floods      logs a line without an end, then is ready
env         is ready and says which variables it was given
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time


def say(**data: object) -> None:
    print(json.dumps(data), flush=True)


def main(mode: str) -> int:
    print(f"child {mode} begins", file=sys.stderr, flush=True)
    if mode == "fails":
        print("no port is free", file=sys.stderr)
        return 1
    if mode == "wrong":
        print("the setting is wrong", file=sys.stderr)
        return 2
    if mode == "says-why":
        say(
            failed={
                "code": "port_in_use",
                "message": "The port is taken.",
                "hint": "Free it.",
                "retryable": False,
            }
        )
        return 1
    if mode == "mute":
        time.sleep(60)
    if mode == "chatters":
        print("Welcome!", flush=True)
        time.sleep(60)
    if mode == "warns":
        print("2026-01-02 03:04:05,678 WARNING room: nobody is here", file=sys.stderr, flush=True)
    if mode == "floods":
        sys.stderr.write("x" * 3_000_000)
        sys.stderr.flush()
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(ready="fake")
        while True:
            time.sleep(1)
    if mode == "env":
        say(ready="fake", names=" ".join(sorted(os.environ)))
    else:
        say(ready="fake", pid=str(os.getpid()))
    if mode == "dies":
        return 7
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), ended.set()), daemon=True).start()
    ended.wait()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
