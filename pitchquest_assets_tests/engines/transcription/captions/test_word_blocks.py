"""Two texts laid over each other."""

import pytest

from pitchquest_assets.engines.transcription.captions.word_blocks import lay_over, spoken


def laid(captions: str, heard: str) -> list[str]:
    """The blocks as text: `=` the same, `~` alike, `|` different."""
    ours, theirs = spoken(captions.split()), spoken(heard.split())
    shown = []
    for block in lay_over(ours, theirs):
        left = " ".join(ours.words[at] for at in block.captions)
        right = " ".join(theirs.words[at] for at in block.heard)
        sign = "~" if block.is_alike else "|"
        shown.append(f"= {left}" if block.is_equal else f"{left} {sign} {right}".strip())
    return shown


def test_written_words_are_taken_as_they_are_spoken() -> None:
    assert spoken(["20%", "–", "Co-founder"]) == (
        ["twenty", "percent", "co", "founder"],
        [0, 0, 2, 2],
    )


@pytest.mark.parametrize(
    ("captions", "heard", "blocks"),
    [
        (
            "We sell 6,000 shelves.",
            "we sell six thousand shelves",
            ["= we sell six thousand shelves"],
        ),
        ("we built ShelfSense", "we built shelf sense", ["= we built", "shelfsense ~ shelf sense"]),
        ("we sell shelves", "we buy shelves", ["= we", "sell | buy", "= shelves"]),
        ("we sell", "we sell shelves", ["= we sell", "| shelves"]),
        ("we sell", "", ["we sell |"]),
        ("", "", []),
    ],
)
def test_texts_are_the_same_alike_or_differ(captions: str, heard: str, blocks: list[str]) -> None:
    assert laid(captions, heard) == blocks


@pytest.mark.parametrize(
    ("captions", "heard", "blocks"),
    [
        (
            "in plain words we built shelfsense now",
            "we build shelf sense now",
            ["in plain words |", "we built shelfsense ~ we build shelf sense", "= now"],
        ),
        (
            "now the clipboard is gone for good here",
            "now the clip board",
            ["= now the", "clipboard ~ clip board", "is gone for good here |"],
        ),
    ],
)
def test_what_was_misheard_is_told_from_what_was_not_said_beside_it(
    captions: str, heard: str, blocks: list[str]
) -> None:
    assert laid(captions, heard) == blocks


@pytest.mark.parametrize(
    ("captions", "heard", "blocks"),
    [
        (
            "a market of two hundred",
            "a year a large shelf a market of two hundred",
            ["| a year a large shelf", "= a market of two hundred"],
        ),
        (
            "two hundred in a market",
            "two hundred in a market for a large market",
            ["= two hundred in a market", "| for a large market"],
        ),
        (
            "the shelf when stock runs low when a drug",
            "the shelf when a drug",
            ["= the shelf when", "stock runs low when |", "= a drug"],
        ),
    ],
)
def test_words_are_matched_beside_the_words_that_were_said_with_them(
    captions: str, heard: str, blocks: list[str]
) -> None:
    assert laid(captions, heard) == blocks
