"""Says which captions were said, which at another time than they claim, and which not at all."""

from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from pitchquest_assets.engines.transcription.alignment import AlignedWord
from pitchquest_assets.engines.transcription.captions.agreement import Said
from pitchquest_assets.engines.transcription.captions.times import SHIFT_SECONDS, shift_warning
from pitchquest_assets.media.caption_files import Cue

# A caption is missing if a smaller share of its words than this was said.
MIN_SAID = 0.5


class CueCheck(NamedTuple):
    """One caption, or one line of a text without times.

    Attributes:
        state: "shifted" if it was said over 2 s earlier or later than the others would suggest.
        late_seconds: how much later than shown it was said; None without times or without a word
            that Whisper heard.
        left_out: how many of its words were not said.
    """

    state: Literal["spoken", "shifted", "missing"]
    late_seconds: float | None
    left_out: int


def check_cues(
    cues: Sequence[Cue], said: Sequence[Said], placed: Sequence[AlignedWord]
) -> list[CueCheck]:
    """Check each caption against what was said.

    Args:
        said: the words that were said, by the indices of the captions' words.
        placed: the same words with their times.
    """
    starts = {
        one.written: word.start_seconds if one.heard else None
        for one, word in zip(said, placed, strict=True)
        if one.written is not None
    }
    found: list[tuple[bool, float | None, int]] = []
    first = 0
    for cue in cues:
        count = len(cue.text.split())
        kept = [index for index in range(first, first + count) if index in starts]
        is_said = len(kept) >= MIN_SAID * count
        found.append((is_said, _late(cue, first, count, kept, starts), count - len(kept)))
        first += count
    usual = usually_late([late for _, late, _ in found])
    return [
        CueCheck(
            "missing"
            if not is_said
            else "shifted"
            if late is not None and abs(late - usual) > SHIFT_SECONDS
            else "spoken",
            late,
            left_out,
        )
        for is_said, late, left_out in found
    ]


def usually_late(seconds: Sequence[float | None]) -> float:
    """Return by how much captions are usually late; 0.0 if that is too little to mention."""
    known = [one for one in seconds if one is not None]
    usual = median(known) if known else 0.0
    return usual if abs(usual) > SHIFT_SECONDS else 0.0


def cue_warnings(checks: Sequence[CueCheck]) -> list[str]:
    """Say what a reader should know: captions that were moved, and words that were left out."""
    warnings = shift_warning(usually_late([check.late_seconds for check in checks]))
    if shifted := sum(check.state == "shifted" for check in checks):
        warnings.append(
            f"{shifted} of {len(checks)} captions are over {SHIFT_SECONDS:.0f} s early or late, "
            "and were moved to where they were said"
        )
    if left_out := sum(check.left_out for check in checks):
        missing = sum(check.state == "missing" for check in checks)
        whole = f" ({missing} of {len(checks)} captions were not said)" if missing else ""
        warnings.append(
            f"{left_out} words of the captions are not heard in the sound and are left out{whole}"
        )
    return warnings


def _late(
    cue: Cue, first: int, count: int, kept: Sequence[int], starts: dict[int, float | None]
) -> float | None:
    """How much later than shown the first word that Whisper heard was said."""
    if cue.start_seconds is None:
        return None
    seconds = (cue.end_seconds or cue.start_seconds) - cue.start_seconds
    for index in kept:
        if (start := starts[index]) is not None:
            return start - cue.start_seconds - seconds * (index - first) / count
    return None
