"""Playout on virtual time: a tick is 10 ms, however fast the test calls it."""

from __future__ import annotations

import numpy as np

from avatardesk.driving.motion import MotionFrame, MotionKind, MotionMessage, decode
from avatardesk.driving.playout import REFILL_FRAMES, START_FRAMES, TICK_SAMPLES, Playout
from avatardesk.driving.rounds import Round
from avatardesk.driving.speech import FRAME_SAMPLES, SpeechFrame
from avatardesk.driving.wire import PlaybackState

PLAYING, PAUSED = PlaybackState.PLAYING, PlaybackState.PAUSED
ENDED, INTERRUPTED = PlaybackState.ENDED, PlaybackState.INTERRUPTED


class Recorder:
    """A track and a listener: keeps what is pushed and what is told."""

    def __init__(self) -> None:
        self.playout = Playout(self)
        self.pushed: list[np.ndarray] = []
        self.frames: list[MotionMessage] = []
        self.events: list[MotionMessage] = []
        self.bytes = 0
        self.signals: list[tuple[str, str]] = []
        self.states: list[tuple[str, PlaybackState, int, str]] = []

    @property
    def track(self) -> np.ndarray:
        return np.concatenate([np.zeros(0, dtype=np.int16), *self.pushed])

    def on_motion(self, data: bytes, *, reliable: bool) -> None:
        message = decode(data)
        self.bytes += len(data)
        assert reliable == (message.kind is not MotionKind.FRAMES)
        (self.events if reliable else self.frames).append(message)

    def on_started(self, req_id: str) -> None:
        self.signals.append((req_id, "started"))

    def on_ended(self, req_id: str) -> None:
        self.signals.append((req_id, "ended"))

    def on_state(self, req_id: str, state: PlaybackState, played_ms: int, reason: str) -> None:
        self.states.append((req_id, state, played_ms, reason))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            assert self.playout.track_samples == len(self.pushed) * TICK_SAMPLES
            pcm = self.playout.tick()
            assert pcm.dtype == np.int16
            assert pcm.size == TICK_SAMPLES
            self.pushed.append(pcm)

    def kinds(self) -> list[MotionKind]:
        return [event.kind for event in self.events]


def speech(count: int, first: int = 0) -> list[SpeechFrame]:
    """Frames whose samples, energies and jaw say which frame they are."""
    frames = []
    for index in range(first, first + count):
        weights = np.zeros(52, dtype=np.float32)
        weights[17] = (index % 255 + 1) / 255
        pcm = np.full(FRAME_SAMPLES, index + 1, dtype=np.int16)
        frames.append(SpeechFrame(pcm, MotionFrame(weights), index % 256))
    return frames


def queued(recorder: Recorder, req_id: str, count: int, *, complete: bool = True) -> Round:
    round_ = Round(req_id)
    round_.append(speech(count))
    round_.complete = complete
    recorder.playout.add(round_)
    return round_


def expected(count: int) -> np.ndarray:
    return np.repeat(np.arange(1, count + 1, dtype=np.int16), FRAME_SAMPLES)


def test_between_rounds_the_track_is_true_silence_and_no_motion_is_sent() -> None:
    recorder = Recorder()
    recorder.run(500)
    assert not recorder.track.any()
    assert recorder.frames == recorder.events == []


def test_a_round_is_played_sample_for_sample() -> None:
    recorder = Recorder()
    recorder.run(7)
    queued(recorder, "a", 25)
    recorder.run(60)
    start = 7 * TICK_SAMPLES
    played = recorder.track[start : start + 25 * FRAME_SAMPLES]
    np.testing.assert_array_equal(played, expected(25))
    assert not recorder.track[start + 25 * FRAME_SAMPLES :].any()
    assert recorder.kinds() == [MotionKind.START, MotionKind.END]
    begin, end = recorder.events
    assert (begin.round, begin.frame, begin.track_samples) == (1, 0, start)
    assert (end.frame, end.track_samples) == (25, start + 25 * FRAME_SAMPLES)
    assert recorder.signals == [("a", "started"), ("a", "ended")]
    assert recorder.states == [("a", PLAYING, 0, ""), ("a", ENDED, 500, "")]


def test_every_motion_frame_names_the_track_samples_it_belongs_to() -> None:
    recorder = Recorder()
    recorder.run(3)
    queued(recorder, "a", 101)
    recorder.run(220)
    track = recorder.track
    for message in recorder.frames:
        assert track[message.track_samples] == message.frame + 1
    assert [message.sequence for message in recorder.frames] == sorted(m.sequence for m in recorder.frames)


def test_motion_is_sent_before_its_sound_and_no_more_than_a_frame_ahead() -> None:
    recorder = Recorder()
    queued(recorder, "a", 60)
    for _ in range(130):
        recorder.run(1)
        now = recorder.track.size
        for message in recorder.frames[-1:]:
            assert message.track_samples <= now + FRAME_SAMPLES
    seen = {m.frame - back for m in recorder.frames for back in range(len(m.frames))}
    assert seen == set(range(60))


