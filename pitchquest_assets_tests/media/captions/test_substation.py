import pytest

from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.substation import parse_substation, plain_text

ASS = r"""[Script Info]
Title: a pitch

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not spoken
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,,{\an8\i1}Hello,{\i0} welcome\Nto us
Dialogue: 0,1:00:02.50,1:00:04.00,Default,,0,0,0,,{\p1}m 0 0 l 100 0{\p0}We\hare raising.
"""


def test_the_dialogue_is_read_without_styles_comments_and_drawings() -> None:
    assert parse_substation(ASS) == [
        Cue("Hello, welcome\nto us", 1.0, 2.5),
        Cue("We are raising.", 3602.5, 3604.0),
    ]


def test_fields_have_the_order_that_the_file_names() -> None:
    text = "[Events]\nFormat: End, Start, Text\nDialogue: 0:00:02.00,0:00:01.00,one, two"
    assert parse_substation(text) == [Cue("one, two", 1.0, 2.0)]


@pytest.mark.parametrize("line", ["Dialogue: 0,soon,later,D,,0,0,0,,words", "Dialogue:"])
def test_dialogue_without_a_readable_time_is_named(line: str) -> None:
    with pytest.raises(CannotRead, match="line 2 has no readable time"):
        parse_substation(f"[Events]\n{line}")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"{\b1}a{\b0}b", "ab"),
        ("{a comment}a", "a"),
        ("{ not closed", "{ not closed"),
        (r"{\p1}m 0 0 l 1 1{\pos(1,2)} b", ""),
        (r"a{\pos(1,2)}b", "ab"),
    ],
)
def test_codes_are_not_spoken(text: str, plain: str) -> None:
    assert plain_text(text) == plain
