import pytest

from pitchquest_assets.media.captions.repeats import Shown, without_repeats

# Lines by a slash, then the start and the end in seconds.
Line = tuple[str, float, float]


def said(*captions: Line) -> list[str]:
    shown = [Shown(text.split("/"), start, end) for text, start, end in captions]
    return [cue.text for cue in without_repeats(shown)]


def test_a_rolling_pair_of_lines_is_said_once() -> None:
    rolling = [("one two", 0, 1), ("one two/three", 1, 2), ("three/four", 2, 3)]
    assert said(*rolling) == ["one two", "three", "four"]


def test_a_flash_of_the_finished_line_is_said_once() -> None:
    automatic = [
        ("every year", 0, 1.99),
        ("every year", 1.99, 2.0),
        ("every year/hospitals in", 2.0, 3.99),
        ("hospitals in", 3.99, 4.0),
        ("hospitals in/this country", 4.0, 6.0),
    ]
    assert said(*automatic) == ["every year", "hospitals in", "this country"]


def test_a_sentence_that_was_said_twice_stays() -> None:
    assert said(("Why now?", 0.3, 2), ("Why now?", 3, 4), ("Because.", 5, 6)) == [
        "Why now?",
        "Why now?",
        "Because.",
    ]
    assert said(("Why now?", 0, 2), ("Why now?", 2, 4)) == ["Why now?", "Why now?"]


@pytest.mark.parametrize("times", [(0, 2), (1, 3)])
def test_the_same_caption_on_top_of_itself_is_said_once(times: tuple[float, float]) -> None:
    assert said(("We grew.", 0, 2), ("We grew.", *times)) == ["We grew."]


def test_a_tail_that_the_next_caption_repeats_is_said_once() -> None:
    tail = [("Hospitals throw away two billion", 0, 2), ("away two billion dollars a year", 2, 4)]
    assert said(*tail) == ["Hospitals throw away two billion", "dollars a year"]


def test_a_short_tail_is_said_once_where_most_captions_repeat_one() -> None:
    words = "every year hospitals throw away two billion dollars of medicine".split()
    captions = [(" ".join(words[i : i + 3]), float(i), i + 2.0) for i in range(0, 8, 2)]
    assert " ".join(said(*captions)).split() == words[:9]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Nobody asked why now?", "Why now? Because."),
        ("it is what it is", "is it not"),
        ("And so we said: we can do it.", "We can do it. We did."),
        ("we grew and grew", "and grew more"),
    ],
)
def test_words_that_a_speaker_repeats_stay(before: str, after: str) -> None:
    assert said((before, 0, 2), (after, 2, 4)) == [before, after]


def test_a_line_that_is_said_again_after_a_pause_stays() -> None:
    assert said(("Why now?", 0, 1), ("Why now?/Because.", 3, 4)) == [
        "Why now?",
        "Why now? Because.",
    ]


def test_a_sentence_that_was_said_twice_stays_where_captions_have_no_end() -> None:
    assert said(("Why now?", 1, 1), ("Why now?", 3, 3)) == ["Why now?", "Why now?"]


def test_lines_of_a_script_are_all_said() -> None:
    script = [Shown([line], None, None) for line in ("Why now?", "Why now?", "Because.")]
    assert [cue.text for cue in without_repeats(script)] == ["Why now?", "Why now?", "Because."]
    assert without_repeats([]) == []
