import pytest

from pitchquest_assets.engines.transcription.pronunciation import guess_pronunciation, spoken_words


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
        ("9" * 5_000, ""),
    ],
)
def test_written_tokens_are_said_as_words(written: str, spoken: str) -> None:
    assert spoken_words(written) == spoken.split()


def test_an_unknown_word_is_pronounced_as_the_two_words_in_it() -> None:
    dictionary = {"shelf": "SH EH L F", "sense": "S EH N S", "robot": "R OW B AA T"}
    assert guess_pronunciation("shelfsense", dictionary.get) == "SH EH L F S EH N S"
    assert guess_pronunciation("robots", dictionary.get) == "R OW B AA T Z"
    assert guess_pronunciation("xyzzy", dictionary.get) is None