def test_a_message_repeats_the_last_twelve_frames_with_their_energies() -> None:
    recorder = Recorder()
    queued(recorder, "a", 40)
    recorder.run(90)
    assert len(recorder.frames) == 20
    for message in recorder.frames:
        count = min(12, message.frame + 1)
        indexes = range(message.frame + 1 - count, message.frame + 1)
        assert message.energies == tuple(indexes)
        assert [round(float(f.weights[17]) * 255) for f in message.frames] == [i + 1 for i in indexes]
    assert [bool(message.flags & 1) for message in recorder.frames] == [False] * 19 + [True]


def test_a_receiver_that_loses_a_third_of_the_messages_misses_under_one_frame_in_a_hundred() -> None:
    recorder = Recorder()
    queued(recorder, "a", 6000)
    recorder.run(12010)
    chance = np.random.default_rng(1)
    seen: set[int] = set()
    for message in recorder.frames:
        if chance.random() > 1 / 3:
            seen.update(range(message.frame + 1 - len(message.frames), message.frame + 1))
    assert (6000 - len(seen)) / 6000 < 0.01


def test_a_round_starts_with_little_and_a_late_one_does_not_stutter() -> None:
    recorder = Recorder()
    round_ = queued(recorder, "a", START_FRAMES - 1, complete=False)
    recorder.run(5)
    assert recorder.events == []
    round_.append(speech(1, START_FRAMES - 1))
    recorder.run(2 * START_FRAMES + 3)
    assert recorder.kinds() == [MotionKind.START, MotionKind.PAUSED]
    assert recorder.events[1].frame == START_FRAMES
    assert recorder.events[1].track_samples == recorder.events[0].track_samples + START_FRAMES * FRAME_SAMPLES
    round_.append(speech(REFILL_FRAMES - 1, START_FRAMES))
    recorder.run(10)
    assert recorder.kinds()[-1] is MotionKind.PAUSED
    round_.append(speech(1, START_FRAMES + REFILL_FRAMES - 1))
    round_.complete = True
    recorder.run(2 * REFILL_FRAMES + 2)
    assert recorder.kinds()[2:] == [MotionKind.RESUMED, MotionKind.END]
    resumed = recorder.events[2]
    assert resumed.frame == START_FRAMES
    assert recorder.track[resumed.track_samples + FRAME_SAMPLES] == START_FRAMES + 2
    assert recorder.states == [
        ("a", PLAYING, 0, ""),
        ("a", ENDED, 20 * (START_FRAMES + REFILL_FRAMES), ""),
    ]


def test_an_end_that_comes_after_the_last_frame_was_played_ends_the_round() -> None:
    recorder = Recorder()
    round_ = queued(recorder, "a", 4, complete=False)
    recorder.run(20)
    assert recorder.kinds() == [MotionKind.START, MotionKind.PAUSED]
    round_.complete = True
    recorder.run(1)
    assert recorder.kinds() == [MotionKind.START, MotionKind.PAUSED, MotionKind.END]
    assert recorder.signals[-1] == ("a", "ended")
    assert not recorder.playout.busy
    queued(recorder, "b", 4)
    recorder.run(12)
    assert recorder.kinds()[3:] == [MotionKind.START, MotionKind.END]


def test_the_odd_last_frame_has_motion_even_when_its_end_is_announced_late() -> None:
    recorder = Recorder()
    queued(recorder, "a", 5, complete=False)
    recorder.run(20)
    assert recorder.frames[-1].frame == 4


def test_rounds_follow_one_another_in_order() -> None:
    recorder = Recorder()
    queued(recorder, "a", 10)
    queued(recorder, "b", 10)
    recorder.run(45)
    np.testing.assert_array_equal(recorder.track[: 20 * FRAME_SAMPLES], np.tile(expected(10), 2))
    assert [(m.round, m.kind) for m in recorder.events] == [
        (1, MotionKind.START),
        (1, MotionKind.END),
        (2, MotionKind.START),
        (2, MotionKind.END),
    ]


def test_a_request_without_sound_ends_without_a_round() -> None:
    recorder = Recorder()
    queued(recorder, "a", 0)
    queued(recorder, "b", 3)
    recorder.run(10)
    assert recorder.signals == [("a", "ended"), ("b", "started"), ("b", "ended")]
    assert recorder.events[0].round == 1


