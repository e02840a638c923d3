"""Voice activity by Silero, whose model ships with faster-whisper.

onnxruntime runs the model directly, because importing faster-whisper would load its recogniser too.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pitchquest_assets.media.levels import (
    STEP_SAMPLES,
    STEP_SECONDS,
    Levels,
    levels_of,
    speech_gain,
)
from pitchquest_assets.media.networks import open_network
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.model import Audio

SAMPLE_RATE_HZ = 16_000
# The model takes windows of this many samples, each preceded by the end of the previous one.
WINDOW_SAMPLES = 512
CONTEXT_SAMPLES = 64
STATE_SHAPE = (1, 1, 128)
# Sound per call of the model: 10 s take 14 MB of memory, 60 s take 42 MB (measured).
BLOCK_SECONDS = 10.0
# Silero's own choice: a voice begins at the first probability and ends below the second.
VOICE_PROBABILITY = 0.5
SILENCE_PROBABILITY = 0.35
# De Jong & Bosker 2013: a silent pause is a gap of at least 0.25 s.
MIN_PAUSE_SECONDS = 0.25
MIN_SPEECH_SECONDS = 0.1
MAX_CUT_SECONDS = 0.1

Span = tuple[float, float]
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """What is known of the voice in a sound."""

    spans: tuple[Span, ...]
    probabilities: Samples  # of a voice, (windows,), one every 32 ms from `first_seconds` on
    first_seconds: float
    levels_db: Levels  # see `levels_of`, one every 10 ms


NO_VOICE = Voice((), np.zeros(0, np.float32), 0.0, np.zeros(0))

# The last result, by the sound's checksum: transcript and delivery ask for the same sound.
_remembered: dict[bytes, Voice] = {}


def hear(audio: Audio) -> Voice:
    """Find the voice in a sound, whatever its volume; NO_VOICE if there is no sound."""
    if not audio.payload:
        return NO_VOICE
    key = hashlib.sha256(audio.payload).digest()
    voice = _remembered.get(key)
    if voice is None:
        voice = _hear(audio)
        _remembered.clear()
        _remembered[key] = voice
    return voice


def _hear(audio: Audio) -> Voice:
    levels = levels_of(iter_blocks(audio, BLOCK_SECONDS))
    # The model remembers what it has heard: what it finds must not depend on silence before. A
    # level reaches one step beyond its sound.
    first = int(np.isfinite(levels).argmax()) if levels.size else 0
    first += first > 0
    gain = np.float32(speech_gain(levels))
    blocks = _from(first * STEP_SAMPLES, iter_blocks(audio, BLOCK_SECONDS))
    probabilities = np.fromiter(_probabilities(block * gain for block in blocks), np.float32)
    start = first * STEP_SECONDS
    spans = _spans(probabilities, audio.duration_seconds - start)
    moved = tuple((start + begin, start + end) for begin, end in spans)
    return Voice(moved, probabilities, start, levels)


def _from(first: int, blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The blocks from that sample on."""
    for block in blocks:
        yield block[first:]
        first = max(0, first - len(block))


def voice_of(audio: Audio) -> tuple[Span, ...]:
    """Return where there is a voice (see `speech_spans`); () if there is no sound."""
    return hear(audio).spans


def speech_spans(blocks: Iterable[Samples]) -> list[Span]:
    """Return where there is a voice: (start, end) seconds, in order, at least 0.25 s apart.

    Args:
        blocks: consecutive pieces of the sound, float32 (n,), mono, 16 kHz, in [-1, 1].
    """
    samples = 0

    def counted() -> Iterator[Samples]:
        nonlocal samples
        for block in blocks:
            samples += len(block)
            yield block

    probabilities = np.fromiter(_probabilities(counted()), np.float32)
    return _spans(probabilities, samples / SAMPLE_RATE_HZ)


def _spans(probabilities: Samples, duration_seconds: float) -> list[Span]:
    """Silero's own reading of its probabilities."""
    spans: list[Span] = []
    start = quiet = None
    for index, probability in enumerate(probabilities.tolist()):
        now = index * WINDOW_SAMPLES / SAMPLE_RATE_HZ
        if probability >= VOICE_PROBABILITY:
            quiet = None
            start = now if start is None else start
        elif start is not None and probability < SILENCE_PROBABILITY:
            quiet = now if quiet is None else quiet
            if now - quiet >= MIN_PAUSE_SECONDS:
                spans.append((start, quiet))
                start = quiet = None
    if start is not None:
        spans.append((start, duration_seconds))
    return [(start, end) for start, end in spans if end - start > MIN_SPEECH_SECONDS]


def _probabilities(blocks: Iterable[Samples]) -> Iterator[float]:
    """The probability of a voice in each window, by a model that remembers earlier windows."""
    session = _session()
    state = {"h": np.zeros(STATE_SHAPE, np.float32), "c": np.zeros(STATE_SHAPE, np.float32)}
    for windows in _windows(blocks):
        probabilities, state["h"], state["c"] = session.run(None, {"input": windows, **state})
        yield from probabilities.tolist()


def _windows(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The sound as rows of context and window; silence pads the last window."""
    held = np.zeros(CONTEXT_SAMPLES, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        whole = (len(held) - CONTEXT_SAMPLES) // WINDOW_SAMPLES * WINDOW_SAMPLES
        if whole:
            yield _rows(held[: CONTEXT_SAMPLES + whole])
            held = held[whole:]
    rest = len(held) - CONTEXT_SAMPLES
    if rest:
        yield _rows(np.pad(held, (0, -rest % WINDOW_SAMPLES)))


def _rows(samples: Samples) -> Samples:
    width = CONTEXT_SAMPLES + WINDOW_SAMPLES
    view = np.lib.stride_tricks.sliding_window_view(samples, width)
    return np.ascontiguousarray(view[::WINDOW_SAMPLES])


@cache
def _session() -> Any:
    package = find_spec("faster_whisper")
    assert package is not None
    assert package.origin is not None
    (model,) = Path(package.origin).parent.glob("assets/silero_vad*.onnx")
    return open_network(model)


def group_spans(spans: Iterable[Span], max_seconds: float) -> list[Span]:
    """Join spans over short gaps into stretches of at most `max_seconds`; cut longer spans."""
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
