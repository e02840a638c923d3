"""Made-up hesitations: a vowel of a voice that keeps its pitch, put into the pauses of a talk."""

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from pitchquest_assets.analysis.delivery.prosody import measure_tracks
from pitchquest_assets.media.voice import Span, speech_spans
from pitchquest_assets_tests.support.sounds import RATE

VOWEL_HZ, VOWEL_WIDTH_HZ = (600, 1250, 2550, 3500), (70, 90, 140, 200)
NASAL_HZ, NASAL_WIDTH_HZ = (260, 1100, 2300, 3300), (60, 150, 200, 250)
FRAME = RATE // 100
# A pause is 50 ms or more that are 25 dB below the loudest speech, or hardly above the silence.
PAUSE_FRAMES = 5
EDGE_FRAMES = 25


def hesitation(
    pitch_hz: float, seconds: float, *, nasal: bool, random: np.random.Generator
) -> np.ndarray:
    """Return an "uh", or an "um" if it is nasal, as floats of any loudness; the pitch may sink."""
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    sinking = 2 ** (np.linspace(0, random.uniform(-1.2, 0.3), count) / 12)
    steps = np.arange(0, count + 400, 400)
    wobble = np.interp(np.arange(count), steps, 1 + random.normal(0, 0.006, len(steps)))
    phase = np.cumsum(pitch_hz * sinking * wobble) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    source = lfilter([1], [1, -0.95], pulses) + random.normal(0, 0.003, count)
    size = random.uniform(0.92, 1.1)
    made = _formants(source, VOWEL_HZ, VOWEL_WIDTH_HZ, size)
    if nasal:
        share = np.clip((time / seconds - 0.55) / 0.12, 0, 1)
        made = made * (1 - share) + 0.45 * _formants(source, NASAL_HZ, NASAL_WIDTH_HZ, size) * share
    return made * np.minimum(1, np.minimum(time / 0.03, (seconds - time) / 0.06))


def _formants(
    source: np.ndarray, centres_hz: tuple[int, ...], widths_hz: tuple[int, ...], size: float
) -> np.ndarray:
    for centre, width in zip(centres_hz, widths_hz, strict=True):
        radius = np.exp(-np.pi * width / RATE)
        turn = 2 * radius * np.cos(2 * np.pi * centre * size / RATE)
        source = lfilter([1 - turn + radius**2], [1, -turn, radius**2], source)
    return source


def laughter(pitch_hz: float, random: np.random.Generator) -> np.ndarray:
    """Return four to eight short bursts of a voice that sinks, as floats of any loudness."""
    parts: list[np.ndarray] = []
    for burst in range(int(random.integers(4, 9))):
        pitch, seconds = pitch_hz * 1.6 * 0.95**burst, float(random.uniform(0.07, 0.13))
        made = hesitation(pitch, seconds, nasal=False, random=random)
        parts += [made, np.zeros(round(random.uniform(0.08, 0.14) * RATE))]
    return np.concatenate(parts)


def with_hesitations(samples: np.ndarray, seed: int) -> tuple[np.ndarray, list[Span]]:
    """Return int16 samples with a hesitation in every other pause, and where they are."""
    random = np.random.default_rng(seed)
    pitch = pitch_of(samples)
    return in_pauses(
        samples,
        random,
        lambda: hesitation(
            pitch * random.uniform(0.85, 1.0),
            random.uniform(0.25, 0.85),
            nasal=bool(random.integers(2)),
            random=random,
        ),
    )


def pitch_of(samples: np.ndarray) -> float:
    """Return the median pitch of a voice, Hz."""
    floats = samples.astype(np.float32) / 32_768
    tracks = measure_tracks(lambda: [floats], speech_spans([floats]))
    return float(np.nanmedian(tracks.f0_hz[tracks.voiced]))


def in_pauses(
    samples: np.ndarray, random: np.random.Generator, make: Callable[[], np.ndarray]
) -> tuple[np.ndarray, list[Span]]:
    """Return int16 samples with a sound, about as loud, in every other pause, and its spans."""
    loudness = _loudness(samples)
    level = np.median(loudness[loudness > np.percentile(loudness, 60)])
    parts: list[np.ndarray] = []
    spans, done, clock = [], 0, 0
    for pause in _pauses(loudness)[::2]:
        made = make()
        made = made * level / np.sqrt(np.mean(made**2)) * 10 ** (random.uniform(-5, 1) / 20)
        before, after = (np.zeros(round(s * RATE)) for s in random.uniform(0, 0.35, 2))
        parts += [samples[done:pause], before, made.clip(-32_000, 32_000), after]
        start = clock + pause - done + len(before)
        spans.append((start / RATE, (start + len(made)) / RATE))
        clock, done = start + len(made) + len(after), pause
    return np.concatenate([*parts, samples[done:]]).astype(np.int16), spans


def _loudness(samples: np.ndarray) -> np.ndarray:
    frames = samples[: len(samples) // FRAME * FRAME].astype(float).reshape(-1, FRAME)
    return np.sqrt((frames**2).mean(1))


def _pauses(loudness: np.ndarray) -> list[int]:
    """The middle of each pause, in samples."""
    decibels = 20 * np.log10(loudness + 1)
    quietest = np.percentile(decibels, 5) + 6
    quiet = decibels < max(quietest, np.percentile(decibels, 95) - 25)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    return [
        (first + last) // 2 * FRAME
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if last - first >= PAUSE_FRAMES and EDGE_FRAMES < first < len(quiet) - EDGE_FRAMES
    ]
