import pytest

from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.subrip import parse_subrip

A, B, C = (f"00:00:0{second},000 --> 00:00:0{second + 1},000" for second in range(3))


def words(text: str) -> list[list[str]]:
    return [cue.text.split() for cue in parse_subrip(text)]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (f"1\n{A}\none\n\n2\n{B}\ntwo\n\n3\n{C}\nthree\n", ["one", "two", "three"]),
        (f"1\n{A}\none\n2\n{B}\ntwo\n3\n{C}\nthree", ["one", "two", "three"]),
        (f"1\n\n{A}\n\none\n\n2\n\n{B}\n\ntwo\n\n", ["one", "two"]),
        (f"7\n{A}\none\n\n9\n{B}\ntwo\n", ["one", "two"]),
        (f"1\n{A}\none\n\n{B}\ntwo\n\n3\n{C}\nthree", ["one", "two", "three"]),
        (f"{A}\none\n\n{B}\ntwo\n", ["one", "two"]),
    ],
    ids=["usual", "no-empty-lines", "double-spaced", "gaps", "one-missing", "no-counters"],
)
def test_counters_are_not_spoken(text: str, spoken: list[str]) -> None:
    assert words(text) == [[word] for word in spoken]


@pytest.mark.parametrize(
    "text",
    [
        f"1\n{A}\nwe grew to\n400\n\n2\n{B}\ncustomers",
        f"{A}\nwe grew to\n400\n\n{B}\ncustomers",
        f"1\n{A}\nwe grew to\n\n400\n\n2\n{B}\ncustomers",
    ],
)
def test_a_line_that_is_only_a_number_is_spoken(text: str) -> None:
    assert words(text) == [["we", "grew", "to", "400"], ["customers"]]


def test_a_number_of_thousands_of_digits_is_no_counter() -> None:
    digits = "9" * 5_000
    assert words(f"1\n{A}\none\n\n{digits}\n{B}\ntwo") == [["one", digits], ["two"]]


def test_an_empty_line_does_not_end_a_cue() -> None:
    assert parse_subrip(f"1\n{A}\none\n\ntwo") == [Cue("one\n\ntwo", 0.0, 1.0)]


def test_a_cue_without_a_readable_time_is_named() -> None:
    with pytest.raises(CannotRead, match="line 5 "):
        parse_subrip(f"1\n{A}\none\n\n00:99 --> x\ntwo")
