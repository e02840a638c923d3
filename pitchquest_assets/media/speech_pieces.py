"""Cuts speech into pieces short enough for an engine, at moments when nothing is said."""

import math
from collections.abc import Sequence

import numpy as np

from pitchquest_assets.media.sound import SAMPLE_RATE_HZ, read_samples
from pitchquest_assets.media.voice import Span, group_spans, voice_of
from pitchquest_assets.model import Audio

# Silence kept before and after each piece, if there is that much.
PADDING_SECONDS = 0.2
# Speech without a pause is cut at its quietest moment within this last share of a piece.
SEARCHED_SHARE = 0.4
QUIET_SECONDS = 0.05


def speech_pieces(audio: Audio, max_seconds: float) -> list[Span]:
    """Return all speech as (start, end) seconds, in pieces of at most `max_seconds`, in order.

    Pieces do not overlap, so no word is heard twice. Each begins and ends in a pause; speech
    without any pause is cut at its quietest moment.
    """
    most = max_seconds - 2 * PADDING_SECONDS
    spans = [part for span in voice_of(audio) for part in _cut(audio, span, most)]
    return _padded(group_spans(spans, most), audio.duration_seconds)


def _cut(audio: Audio, span: Span, most: float) -> list[Span]:
    """The span in parts of at most `most` seconds."""
    start, end = span
    parts = []
    while end - start > most:
        # Divide the rest evenly, so that the last part is not tiny.
        wanted = (end - start) / math.ceil((end - start) / most)
        cut = _quietest(audio, start + wanted * (1 - SEARCHED_SHARE), start + most)
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def _quietest(audio: Audio, start: float, end: float) -> float:
    """The middle of the quietest 50 ms, in seconds."""
    samples = read_samples(audio, start, end).astype(np.float64)
    size = round(QUIET_SECONDS * SAMPLE_RATE_HZ)
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    loudness = (windows**2).mean(1)
    return start + (int(loudness.argmin()) + 0.5) * QUIET_SECONDS


def _padded(pieces: Sequence[Span], duration_seconds: float) -> list[Span]:
    """The pieces with some silence around them; neighbours share the silence between them."""
    padded = []
    for index, (start, end) in enumerate(pieces):
        before = pieces[index - 1][1] if index else -math.inf
        after = pieces[index + 1][0] if index + 1 < len(pieces) else math.inf
        padded.append(
            (
                max(0.0, start - min(PADDING_SECONDS, (start - before) / 2)),
                min(duration_seconds, end + min(PADDING_SECONDS, (after - end) / 2)),
            )
        )
    return padded
