import pytest

from pitchquest_assets.media.captions.cue import CannotRead, Cue
from pitchquest_assets.media.captions.ttml import parse_ttml


def document(body: str, attributes: str = "") -> str:
    return f"<tt xmlns='http://www.w3.org/ns/ttml' {attributes}><body>{body}</body></tt>"


def test_paragraphs_are_read_without_metadata_and_styles() -> None:
    text = """<?xml version="1.0" encoding="UTF-16"?>
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml">
  <tt:head><tt:metadata>not spoken</tt:metadata><tt:p>nor this</tt:p></tt:head>
  <tt:body><tt:div>
    <tt:p begin="00:00:01.000" end="00:00:02.500">Profit &amp;
      <tt:span tts:color="red">loss</tt:span><tt:br/>of a year</tt:p>
    <tt:p begin="2.5s" dur="500ms"><tt:metadata>not spoken</tt:metadata>We grew.</tt:p>
  </tt:div></tt:body>
</tt:tt>"""
    cues = parse_ttml(text)
    assert [" ".join(cue.text.split(" ")).split() for cue in cues if cue.start_seconds] == [
        ["Profit", "&", "loss", "of", "a", "year"],
        ["We", "grew."],
    ]
    assert "loss\nof a year" in cues[-2].text
    assert [(cue.start_seconds, cue.end_seconds) for cue in cues[-2:]] == [(1.0, 2.5), (2.5, 3.0)]
    assert not any("not spoken" in cue.text or "nor this" in cue.text for cue in cues)


@pytest.mark.parametrize(
    ("time", "attributes", "seconds"),
    [
        ("00:01:02.5", "", 62.5),
        ("01:00:00", "", 3600.0),
        ("00:00:01:15", "", 1.5),
        ("00:00:01:12", "ttp:frameRate='24'", 1.5),
        ("00:00:01:12", "ttp:frameRate='24' ttp:frameRateMultiplier='1000 1001'", 1.5005),
        ("90f", "ttp:frameRate='30'", 3.0),
        ("20000000t", "ttp:tickRate='10000000'", 2.0),
        ("1.5m", "", 90.0),
        ("1h", "", 3600.0),
        ("250ms", "", 0.25),
    ],
)
def test_a_time_may_be_a_clock_or_a_count(time: str, attributes: str, seconds: float) -> None:
    (cue,) = parse_ttml(document(f"<p begin='{time}'>words</p>", attributes))
    assert cue.start_seconds == pytest.approx(seconds)


def test_a_time_counts_from_the_element_around_it() -> None:
    one = "<div begin='10s'><p begin='1s' end='2s'>a</p></div>"
    two = "<div begin='20s' end='21s'><p>b</p></div>"
    assert parse_ttml(document(one + two)) == [Cue("a", 11.0, 12.0), Cue("b", 20.0, 21.0)]


def test_a_paragraph_has_the_times_of_its_spans() -> None:
    spans = "<p><span begin='1s' end='2s'>We </span><span begin='2s' end='4s'>grew.</span></p>"
    assert parse_ttml(document(spans)) == [Cue("We grew.", 1.0, 4.0)]


def test_paragraphs_without_any_time_are_a_script() -> None:
    assert parse_ttml(document("<p>We grew.</p>")) == [Cue("We grew.")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "<!DOCTYPE tt [<!ENTITY a 'aaa'>]><tt><body><p begin='1s'>&a;</p></body></tt>",
            "a document type",
        ),
        ("<!DOCTYPE tt SYSTEM 'file:///etc/passwd'><tt/>", "a document type"),
        ("<tt><body>", "damaged"),
        ("<tt><body><p begin='1s'>&nothing;</p></body></tt>", "damaged: undefined entity"),
        ("<?xml version='1.0'?><transcript><text start='1'>a</text></transcript>", "not TTML"),
        (document("<p begin='soon'>a</p>"), "'soon' is no time"),
        (document(f"<p begin='{'9' * 5_000}s'>a</p>"), "is no time"),
        (document("<p begin='1s'>a</p>", "ttp:frameRate='0'"), "'0' is no rate"),
        ("<tt>" + "<div begin='9h'>" * 200, "nested too deep"),
        (document(f"<p begin='1s'>&#{'9' * 5_000};</p>"), "damaged"),
    ],
)
def test_what_is_no_harmless_ttml_is_refused(text: str, why: str) -> None:
    with pytest.raises(CannotRead, match=why):
        parse_ttml(text)
