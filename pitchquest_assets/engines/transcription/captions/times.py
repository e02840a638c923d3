"""Captions whose times are not those of the video: moved by hours, by a constant, or too long."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from pitchquest_assets.media.caption_files import Cue
from pitchquest_assets.media.voice import Span

HOUR_SECONDS = 3_600.0
# Captions may end this much after the video does.
OVERHANG_SECONDS = 2.0
# Less than this is corrected word by word.
SHIFT_SECONDS = 2.0
_LATEST_SECONDS = 1e9  # damaged files may claim any time


def possible_shifts(
    cues: Sequence[Cue], speech: Sequence[Span], duration_seconds: float
) -> Iterator[float]:
    """Yield the seconds by which the captions may have to be moved, the likeliest first.

    - None, unless every caption begins after the end of the video.
    - Whole hours, as editing programs begin their clocks at one or ten, if the captions then fit
      into the video.
    - The shift that moves the first caption to the first voice.

    Whether the words fit the sound there is for the caller to find out.

    Args:
        cues: with times, in their order.
        speech: where a voice is heard.
    """
    first = min(cue.start_seconds or 0.0 for cue in cues)
    last = max(cue.end_seconds or 0.0 for cue in cues)
    likely = 0.0
    if first >= duration_seconds:
        hours = first // HOUR_SECONDS * HOUR_SECONDS
        likely = -hours if last - hours <= duration_seconds + OVERHANG_SECONDS else 0.0
    if likely or first < duration_seconds:
        yield likely
    if speech and abs(speech[0][0] - first - likely) > SHIFT_SECONDS:
        yield speech[0][0] - first


def moved(cues: Sequence[Cue], seconds: float) -> list[Cue]:
    """Return the captions `seconds` later; none begins before the video does."""
    return [
        replace(
            cue,
            start_seconds=max(0.0, (cue.start_seconds or 0.0) + seconds),
            end_seconds=max(0.0, (cue.end_seconds or 0.0) + seconds),
        )
        for cue in cues
    ]


def within(cues: Sequence[Cue], duration_seconds: float) -> list[Cue]:
    """Return the captions that begin before the end of the video."""
    return [cue for cue in cues if (cue.start_seconds or 0.0) < duration_seconds]


def shift_warning(seconds: float) -> list[str]:
    """Say that the captions were moved, if they were."""
    if not seconds:
        return []
    direction = "early" if seconds > 0 else "late"
    return [f"the captions are {clock(abs(seconds))} {direction}, and were moved to fit the sound"]


def left_out_warning(cues: Sequence[Cue], kept: Sequence[Cue]) -> list[str]:
    """Say how many captions begin after the end of the video, if any do."""
    if len(cues) == len(kept):
        return []
    return [
        f"{len(cues) - len(kept)} of {len(cues)} captions begin after the end of the video and "
        "are left out"
    ]


def beyond_the_end(cues: Sequence[Cue], duration_seconds: float) -> str | None:
    """Return the reason not to trust captions that all begin after the end of the video.

    None if some begin before.
    """
    first = min(cue.start_seconds or 0.0 for cue in cues)
    if first < duration_seconds:
        return None
    return (
        f"the captions begin at {clock(first)}, after the end of the video at "
        f"{clock(duration_seconds)}, and do not fit its sound from the start either"
    )


def clock(seconds: float) -> str:
    """Return a time as h:mm:ss."""
    return str(timedelta(seconds=round(min(seconds, _LATEST_SECONDS))))
