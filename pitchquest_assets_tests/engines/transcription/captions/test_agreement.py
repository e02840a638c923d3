"""Which words of captions were said, given what Whisper heard."""

import pytest

from pitchquest_assets.engines.transcription.captions.agreement import Agreement, compare
from pitchquest_assets.model import Word
from pitchquest_assets_tests.support.spoken import speak

SENTENCES = [
    "Every year, hospitals throw away two billion dollars of medicine.",
    "Nurses count bottles by hand, at night, with a clipboard.",
    "We built ShelfSense, a small camera that watches each shelf.",
    "There are six thousand hospitals in the United States.",
    "We have eleven paying customers, and revenue grows 20% every month.",
    "Join us, we are raising one million dollars to reach a hundred more.",
]
SCRIPT = " ".join(SENTENCES)
ANOTHER = (
    "Two in five letters from the council go unread. Tenants told us that the rent and the repairs "
    "are what they ring about, and half of the calls are about the same ten questions. Our app "
    "reads the letter aloud in nine languages and answers in plain words."
)


def texts(agreement: Agreement, captions: str, heard: list[Word]) -> str:
    """What was said; Whisper's own words in upper case."""
    written = captions.split()
    return " ".join(
        heard[one.heard[0]].text.upper() if one.written is None else written[one.written]
        for one in agreement.said
    )


def merged(captions: str, heard: str, **changed: float) -> str:
    words = [word.model_copy(update=changed) for word in speak(heard).words]
    return texts(compare(captions.split(), words, []), captions, words)


def test_captions_that_were_said_are_kept_as_they_are_written() -> None:
    words = speak(SCRIPT.lower().replace("20%", "twenty percent").replace(",", "")).words
    agreement = compare(SCRIPT.split(), words, [])
    assert texts(agreement, SCRIPT, words) == SCRIPT
    assert (agreement.borne_out, agreement.fits) == (1, 1)


def test_numbers_in_figures_are_the_same_as_in_words() -> None:
    words = speak(SCRIPT.replace("six thousand", "6,000").replace("eleven", "11")).words
    agreement = compare(SCRIPT.split(), words, [])
    assert agreement.borne_out == 1
    assert [one.heard for one in agreement.said[32:34]] == [(32,), (32,)]


def test_what_whisper_misheard_is_taken_from_the_captions() -> None:
    heard = SCRIPT.replace("ShelfSense", "shelf sense").replace("Nurses", "Purses")
    heard = heard.replace("clipboard", "chipmunk").replace("a hundred more", "eight hundred moor")
    assert merged(SCRIPT, heard, probability=0.6) == SCRIPT


@pytest.mark.parametrize("wrong", [[1], [3], [0, 5], [1, 2, 4]])
def test_wrong_sentences_are_left_out_and_what_was_said_instead_is_whispers(
    wrong: list[int],
) -> None:
    others = ANOTHER.split(". ")
    written = [
        f"{others[index % 3]}." if index in wrong else sentence
        for index, sentence in enumerate(SENTENCES)
    ]
    said = [s.upper() if index in wrong else s for index, s in enumerate(SENTENCES)]
    assert merged(" ".join(written), SCRIPT, probability=0.95) == " ".join(said)


def test_half_a_script_is_completed() -> None:
    half = " ".join(SENTENCES[:3])
    rest = " ".join(SENTENCES[3:]).upper()
    assert merged(half, SCRIPT) == f"{half} {rest}"
    every_second = [s if index % 2 else s.upper() for index, s in enumerate(SENTENCES)]
    assert merged(" ".join(SENTENCES[1::2]), SCRIPT) == " ".join(every_second)


def test_what_was_not_said_is_left_out() -> None:
    assert merged(SCRIPT, " ".join(SENTENCES[:2])) == " ".join(SENTENCES[:2])
    assert merged(SCRIPT, " ".join(SENTENCES[2:5])) == " ".join(SENTENCES[2:5])


def test_what_was_not_said_is_kept_where_a_voice_is_that_whisper_has_no_words_for() -> None:
    words = speak(SCRIPT).words
    start, end = len(" ".join(SENTENCES[:2]).split()), len(" ".join(SENTENCES[:3]).split())
    hole = (words[start].start_seconds, words[end - 1].end_seconds)
    agreement = compare(SCRIPT.split(), [*words[:start], *words[end:]], [hole])
    assert texts(agreement, SCRIPT, words) == SCRIPT
    assert agreement.borne_out < 1


def test_hesitations_and_words_beside_the_captions_are_whispers() -> None:
    heard = SCRIPT.replace("Nurses", "Um, nurses").replace("small camera", "small uh camera")
    said = SCRIPT.replace("Nurses", "UM, Nurses").replace("small camera", "small UH camera")
    assert merged(SCRIPT, heard) == said


def test_captions_of_something_else_do_not_fit() -> None:
    for captions, heard in ((ANOTHER, SCRIPT), (SCRIPT, ANOTHER)):
        agreement = compare(captions.split(), speak(heard).words, [])
        assert (agreement.said, agreement.fits) == ([], 0)
        assert agreement.borne_out < 0.1


def test_sentences_in_another_order_fit_in_part_at_most() -> None:
    turned = " ".join(reversed(SENTENCES))
    assert compare(turned.split(), speak(SCRIPT).words, []).fits < 1 / 3


def test_the_captions_of_a_much_longer_video_fit_what_is_left_of_it() -> None:
    longer = " ".join([*SENTENCES, *[ANOTHER] * 5])
    agreement = compare(longer.split(), speak(" ".join(SENTENCES[:3])).words, [])
    assert agreement.fits == 1
    assert agreement.borne_out < 0.2


def test_marks_that_nobody_speaks_stay_with_the_word_before_them() -> None:
    captions = SCRIPT.replace("hand, at", "hand – at")
    assert merged(captions, SCRIPT) == captions


@pytest.mark.parametrize("captions", ["Yes.", "We sell shelves.", "one two three four"])
def test_a_few_words_fit_if_they_are_what_was_said(captions: str) -> None:
    assert compare(captions.split(), speak(captions).words, []).fits == 1


@pytest.mark.parametrize(("captions", "heard"), [("", SCRIPT), (SCRIPT, ""), ("—", SCRIPT)])
def test_nothing_fits_nothing(captions: str, heard: str) -> None:
    agreement = compare(captions.split(), speak(heard).words, [])
    assert (agreement.borne_out, agreement.fits) == (0, 0)