def test_an_interruption_is_silent_within_five_milliseconds() -> None:
    for ticks in (20, 21):  # at a frame's start and in its middle
        recorder = Recorder()
        queued(recorder, "a", 50)
        recorder.run(ticks)
        assert recorder.playout.interrupt("a", "explicit")
        at = recorder.track.size
        recorder.run(100)
        assert not recorder.track[at + 240 :].any()
        stopped = recorder.events[-1]
        assert stopped.kind is MotionKind.INTERRUPTED
        begin = recorder.events[0].track_samples
        assert stopped.track_samples == begin + stopped.frame * FRAME_SAMPLES
        assert abs(stopped.track_samples - at) <= TICK_SAMPLES
        assert recorder.states[-1] == ("a", INTERRUPTED, stopped.frame * 20, "explicit")
        assert ("a", "ended") not in recorder.signals
        assert not recorder.playout.busy


def test_an_interruption_names_the_last_request_and_drops_those_before_it() -> None:
    recorder = Recorder()
    queued(recorder, "a", 50)
    queued(recorder, "b", 50)
    queued(recorder, "c", 2)
    recorder.run(10)
    assert recorder.playout.interrupt("b", "explicit")
    assert [state[:2] for state in recorder.states[-2:]] == [("a", INTERRUPTED), ("b", INTERRUPTED)]
    recorder.run(10)
    assert recorder.signals[-2:] == [("c", "started"), ("c", "ended")]


def test_interrupting_what_is_over_changes_nothing() -> None:
    recorder = Recorder()
    queued(recorder, "a", 2)
    recorder.run(10)
    told = len(recorder.states)
    assert not recorder.playout.interrupt("a", "explicit")
    assert not recorder.playout.interrupt("unknown", "explicit")
    assert len(recorder.states) == told


def test_a_pause_holds_the_sound_and_a_resume_goes_on_where_it_stopped() -> None:
    for ticks in (30, 31):
        recorder = Recorder()
        queued(recorder, "a", 50)
        recorder.run(ticks)
        assert recorder.playout.pause("a")
        at = recorder.track.size
        recorder.run(100)
        assert not recorder.track[at + 240 :].any()
        paused = recorder.events[-1]
        assert paused.kind is MotionKind.PAUSED
        assert recorder.states[-1] == ("a", PAUSED, paused.frame * 20, "")
        assert recorder.playout.resume("a")
        recorder.run(120)
        resumed = recorder.events[-2]
        assert resumed.kind is MotionKind.RESUMED
        assert resumed.frame == paused.frame
        rest = recorder.track[resumed.track_samples + FRAME_SAMPLES :]
        wanted = expected(50)[(resumed.frame + 1) * FRAME_SAMPLES :]
        np.testing.assert_array_equal(rest[: wanted.size], wanted)
        assert recorder.states[-2:] == [("a", PLAYING, paused.frame * 20, ""), ("a", ENDED, 1000, "")]
        after = [m for m in recorder.frames if m.sequence > resumed.sequence]
        for message in after:
            behind = (message.frame - resumed.frame) * FRAME_SAMPLES
            assert message.track_samples == resumed.track_samples + behind


def test_a_pause_before_the_first_sample_keeps_the_round_from_starting() -> None:
    recorder = Recorder()
    queued(recorder, "a", 10)
    assert recorder.playout.pause("a")
    recorder.run(50)
    assert recorder.events == []
    assert recorder.playout.resume("a")
    recorder.run(25)
    np.testing.assert_array_equal(recorder.track[50 * TICK_SAMPLES :][: 10 * FRAME_SAMPLES], expected(10))


def test_an_interruption_of_a_paused_round_frees_the_next_one() -> None:
    recorder = Recorder()
    queued(recorder, "a", 50)
    recorder.run(10)
    recorder.playout.pause("a")
    recorder.run(10)
    recorder.playout.interrupt("a", "pause_timeout")
    assert recorder.states[-1][1:] == (INTERRUPTED, 100, "pause_timeout")
    queued(recorder, "b", 5)
    recorder.run(12)
    assert recorder.signals[-1] == ("b", "ended")


def test_a_new_track_counts_its_samples_from_zero_and_the_round_goes_on() -> None:
    recorder = Recorder()
    queued(recorder, "a", 30)
    recorder.run(20)
    recorder.playout.begin_track()
    recorder.pushed.clear()
    sent = len(recorder.frames)
    recorder.run(45)
    np.testing.assert_array_equal(recorder.track[: 20 * FRAME_SAMPLES], expected(30)[10 * FRAME_SAMPLES :])
    for message in recorder.frames[sent:]:
        assert recorder.track[message.track_samples] == message.frame + 1


def test_motion_with_all_weights_driven_stays_within_twenty_kilobytes_a_second() -> None:
    recorder = Recorder()
    round_ = Round("a")
    weights = np.ones(52, dtype=np.float32)
    face = MotionFrame(weights, head=(0.1, 0.1, 0.1), gaze=(0.1, 0.1))
    round_.append([SpeechFrame(np.ones(FRAME_SAMPLES, dtype=np.int16), face, 200)] * 500)
    round_.complete = True
    recorder.playout.add(round_)
    recorder.run(1000)
    assert recorder.bytes / 10 <= 20 * 1024
