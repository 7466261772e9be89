"""Run a synthesiser program: text in by standard input or file, a WAV out, killed when the listener goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from avatardesk.errors import AgentError, InputError

# A sentence takes well under a second; a program that hangs must not silence the agent for ever.
_TIME_LIMIT_S = 20.0


async def run_program(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    limit_s: float = _TIME_LIMIT_S,
) -> bytes:
    """Run `argv` without a shell and return its standard output.

    The child is killed when the caller is cancelled or `limit_s` passes. Raises AgentError when the program
    fails or takes too long; its text input is never part of the message.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(limit_s):
            output, errors = await process.communicate(stdin)
    except TimeoutError:
        raise AgentError(
            f"The voice program {Path(argv[0]).name} did not answer within {limit_s:.0f} s.",
            hint="The machine may be overloaded.",
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        reason = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise AgentError(f"The voice program {Path(argv[0]).name} failed ({process.returncode}): {reason[0]}")
    return output


def wav_samples(data: bytes) -> tuple[int, bytes]:
    """Return (sample rate in Hz, s16le mono samples) of a RIFF WAV in memory.

    Written here because synthesisers that stream to a pipe leave 0 or 2^32-1 as the data length, which the
    standard library's reader refuses. Raises InputError when it is not 16-bit mono PCM.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise InputError("The voice program's output is not a WAV.")
    at, rate = 12, 0
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = at + 8
        if kind == b"fmt ":
            coding, channels = data[body : body + 2], int.from_bytes(data[body + 2 : body + 4], "little")
            rate = int.from_bytes(data[body + 4 : body + 8], "little")
            bits = int.from_bytes(data[body + 14 : body + 16], "little")
            if coding not in (b"\x01\x00", b"\xfe\xff") or channels != 1 or bits != 16:
                raise InputError("The voice program's WAV is not 16-bit mono PCM.")
        elif kind == b"data" and rate:
            end = len(data) if size in (0, 0xFFFFFFFF, 0x7FFFFFFF) else min(len(data), body + size)
            return rate, data[body : body + (end - body) // 2 * 2]
        at = body + size + (size & 1)
    raise InputError("The voice program's WAV has no sound in it.")
