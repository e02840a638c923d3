"""Sounds as values of the `audio` asset, from files or from arrays."""

import io
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets.media.voice import MAX_CUT_SECONDS, Span
from pitchquest_assets.model import Audio, Transcript, Word

RATE = 16_000
SPEECHLESS = ("silence", "white noise", "pink noise", "hum", "music", "singing")
AUDIBLE = 2_000  # of 32768; the tone of `media_factory` peaks at 16384
NOTES_HZ = (220.0, 247.0, 262.0, 294.0, 330.0, 349.0, 392.0, 440.0)


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


def tones(audio: Audio) -> list[tuple[float, float]]:
    """Start and end of each audible span in seconds; 50 ms of silence part two."""
    heard = np.flatnonzero(np.abs(read_samples(audio).astype(int)) > AUDIBLE)
    spans = np.split(heard, np.flatnonzero(np.diff(heard) > RATE // 20) + 1)
    return [(span[0] / RATE, span[-1] / RATE) for span in spans if span.size]


def silence(seconds: float) -> np.ndarray:
    """Digital silence, int16."""
    return np.zeros(round(seconds * RATE), np.int16)


def noise(kind: str, seconds: int) -> np.ndarray:
    """A sound in which nobody speaks, one of SPEECHLESS, int16."""
    random, count = np.random.default_rng(0), seconds * RATE
    white, time = random.normal(0, 1, count), np.arange(count) / RATE
    notes = random.choice(NOTES_HZ, seconds * 2 + 1)[(time * 2).astype(int)]
    struck = np.exp(-3 * (time % 0.5))
    if kind == "silence":
        made = np.zeros(count)
    elif kind == "white noise":
        made = white
    elif kind == "pink noise":
        made = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.arange(1, count // 2 + 2)), count)
        made /= made.std()
    elif kind == "hum":
        made = 2 * np.sin(2 * np.pi * 50 * time) + white / 2
    elif kind == "music":
        phase = 2 * np.pi * np.cumsum(notes) / RATE
        tune = sum(np.sin(k * phase) / k for k in range(1, 7))
        made = 1.3 * struck * tune + white * np.exp(-40 * (time % 0.25))
    else:
        pitch = notes * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * time))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        made = (
            2
            * (0.3 + struck)
            * sum(
                np.sin(k * phase) * np.exp(-(((k * pitch - formant) / 300) ** 2)) * share
                for k in range(1, 12)
                for formant, share in ((700, 1.0), (1200, 0.5))
            )
        )
    return np.clip(3000 * made, -32_000, 32_000).astype(np.int16)


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
