"""Sounds as values of the `audio` asset, from files or from arrays."""

import io
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sound import extract_audio
from pitchquest_assets.media.voice import MAX_CUT_SECONDS, Span
from pitchquest_assets.model import Audio, Transcript, Word

RATE = 16_000


def audio_of(path: Path) -> Audio:
    """The sound of a media file."""
    source = probe(path, video_id="v", filename=path.name, captions_path=None, limits=Limits())
    return extract_audio(LocalVideo(source, path), limits=Limits())


def audio_from(samples: np.ndarray) -> Audio:
    """A sound from int16 samples at 16 kHz."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", format="s16")
        for start in range(0, len(samples), 4096):
            block = samples[None, start : start + 4096].astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Audio(payload=file.getvalue(), duration_seconds=len(samples) / RATE)


def speech_file(path: Path) -> Audio:
    """Return the sound of a bare WAV or FLAC file, without a video container."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        pieces = [
            piece.to_ndarray()[0]
            for frame in [*container.decode(audio=0), None]
            for piece in resampler.resample(frame)
        ]
    return audio_from(np.concatenate(pieces))


def silence(seconds: float) -> np.ndarray:
    """Digital silence, int16."""
    return np.zeros(round(seconds * RATE), np.int16)


def transcript_of(words: list[Word], *, trusted: bool = True) -> Transcript:
    """A transcript with these words."""
    return Transcript(
        text=" ".join(word.text for word in words),
        words=words,
        language="en",
        engine="captions",
        trusted=trusted,
        reason=None if trusted else "nobody knows what was said",
    )


def share_inside(points_seconds: Iterable[float], spans: Iterable[Span]) -> float | None:
    """Return the share of points inside a span, give or take 0.1 s; None without points."""
    spans = list(spans)
    inside = [
        any(start - MAX_CUT_SECONDS <= point <= end + MAX_CUT_SECONDS for start, end in spans)
        for point in points_seconds
    ]
    return sum(inside) / len(inside) if inside else None
