"""The room's small rules: attributes, speakers, connection quality, leaving."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from avatardesk.room.state import (
    connection_quality,
    leave_request,
    make_id,
    merge_attributes,
    speaker_changes,
)


def test_ids_have_their_prefix_and_are_never_the_same() -> None:
    assert make_id("PA").startswith("PA_")
    assert len({make_id("PA") for _ in range(100)}) == 100


def test_attributes_are_changed_added_and_removed() -> None:
    merged = merge_attributes({"a": "1", "b": "2", "empty": ""}, {"a": "", "b": "3", "c": "4", "d": ""})
    assert merged == {"b": "3", "c": "4", "empty": ""}


@pytest.mark.parametrize(
    ("loss", "silent_for", "quality"),
    [
        (0.0, 1.0, models.ConnectionQuality.EXCELLENT),
        (0.03, 1.0, models.ConnectionQuality.GOOD),
        (0.2, 1.0, models.ConnectionQuality.POOR),
        (0.0, 7.0, models.ConnectionQuality.LOST),
    ],
)
def test_quality_follows_loss_and_silence(
    loss: float, silent_for: float, quality: models.ConnectionQuality
) -> None:
    found, score = connection_quality(loss, silent_for)
    assert found == quality
    assert 0 <= score <= 5


def test_a_speaker_is_announced_when_it_begins_changes_and_ends() -> None:
    changes, levels = speaker_changes({}, {"PA_1": 0.3, "PA_2": 0.0})
    assert [(found.sid, found.active) for found in changes] == [("PA_1", True)]
    assert 0.3 <= changes[0].level <= 0.5
    again, levels = speaker_changes(levels, {"PA_1": 0.31})
    assert again == []
    louder, levels = speaker_changes(levels, {"PA_1": 0.6, "PA_2": 1.0})
    assert [found.sid for found in louder] == ["PA_2", "PA_1"]
    gone, levels = speaker_changes(levels, {"PA_2": 1.0})
    assert [(found.sid, found.active) for found in gone] == [("PA_1", False)]
    assert levels == {"PA_2": 1.0}


def test_a_leave_says_whether_to_come_back() -> None:
    reason = models.DisconnectReason.SERVER_SHUTDOWN
    assert not leave_request(reason).can_reconnect
    assert leave_request(reason, rtc.LeaveRequest.RECONNECT).can_reconnect
