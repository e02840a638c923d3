from pitchquest_assets.model import Event, Word
from pitchquest_assets.report.transcript_lines import lines_of


def test_a_hesitation_that_was_only_heard_is_shown_between_the_words() -> None:
    words = [
        Word(text=text, start_seconds=start, end_seconds=end, probability=1.0)
        for text, start, end in (("We", 0.0, 0.3), ("sell", 0.3, 0.8), ("shelves.", 0.8, 2.6))
    ]
    heard = Event(
        kind="filler", start_seconds=0.9, end_seconds=1.5, text="hesitation", transcribed=False
    )
    (line,) = lines_of(words, [heard])
    shown = [(run.kind, run.text) for run in line.runs]
    assert shown == [("plain", "We sell"), ("unwritten", "[hesitation]"), ("plain", "shelves.")]
