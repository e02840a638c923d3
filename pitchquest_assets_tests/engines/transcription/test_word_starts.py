from itertools import pairwise

import pytest

from pitchquest_assets.engines.transcription.word_starts import mend_starts
from pitchquest_assets.model import Word

WHOLE = [(0.0, 10.0)]


def words(*times: tuple[float, float]) -> list[Word]:
    return [
        Word(text="word", start_seconds=start, end_seconds=end, probability=0.9)
        for start, end in times
    ]


def times(mended: list[Word]) -> list[tuple[float, float]]:
    return [(round(word.start_seconds, 3), round(word.end_seconds, 3)) for word in mended]


@pytest.mark.parametrize(("model", "start"), [("tiny.en", 0.91), ("base", 1.05), ("large-v3", 1.0)])
def test_a_model_that_is_always_late_or_early_is_put_right(model: str, start: float) -> None:
    mended = mend_starts(words((1.0, 1.2)), WHOLE, [], model)
    assert times(mended) == [(start, round(start + 0.2, 3))]


@pytest.mark.parametrize("heard", [0.75, 1.3])
def test_the_first_word_after_a_pause_begins_with_the_voice(heard: float) -> None:
    mended = mend_starts(
        words((0.0, 0.4), (heard, 1.8)), WHOLE, [(0.0, 0.4), (1.0, 2.0)], "large-v3"
    )
    assert times(mended) == [(0.0, 0.4), (1.0, 1.8)]


def test_a_word_that_lasts_over_a_pause_begins_where_most_of_it_is_heard() -> None:
    voice = [(0.0, 1.1), (2.0, 4.0)]
    mended = mend_starts(words((0.0, 1.0), (1.0, 2.6), (2.6, 4.0)), WHOLE, voice, "large-v3")
    assert times(mended) == [(0.0, 1.0), (2.0, 2.6), (2.6, 4.0)]


def test_a_word_that_lasts_a_little_into_the_next_voice_stays_where_it_was() -> None:
    voice = [(0.0, 1.6), (2.0, 4.0)]
    mended = mend_starts(words((1.0, 2.1), (2.2, 4.0)), WHOLE, voice, "large-v3")
    assert times(mended) == [(1.0, 2.0), (2.0, 4.0)]


def test_a_voice_that_begins_long_before_a_word_does_not_pull_it() -> None:
    mended = mend_starts(words((1.5, 1.9)), WHOLE, [(1.0, 2.0)], "large-v3")
    assert times(mended) == [(1.5, 1.9)]


def test_only_the_first_word_of_a_voice_is_moved() -> None:
    mended = mend_starts(words((1.1, 1.3), (1.3, 1.5)), WHOLE, [(1.0, 2.0)], "large-v3")
    assert times(mended) == [(1.0, 1.3), (1.3, 1.5)]


def test_words_stay_in_order_and_do_not_overlap() -> None:
    heard = words((0.02, 0.05), (0.05, 0.9), (0.8, 1.3), (1.3, 1.4), (1.4, 1.5))
    mended = mend_starts(heard, WHOLE, [(0.0, 0.6), (1.0, 1.6)], "tiny.en")
    starts = [word.start_seconds for word in mended]
    assert starts == sorted(starts)
    for word, following in pairwise(mended):
        assert word.start_seconds <= word.end_seconds <= following.start_seconds


@pytest.mark.parametrize(
    ("model", "times_in_piece"), [("tiny.en", (5.0, 5.01)), ("base", (5.07, 5.15))]
)
def test_no_word_leaves_the_piece_in_which_it_was_heard(
    model: str, times_in_piece: tuple[float, float]
) -> None:
    mended = mend_starts(words((5.02, 5.1)), [(0.0, 2.0), (5.0, 5.15), (7.0, 8.0)], [], model)
    assert times(mended) == [times_in_piece]
