from pitchquest_assets.media.captions.cue import Cue
from pitchquest_assets.media.captions.sbv import is_sbv, parse_sbv

TEXT = "0:00:00.599,0:00:04.160\nwe grew to\n400\n\n1:00:04.160,1:00:06.770\ncustomers[br]a year\n"


def test_captions_of_youtube_studio_are_read() -> None:
    assert [
        Cue(" ".join(c.text.split()), c.start_seconds, c.end_seconds) for c in parse_sbv(TEXT)
    ] == [
        Cue("we grew to 400", 0.599, 4.16),
        Cue("customers a year", 3604.16, 3606.77),
    ]


def test_they_are_known_by_their_first_line() -> None:
    assert is_sbv(TEXT.split("\n")[0])
    assert not is_sbv("At 0:00:00.599,0:00:04.160 it began")
    assert not is_sbv("1,200 customers")
