import numpy as np
import pytest

from pitchquest_assets.analysis.curves import interpolate
from pitchquest_assets.analysis.delivery import prosody
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ
from pitchquest_assets_tests.support.voices import tone

RATE = SAMPLE_RATE_HZ


def test_an_octave_of_glide_is_twelve_semitones() -> None:
    seconds = 10
    glide = 110 * 2 ** (np.arange(seconds * RATE) / (seconds * RATE))
    tracks = prosody.measure_tracks(lambda: [tone(glide)], [(0.0, float(seconds))])
    semitones = tracks.semitones[tracks.voiced]
    assert prosody.percentile_range(semitones) == pytest.approx(12 * 0.9, abs=0.2)


def test_blocks_join_to_the_same_track() -> None:
    sound = tone(np.full(4 * RATE, 150.0))
    whole = prosody.measure_tracks(lambda: [sound], [(0.0, 4.0)])
    halves = prosody.measure_tracks(lambda: [sound[: 2 * RATE], sound[2 * RATE :]], [(0.0, 4.0)])
    assert halves.times_seconds == pytest.approx(whole.times_seconds)
    assert np.nanmedian(halves.f0_hz) == pytest.approx(np.nanmedian(whole.f0_hz), rel=0.001)


@pytest.mark.parametrize("per_second", [3, 5])
def test_syllables_are_counted_by_their_loudness_peaks(per_second: int) -> None:
    seconds = 4
    time = np.arange(seconds * RATE) / RATE
    level = 0.02 + 0.3 * np.sin(np.pi * per_second * time) ** 2
    tracks = prosody.measure_tracks(lambda: [tone(np.full(time.size, 180.0), level)], [(0.0, 4.0)])
    assert prosody.count_syllables(tracks) == pytest.approx(per_second * seconds, abs=1)


def test_twice_the_level_is_six_decibels_more() -> None:
    levels = [
        np.median(
            prosody.measure_tracks(lambda x=x: [tone(np.full(RATE, 150.0), x)], []).intensity_db
        )
        for x in (0.1, 0.2)
    ]
    assert levels[1] - levels[0] == pytest.approx(6.02, abs=0.05)


def test_frames_outside_speech_do_not_count() -> None:
    sound = np.concatenate([tone(np.full(3 * RATE, 100.0)), tone(np.full(3 * RATE, 300.0))])
    tracks = prosody.measure_tracks(lambda: [sound], [(0.0, 3.0)])
    assert np.median(tracks.f0_hz[tracks.voiced]) == pytest.approx(100, abs=1)


def test_no_sound_gives_empty_tracks() -> None:
    tracks = prosody.measure_tracks(lambda: [], [])
    assert tracks.times_seconds.size == 0
    assert not prosody.has_enough_voice(tracks)


def test_a_series_is_null_where_nothing_was_voiced() -> None:
    sound = np.concatenate([tone(np.full(RATE, 150.0)), np.zeros(RATE, np.float32)])
    tracks = prosody.measure_tracks(lambda: [sound], [(0.0, 1.0)])
    times, values = prosody.resample(tracks, tracks.semitones, 0.5)
    assert list(times) == [0.25, 0.75, 1.25, 1.75]
    assert [value is None for value in values] == [False, False, True, True]


def test_curves_are_flat_beyond_their_anchors() -> None:
    anchors = ((10.0, 0.0), (20.0, 10.0))
    assert [interpolate(x, anchors) for x in (0, 10, 15, 20, 99)] == [0, 0, 5, 10, 10]
