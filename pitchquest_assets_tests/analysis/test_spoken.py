import pytest

from pitchquest_assets.analysis.spoken import count_spoken, spoken_times, spoken_words
from pitchquest_assets.model import Word


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("ShelfSense.", "shelfsense"),
        ("don’t", "don't"),
        ("co-founder", "co founder"),
        ("—", ""),
        ("AT&T", "at and t"),
        ("20%", "twenty percent"),
        ("$240", "two hundred and forty dollars"),
        ("$3.5M", "three point five million dollars"),
        ("1,000", "one thousand"),
        ("10x", "ten times"),
        ("3rd", "third"),
        ("2024", "twenty twenty four"),
        ("2000", "two thousand"),
        ("1990s", "nineteen nineties"),
        ("B2B", "b two b"),
        ("5mg", "five mg"),
        ("100km", "one hundred km"),
        ("9" * 5_000, ""),
    ],
)
def test_written_tokens_are_said_as_words(written: str, spoken: str) -> None:
    assert spoken_words(written) == spoken.split()


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("40,000", 2),
        ("20%", 2),
        ("2019", 2),
        ("$2.5m", 5),
        ("hospitals", 1),
        ("co-founder", 1),
        ("AT&T", 1),
        ("&", 1),
        ("—", 0),
        ("9" * 5_000, 1),
    ],
)
def test_a_figure_counts_as_the_words_that_are_spoken(written: str, count: int) -> None:
    assert count_spoken(written, "en") == count_spoken(written, None) == count


def test_figures_of_other_languages_count_as_one_word() -> None:
    assert count_spoken("40.000", "de") == 1


def test_the_words_of_a_figure_are_spoken_at_its_time() -> None:
    words = [
        Word(text=text, start_seconds=start, end_seconds=start + 1, probability=1.0)
        for text, start in (("grew", 1.0), ("20%", 2.0), ("—", 3.0))
    ]
    assert spoken_times(words, "en") == [1.5, 2.5, 2.5]
