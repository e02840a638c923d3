import pytest

from pitchquest_assets.engines.transcription.alignment import AlignedWord
from pitchquest_assets.engines.transcription.timed_text import lay_over


def bare(*words: str) -> list[AlignedWord]:
    return [AlignedWord(word, i, i + 0.5, 0.8) for i, word in enumerate(words)]


def test_written_words_get_the_times_of_their_letters() -> None:
    placed = lay_over(
        "Um, twenty-five “users” pay!", bare("um", "twenty", "five", "users", "pay"), 9
    )
    assert [(w.text, w.start_seconds, w.end_seconds) for w in placed] == [
        ("Um,", 0, 0.5),
        ("twenty-five", 1, 2.5),
        ("“users”", 3, 3.5),
        ("pay!", 4, 4.5),
    ]


def test_a_word_without_a_time_lies_between_its_neighbours_and_is_unsure() -> None:
    placed = lay_over("We sell zzz to you - now.", bare("we", "sell", "to", "you", "now"), 9)
    assert [w.text for w in placed] == ["We", "sell", "zzz", "to", "you", "-", "now."]
    assert (placed[2].start_seconds, placed[2].end_seconds) == (1.5, 2)
    assert placed[2].probability == 0
    assert placed[5].probability == 0.8


def test_words_that_the_text_lacks_are_left_out() -> None:
    assert [w.text for w in lay_over("We sell.", bare("we", "we", "sell"), 9)] == ["We", "sell."]


def test_a_language_without_blanks_keeps_the_words_that_have_times() -> None:
    words = bare("我们", "出售", "货架")
    assert lay_over("我们出售货架。", words, 9) == words


def test_a_letter_or_two_in_common_make_no_word_of_another() -> None:
    placed = lay_over("We sell a great many apples", [AlignedWord("apples", 20, 21, 0.9)], 60)
    assert [(w.start_seconds, w.end_seconds, w.probability) for w in placed] == [
        *((17.5 + 0.5 * i, 18 + 0.5 * i, 0) for i in range(5)),
        (20, 21, 0.9),
    ]


def test_an_unheard_word_is_not_stretched_over_a_silence() -> None:
    words = [AlignedWord("we", 1, 1.5, 0.9), AlignedWord("shelves", 20, 21, 0.9)]
    placed = lay_over("We sell shelves today", words, 60)
    assert [(w.start_seconds, w.end_seconds) for w in placed] == [
        (1, 1.5),
        (1.5, 2),
        (20, 21),
        (21, 21.5),
    ]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("The colour, okay", ["the", "color", "ok"]),
        ("Our ShelfSense sells", ["our", "shelf", "sense", "sells"]),
        ("Our shelf sense sells", ["our", "shelfsense", "sells"]),
        ("It’s a low-cost/high-end shelf", ["its", "a", "low", "cost", "high", "end", "shelf"]),
    ],
)
def test_a_word_in_another_spelling_keeps_its_time(text: str, heard: list[str]) -> None:
    placed = lay_over(text, bare(*heard), 9)
    assert [w.text for w in placed] == text.split()
    assert all(w.probability > 0 for w in placed)
    assert (placed[0].start_seconds, placed[-1].end_seconds) == (0, len(heard) - 0.5)


def test_nothing_heard_is_nothing() -> None:
    assert lay_over("", [], 9) == []
