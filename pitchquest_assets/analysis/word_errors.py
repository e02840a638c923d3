"""What a transcript is good enough for: content, pace and fillers tolerate different error rates.

docs/trust.md has the table from which the limits were chosen.
"""

from typing import Literal

from pitchquest_assets.model import Transcript

Use = Literal["content", "pace", "fillers"]

# The largest expected word error rate. Content needs the right words; a wrong word still counts for
# the pace; fillers must not be misheard words.
MAX_EXPECTED_WER: dict[Use, float] = {"content": 0.15, "pace": 0.5, "fillers": 0.3}


def why_unusable(transcript: Transcript, use: Use) -> str | None:
    """Return why the words are not good enough for this use; None if they are."""
    expected = transcript.expected_wer
    if expected is None:
        return None if transcript.trusted else transcript.reason or "the words cannot be trusted"
    if expected <= MAX_EXPECTED_WER[use]:
        return None
    return too_many_errors(expected, use)


def too_many_errors(expected_wer: float, use: Use) -> str:
    """Say how many words are expected to be wrong, and how many may be."""
    return (
        f"about {expected_wer:.0%} of the words are expected to be wrong or missing, and at most "
        f"{MAX_EXPECTED_WER[use]:.0%} may be for the {use}"
    )
