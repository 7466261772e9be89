"""Says a second through the `spatius` SDK, in a process of its own: it and avatarkit register the same proto
file.

stdin: JSON with console_url, ingress_url, api_key, app_id, livekit_url, token. stdout: JSON with what it was
told.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from typing import Any

import numpy as np
import spatius
from spatius.proto.generated import message_pb2 as pb


async def _run(given: dict[str, str]) -> dict[str, Any]:
    signals: list[list[Any]] = []
    errors: list[str] = []
    ended = asyncio.Event()

    def frame(payload: bytes, last: bool) -> None:
        message = pb.Message()
        message.ParseFromString(payload)
        signals.append([message.server_response_animation.req_id, last])
        if last:
            ended.set()

    session = spatius.new_avatar_session(
        api_key=given["api_key"],
        app_id=given["app_id"],
        avatar_id="nova",
        console_endpoint_url=given["console_url"],
        ingress_endpoint_url=given["ingress_url"],
        expire_at=datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5),
        sample_rate=16000,
        transport_frames=frame,
        on_error=lambda error: errors.append(str(error)),
        livekit_egress=spatius.LiveKitEgressConfig(
            url=given["livekit_url"],
            api_token=given["token"],
            room_name="desk",
            publisher_id="avatar",
        ),
    )
    await session.init()
    await session.start()
    sound = (np.sin(np.arange(16000) / 6.0) * 12000).astype("<i2").tobytes()
    req_id = await session.send_audio(sound, end=True)
    await asyncio.wait_for(ended.wait(), 15)
    await session.close()
    return {"req_id": req_id, "signals": signals, "errors": errors}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.load(sys.stdin)))))
