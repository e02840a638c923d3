import pytest

from pitchquest_assets.analysis.content.boundaries import MAX_WORDS
from pitchquest_assets.analysis.content.sentences import (
    plain,
    split_sentences,
)
from pitchquest_assets.model import Word
from pitchquest_assets_tests.support.spoken import speak


def words_with_gaps(*parts: str, gap_seconds: float) -> list[Word]:
    """The parts, each word 0.3 s long without a gap, with a gap between the parts."""
    words, clock = [], 1.0
    for part in parts:
        for text in part.split():
            words.append(
                Word(text=text, start_seconds=clock, end_seconds=clock + 0.3, probability=1)
            )
            clock += 0.3
        clock += gap_seconds
    return words


def test_a_sentence_ends_at_its_punctuation_and_has_the_times_of_its_words() -> None:
    sentences = split_sentences(speak("We built Ember. Why now? Because it works!").words)
    assert [one.text for one in sentences] == ["We built Ember.", "Why now?", "Because it works!"]
    assert [one.word_count for one in sentences] == [3, 2, 3]
    assert sentences[0].start_seconds == 0.0
    assert sentences[0].end_seconds == pytest.approx(1.15)
    assert sentences[1].start_seconds == pytest.approx(1.85)


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Lind and Mrs. Park vs. the rest of the field won.",
        "The U.S. market is worth $3.4 billion a year.",
        "It was J. R. Smith who built it.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str) -> None:
    assert [one.text for one in split_sentences(speak(text).words)] == [text]


def test_a_quotation_mark_after_the_full_stop_belongs_to_the_sentence() -> None:
    sentences = split_sentences(speak("She said “stop.” We did.").words)
    assert [one.text for one in sentences] == ["She said “stop.”", "We did."]


def test_without_punctuation_a_pause_ends_a_sentence() -> None:
    words = words_with_gaps("we built ember", "it is a sensor", gap_seconds=0.6)
    assert [one.text for one in split_sentences(words)] == ["we built ember", "it is a sensor"]


def test_with_punctuation_a_pause_does_not_end_a_sentence() -> None:
    words = words_with_gaps("We built", "Ember. It is a sensor.", gap_seconds=2.0)
    assert [one.text for one in split_sentences(words)] == ["We built Ember.", "It is a sensor."]


@pytest.mark.parametrize("count", [1, 25, 26, 99, 1000])
def test_every_word_is_in_exactly_one_sentence(count: int) -> None:
    words = words_with_gaps(" ".join(f"w{index}" for index in range(count)), gap_seconds=0)
    sentences = split_sentences(words)
    assert " ".join(one.text for one in sentences) == " ".join(word.text for word in words)
    assert max(one.word_count for one in sentences) <= MAX_WORDS


def test_no_words_are_no_sentences() -> None:
    assert split_sentences([]) == []
    assert split_sentences(words_with_gaps(gap_seconds=0)) == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("We’re raising $1,500,000.", "we're raising $1,500,000"),
        ("My co-founder, um, left.", "my co founder left"),
        ("$300/month (plus 2.5% tax)", "$300 per month plus 2.5% tax"),
        ("Erm... R&D — done?", "r and d done"),
    ],
)
def test_plain_form_keeps_words_numbers_and_signs_only(text: str, seen: str) -> None:
    assert plain(text) == seen
