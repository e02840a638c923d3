"""How many words of captions are expected to be wrong after Whisper checked them.

benchmarks/trust.py measures the shares; docs/trust.md has the table.
"""

from collections.abc import Sequence

from pitchquest_assets.engines.transcription.captions.agreement import Said

# Of the captions' words in stretches that fit, the shares that were not said: of those that Whisper
# heard too, and of those that it did not.
BORNE_OUT_WRONG, UNHEARD_WRONG = 0.01, 0.1
# Beside captions that fit, Whisper's words are wrong less often than overall.
ADDED_WRONG = 0.7


def expected_wer_of_checked(said: Sequence[Said], whisper_wer: float | None) -> float:
    """Return the share of wrong words in captions that were checked against Whisper's words, 0–1.

    Args:
        said: all words, of the captions or only Whisper's.
        whisper_wer: the share of Whisper's words that are expected to be wrong.
    """
    added_wrong = ADDED_WRONG * (1.0 if whisper_wer is None else whisper_wer)
    wrong = sum(
        added_wrong if one.written is None else BORNE_OUT_WRONG if one.heard else UNHEARD_WRONG
        for one in said
    )
    return round(wrong / max(1, len(said)), 3)
