import numpy as np
import pytest

from pitchquest_assets.analysis.delivery.hesitations import find_hesitations
from pitchquest_assets.analysis.delivery.prosody import Tracks
from pitchquest_assets.model import Event, Word

SECONDS = 6.0
PITCH_HZ = 120.0
LOUD_DB, QUIET_DB = 65.0, 20.0

Voice = tuple[float, float, float, float]


def tracks_of(*voices: Voice) -> Tracks:
    """Voices as (start, end) seconds with their first and last pitch (Hz); silence elsewhere."""
    times = np.arange(0.005, SECONDS, 0.01)
    pitch = np.full(times.shape, np.nan)
    for start, end, first_hz, last_hz in voices:
        inside = (times >= start) & (times < end)
        pitch[inside] = np.geomspace(first_hz, last_hz, inside.sum())
    level = np.where(np.isfinite(pitch), LOUD_DB, QUIET_DB)
    return Tracks(times, pitch, level, np.isfinite(pitch))


def words_of(*words: tuple[str, float, float]) -> list[Word]:
    return [
        Word(text=text, start_seconds=start, end_seconds=end, probability=1.0)
        for text, start, end in words
    ]


SPEECH: tuple[Voice, ...] = ((0.0, 1.0, 150, 100), (3.0, 4.0, 140, 100))
WORDS = words_of(("hospitals", 0.0, 1.0), ("counting", 3.0, 4.0))


def test_an_even_voice_between_words_is_a_hesitation_that_was_not_transcribed() -> None:
    tracks = tracks_of(*SPEECH, (1.5, 2.1, PITCH_HZ, 115))
    (found,) = find_hesitations(tracks, WORDS, [])
    assert (found.kind, found.transcribed) == ("filler", False)
    assert found.text == "hesitation, heard but not transcribed"
    assert (found.start_seconds, found.end_seconds) == (
        pytest.approx(1.5, abs=0.02),
        pytest.approx(2.1, abs=0.02),
    )


@pytest.mark.parametrize(
    ("what", "voices"),
    [
        ("too short", [(1.5, 1.7, PITCH_HZ, PITCH_HZ)]),
        ("too long", [(1.4, 2.7, PITCH_HZ, PITCH_HZ)]),
        ("its pitch falls as in a word", [(1.5, 2.1, 130, 110)]),
        ("another voice", [(1.5, 2.1, 260, 260)]),
        ("beside words that were missed", [(1.2, 1.5, 140, 110), (1.6, 2.0, PITCH_HZ, PITCH_HZ)]),
        ("the beginning of the next word", [(2.7, 3.0, 120, 120)]),
        ("laughter", [(1.2 + 0.2 * k, 1.3 + 0.2 * k, PITCH_HZ, PITCH_HZ) for k in range(6)]),
        ("in a word", [(0.2, 0.8, PITCH_HZ, PITCH_HZ)]),
    ],
)
def test_other_voices_are_no_hesitation(what: str, voices: list[Voice]) -> None:
    assert find_hesitations(tracks_of(*SPEECH, *voices), WORDS, []) == [], what


def test_a_quiet_voice_in_the_background_is_no_hesitation() -> None:
    tracks = tracks_of(*SPEECH, (1.5, 2.1, PITCH_HZ, PITCH_HZ))
    tracks.intensity_db[150:210] = LOUD_DB - 20
    assert find_hesitations(tracks, WORDS, []) == []


def test_a_word_that_lasts_too_long_holds_the_hesitation_before_it() -> None:
    tracks = tracks_of(*SPEECH, (1.1, 1.7, PITCH_HZ, PITCH_HZ), (1.9, 2.1, 140, 120))
    words = words_of(("hospitals", 0.0, 1.0), ("an", 1.0, 2.1), ("counting", 3.0, 4.0))
    assert len(find_hesitations(tracks, words, [])) == 1
    figure = words_of(("hospitals", 0.0, 1.0), ("80", 1.0, 2.1), ("counting", 3.0, 4.0))
    assert find_hesitations(tracks, figure, []) == []


def test_beside_a_filler_or_a_word_without_length_nothing_is_found() -> None:
    tracks = tracks_of(*SPEECH, (1.5, 2.1, PITCH_HZ, PITCH_HZ))
    words = words_of(("hospitals", 0.0, 1.0), ("um,", 2.6, 2.8), ("counting", 3.0, 4.0))
    filler = Event(kind="filler", start_seconds=2.6, end_seconds=2.8, text="um")
    assert len(find_hesitations(tracks, words, [])) == 1
    assert find_hesitations(tracks, words, [filler]) == []
    words = words_of(("hospitals", 0.0, 1.0), ("cameras", 2.9, 2.9), ("counting", 3.0, 4.0))
    assert find_hesitations(tracks, words, []) == []


def test_without_words_or_a_voice_nothing_is_found() -> None:
    assert find_hesitations(tracks_of((1.5, 2.1, PITCH_HZ, PITCH_HZ)), [], []) == []
    assert find_hesitations(tracks_of(), WORDS, []) == []
