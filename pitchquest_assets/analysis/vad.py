"""Voice activity by Silero, whose model faster-whisper carries."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
# De Jong & Bosker 2013: a silent pause is a gap of at least 0.25 s.
MIN_PAUSE_SECONDS = 0.25
MIN_SPEECH_SECONDS = 0.1
MAX_CUT_SECONDS = 0.1

Span = tuple[float, float]


def speech_spans(blocks: Iterable[npt.NDArray[np.float32]]) -> list[Span]:
    """Where there is a voice: (start, end) in seconds, in order, apart by at least 0.25 s.

    Args:
        blocks: consecutive pieces of the sound, float32 mono at 16 kHz in [-1, 1]; each piece is
            judged by itself and spans that touch at a border are joined.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_speech_duration_ms=round(MIN_SPEECH_SECONDS * 1000),
        min_silence_duration_ms=round(MIN_PAUSE_SECONDS * 1000),
        speech_pad_ms=0,
    )
    spans: list[Span] = []
    offset = 0
    for block in blocks:
        for found in get_speech_timestamps(block, options, SAMPLE_RATE_HZ):
            start = (offset + found["start"]) / SAMPLE_RATE_HZ
            end = (offset + min(found["end"], len(block))) / SAMPLE_RATE_HZ
            if spans and start - spans[-1][1] < MIN_PAUSE_SECONDS:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        offset += len(block)
    return spans


def share_inside(points_seconds: Iterable[float], spans: Iterable[Span]) -> float | None:
    """The share of the points that lie in a span (0.1 s of slack); None without points."""
    spans = list(spans)
    inside = [
        any(start - MAX_CUT_SECONDS <= point <= end + MAX_CUT_SECONDS for start, end in spans)
        for point in points_seconds
    ]
    return sum(inside) / len(inside) if inside else None


def group_spans(spans: Iterable[Span], max_seconds: float) -> list[Span]:
    """Spans joined over short gaps into stretches of at most `max_seconds`; longer ones are cut."""
    grouped: list[Span] = []
    for start, end in spans:
        while end - start > max_seconds:
            grouped.append((start, start + max_seconds))
            start += max_seconds
        if grouped and end - grouped[-1][0] <= max_seconds:
            grouped[-1] = (grouped[-1][0], end)
        else:
            grouped.append((start, end))
    return grouped
