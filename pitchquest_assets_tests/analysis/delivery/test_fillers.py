import pytest

from pitchquest_assets.analysis.delivery.fillers import find_fillers
from pitchquest_assets.model import Word


def spoken(text: str, gap_after: int | None = None) -> list[Word]:
    """Words of 0.3 s without silences between them, except after the word `gap_after`."""
    words, time = [], 0.0
    for index, token in enumerate(text.split()):
        words.append(Word(text=token, start_seconds=time, end_seconds=time + 0.3, probability=1.0))
        time += 0.3 + (0.5 if index == gap_after else 0.0)
    return words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Um, we sell, uh, shelves.", ["um", "uh"]),
        ("So, you know, it works.", ["you know"]),
        ("We, like, doubled it.", ["like"]),
        ("It is kind of slow and, I mean, loud.", ["kind of", "i mean"]),
        ("As you know what hospitals do.", []),
        ("Do you know how nurses count?", []),
        ("It tells you what you know the least.", []),
        ("Customers like it and it looks like this.", []),
        ("This kind of shelf is a sort of robot.", []),
        ("That is what I mean by growth.", []),
        ("", []),
    ],
)
def test_fillers_are_told_from_plain_english(text: str, expected: list[str]) -> None:
    assert [event.text for event in find_fillers(spoken(text))] == expected


def test_a_filler_carries_its_time() -> None:
    (event,) = find_fillers(spoken("we um sell"))
    assert (event.kind, event.start_seconds, event.end_seconds) == ("filler", 0.3, 0.6)
