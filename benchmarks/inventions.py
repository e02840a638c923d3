"""What Whisper writes where nobody speaks, and how sure it is of speech under noise.

    python benchmarks/inventions.py [SPEECH…] [--models FOLDER] [--size tiny.en]

The limits in engines/transcription/invented.py rest on this table. SPEECH are sound files of
speech, to which white noise is added. Sounds without speech are made here, and all of them is
given to Whisper, whether or not there seems to be a voice. Real weights must be in the models
folder: `pitchquest models pull whisper-tiny.en`.

No-speech is Whisper's probability that nobody speaks, of the segment nearest to the limit: the
least one without speech, the greatest one with it. "From voice" is the longest time between a word
and the nearest voice.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS  # noqa: E402
from pitchquest_assets.engines.weights.files import find  # noqa: E402
from pitchquest_assets.media.sound import read_floats  # noqa: E402
from pitchquest_assets.media.voice import Span, speech_spans  # noqa: E402
from pitchquest_assets.settings import load_settings  # noqa: E402
from pitchquest_assets_tests.support.sounds import SPEECHLESS, noise, speech_file  # noqa: E402

SPEECHLESS_SECONDS = 29
SIGNAL_TO_NOISE_DB = (20, 10, 5, 0, -5)
FULL_SCALE = 32_768


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speech", nargs="*", type=Path)
    parser.add_argument("--models", type=Path, default=load_settings().models_path)
    parser.add_argument("--size", default="tiny.en")
    options = parser.parse_args()
    model = _load(options.models, options.size)
    table = Table("sound", "voice, s", "no-speech", "compression", "from voice, s", "text")
    for kind in SPEECHLESS:
        samples = noise(kind, SPEECHLESS_SECONDS).astype(np.float32) / FULL_SCALE
        table.add_row(kind, *_row(model, samples, pick=min))
    for name, samples in _under_noise(options.speech):
        table.add_row(name, *_row(model, samples, pick=max))
    Console(width=140).print(table)


def _load(models: Path, size: str) -> Any:
    from faster_whisper import WhisperModel

    folder = find(f"whisper-{size}", models)
    if folder is None:
        sys.exit(f"whisper-{size} is not in {models}: run `pitchquest models pull whisper-{size}`.")
    return WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)


def _under_noise(paths: Sequence[Path]) -> Iterator[tuple[str, np.ndarray]]:
    """Names and samples, float32 in [-1, 1]."""
    random = np.random.default_rng(0)
    for path in paths:
        audio = speech_file(path)
        clean = read_floats(audio, 0.0, audio.duration_seconds)
        yield path.stem, clean
        for ratio in SIGNAL_TO_NOISE_DB:
            level = np.sqrt(np.mean(clean**2)) * 10 ** (-ratio / 20)
            mixed = clean + random.normal(0, level, len(clean))
            yield f"{path.stem}, {ratio} dB", (mixed / np.abs(mixed).max()).astype(np.float32)


def _row(model: Any, samples: np.ndarray, *, pick: Any) -> list[str]:
    voice = speech_spans([samples])
    segments, _ = model.transcribe(
        samples,
        language="en",
        hotwords=ENGLISH_FILLERS,
        word_timestamps=True,
        temperature=0.0,
        no_speech_threshold=None,
        condition_on_previous_text=False,
    )
    segments = list(segments)
    seconds = f"{sum(end - start for start, end in voice):.1f}"
    if not segments:
        return [seconds, "", "", "", ""]
    return [
        seconds,
        f"{pick(one.no_speech_prob for one in segments):.2f}",
        f"{max(one.compression_ratio for one in segments):.1f}",
        f"{max(_from_voice(word, voice) for one in segments for word in one.words):.2f}",
        " ".join(one.text.strip() for one in segments)[:60],
    ]


def _from_voice(word: Any, voice: Sequence[Span]) -> float:
    """Seconds between a word and the nearest voice; 0 where they overlap."""
    gaps = (max(start - word.end, word.start - end, 0.0) for start, end in voice)
    return min(gaps, default=float("inf"))


if __name__ == "__main__":
    main()
