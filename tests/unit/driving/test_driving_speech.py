from __future__ import annotations

import numpy as np
import pytest
from support.fake_lipsync import FakeLipSync
from support.opus_files import opus_file

from avatardesk.driving.audio_input import OPUS_RATES, PCM_RATES, PcmDecoder, accepted_rate
from avatardesk.driving.limits import SessionEndedError
from avatardesk.driving.opus import OggOpusDecoder
from avatardesk.driving.speech import FRAME_SAMPLES, TRACK_RATE, SpeechAnalyser, SpeechFrame
from avatardesk.errors import InputError


def sine(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * t) * 12000).astype(np.int16)


def analysed(pcm: np.ndarray, rate: int, step: int) -> list[SpeechFrame]:
    analyser = SpeechAnalyser(rate, FakeLipSync(rate))
    frames = [f for start in range(0, pcm.size, step) for f in analyser.push(pcm[start : start + step])]
    return frames + analyser.finish()


@pytest.mark.parametrize("rate", PCM_RATES)
def test_speech_of_every_rate_becomes_the_same_sound_at_48_khz(rate: int) -> None:
    frames = analysed(sine(0.5, rate), rate, 333)
    sound = np.concatenate([frame.pcm for frame in frames])
    assert sound.size == 25 * FRAME_SAMPLES
    wanted = sine(0.5, TRACK_RATE)
    inside = slice(2000, -2000)  # a resampler's edges ring
    error = np.abs(sound[inside].astype(int) - wanted[inside].astype(int)).max()
    assert error < 120


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
@pytest.mark.parametrize("samples", [1, 319, 320, 321, 5000])
def test_frames_number_the_speech_rounded_up(rate: int, samples: int) -> None:
    frames = analysed(np.full(samples, 1000, dtype=np.int16), rate, 77)
    assert len(frames) == -(-samples // (rate // 50))
    assert all(frame.pcm.size == FRAME_SAMPLES for frame in frames)


def test_the_pieces_that_speech_comes_in_do_not_matter() -> None:
    pcm = sine(0.7, 24000, 300)
    whole, pieces = analysed(pcm, 24000, pcm.size), analysed(pcm, 24000, 101)
    assert len(whole) == len(pieces)
    for a, b in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(a.pcm, b.pcm)
        np.testing.assert_array_equal(a.motion.weights, b.motion.weights)
        assert a.energy == b.energy


def test_sound_and_motion_of_a_frame_belong_together() -> None:
    rate = 16000
    loud = [0, 3, 4, 9]
    pcm = np.zeros(10 * 320, dtype=np.int16)
    for index in loud:
        pcm[index * 320 : (index + 1) * 320] = sine(0.02, rate, 500)
    frames = analysed(pcm, rate, 160)
    assert [i for i, frame in enumerate(frames) if frame.motion.weights[17] > 0.1] == loud
    assert [i for i, frame in enumerate(frames) if frame.energy > 200] == loud


def test_a_reply_that_was_dropped_leaves_nothing_behind() -> None:
    analyser = SpeechAnalyser(16000, FakeLipSync(16000))
    analyser.push(sine(0.33, 16000))
    analyser.reset()
    frames = analyser.push(np.zeros(3200, dtype=np.int16)) + analyser.finish()
    assert len(frames) == 10
    assert not any(frame.pcm.any() or frame.motion.weights.any() for frame in frames)
    assert analyser.finish() == []


def test_pcm_may_be_cut_anywhere() -> None:
    pcm = sine(0.01, 16000)
    data = pcm.astype("<i2").tobytes()
    decoder = PcmDecoder()
    found = np.concatenate([decoder.push(data[i : i + 7]) for i in range(0, len(data), 7)])
    np.testing.assert_array_equal(found, pcm)


def test_only_the_known_rates_and_formats_are_accepted() -> None:
    assert [accepted_rate(0, rate) for rate in PCM_RATES] == list(PCM_RATES)
    assert {accepted_rate(1, rate) for rate in OPUS_RATES} == {TRACK_RATE}
    for wrong in ((0, 12000), (0, 11025), (0, -1), (1, 22050), (1, 44100), (2, 16000)):
        with pytest.raises(SessionEndedError, match="unsupported") as refused:
            accepted_rate(*wrong)
        assert refused.value.close_code == 4000


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("step", [1, 100, 1 << 20])
def test_ogg_opus_is_decoded_whatever_its_pieces(layout: str, step: int) -> None:
    pcm = sine(0.61, TRACK_RATE)
    data = opus_file(pcm, layout)
    decoder = OggOpusDecoder()
    found = np.concatenate([decoder.push(data[i : i + step]) for i in range(0, len(data), step)])
    assert found.size == pcm.size
    inside = slice(4800, -4800)
    likeness = np.corrcoef(found[inside], pcm[inside])[0, 1]
    assert likeness > 0.98


def test_what_is_no_ogg_opus_is_refused() -> None:
    with pytest.raises(InputError, match="no Ogg"):
        OggOpusDecoder().push(b"RIFF....WAVEfmt ")
    with pytest.raises(InputError, match="no Ogg"):
        OggOpusDecoder().push(b"\x00")
    vorbis = bytearray(opus_file(sine(0.1, TRACK_RATE)))
    at = vorbis.index(b"OpusHead")
    vorbis[at : at + 8] = b"\x01vorbis\x00"
    with pytest.raises(InputError, match="no Opus"):
        OggOpusDecoder().push(bytes(vorbis))
