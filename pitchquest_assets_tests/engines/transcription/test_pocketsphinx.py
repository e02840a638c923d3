from pathlib import Path

from pitchquest_assets.engines.transcription.pocketsphinx import transcribe_pocketsphinx
from pitchquest_assets_tests.support.sounds import speech_file


def test_read_books_are_recognised_with_few_enough_errors_and_never_trusted(
    shared_media: Path,
) -> None:
    errors = words = 0
    for truth in sorted((shared_media / "speech").glob("librivox_*.txt")):
        transcript = transcribe_pocketsphinx(speech_file(truth.with_suffix(".wav")), "hint")
        reference = truth.read_text().split()
        errors += edit_distance(reference, transcript.text.split())
        words += len(reference)
        assert not transcript.trusted
        assert transcript.hint == "hint"
    assert words == 71
    assert errors / words <= 0.35


def edit_distance(reference: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            previous, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, previous + (expected != word)),
            )
    return row[-1]


def test_edit_distance_counts_substitutions_insertions_and_deletions() -> None:
    assert edit_distance("a b c".split(), "a x c d".split()) == 2
    assert edit_distance("a b".split(), []) == 2
