"""How many hesitations Whisper writes down, and how many of the others are found in the sound.

    python benchmarks/hesitations.py SPEECH… [--models FOLDER] [--size tiny.en] [--seeds 2]

SPEECH are sound files, or videos, of speech without hesitations. Each is heard as it is, with
made-up hesitations in its pauses (`support/hesitations.py`), and with other sounds there. False
are those found where none was put. Real weights must be in the models folder.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery  # noqa: E402
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper  # noqa: E402
from pitchquest_assets.engines.weights.files import find  # noqa: E402
from pitchquest_assets.media.sound import read_samples  # noqa: E402
from pitchquest_assets.media.voice import Span  # noqa: E402
from pitchquest_assets.model import Event  # noqa: E402
from pitchquest_assets.settings import load_settings  # noqa: E402
from pitchquest_assets_tests.support.hesitations import (  # noqa: E402
    in_pauses,
    laughter,
    pitch_of,
    with_hesitations,
)
from pitchquest_assets_tests.support.sounds import RATE, audio_from, noise, speech_file  # noqa: E402

OTHER_SOUNDS = ("white noise", "hum", "music", "singing", "laughter")
OTHER_SECONDS = 1.5
# Whisper writes an "um" up to so long before or after its sound.
BEFORE_SECONDS, AFTER_SECONDS = 0.4, 0.6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speech", nargs="+", type=Path)
    parser.add_argument("--models", type=Path, default=load_settings().models_path)
    parser.add_argument("--size", default="tiny.en")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    folder = find(f"whisper-{options.size}", options.models)
    if folder is None:
        sys.exit(f"whisper-{options.size} is not in {options.models}: `pitchquest models pull` it.")
    counts: dict[str, Counter[str]] = {}
    for path in options.speech:
        audio = speech_file(path)
        samples = read_samples(audio, 0.0, audio.duration_seconds)
        for kind, made, spans in _variants(samples, options.seeds):
            counts.setdefault(kind, Counter()).update(_count(folder, options.size, made, spans))
    columns = ("seconds", "put in", "transcribed", "found", "missed", "false")
    table = Table("sound", *columns)
    for kind, count in counts.items():
        table.add_row(kind, *(str(count[column]) for column in columns))
    Console(width=100).print(table)


def _variants(samples: np.ndarray, seeds: int) -> Iterator[tuple[str, np.ndarray, list[Span]]]:
    """Kinds of sound, their int16 samples, and where a hesitation was put in."""
    yield "speech", samples, []
    for seed in range(seeds):
        yield ("speech and hesitations", *with_hesitations(samples, seed))
    for kind in OTHER_SOUNDS:
        random = np.random.default_rng(0)
        yield f"speech and {kind}", in_pauses(samples, random, _maker(kind, samples, random))[0], []


def _maker(kind: str, samples: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    if kind == "laughter":
        pitch = pitch_of(samples)
        return lambda: laughter(pitch, random)
    made = noise(kind, 30).astype(float)
    count = round(OTHER_SECONDS * RATE)

    def part() -> np.ndarray:
        start = int(random.integers(len(made) - count))
        return made[start : start + count]

    return part


def _count(folder: Path, size: str, samples: np.ndarray, spans: list[Span]) -> Counter[str]:
    audio = audio_from(samples)
    transcript = transcribe_whisper(folder, size, audio, "hint", wanted="cpu")
    # What is not trusted has no fillers; that is another question.
    trusted = transcript.model_copy(update={"trusted": True})
    fillers = [one for one in analyse_delivery(audio, trusted).events if one.kind == "filler"]
    written = [one for one in fillers if one.transcribed]
    heard = [one for one in fillers if not one.transcribed]
    left = [span for span in spans if not any(_is_written(one, span) for one in written)]
    found = [span for span in left if any(_overlap(one, span) for one in heard)]
    return Counter(
        {
            "seconds": round(len(samples) / RATE),
            "put in": len(spans),
            "transcribed": len(spans) - len(left),
            "found": len(found),
            "missed": len(left) - len(found),
            "false": sum(not any(_overlap(one, span) for span in left) for one in heard),
        }
    )


def _is_written(event: Event, span: Span) -> bool:
    return (
        event.start_seconds < span[1] + AFTER_SECONDS
        and event.end_seconds > span[0] - BEFORE_SECONDS
    )


def _overlap(event: Event, span: Span) -> bool:
    return event.start_seconds < span[1] and event.end_seconds > span[0]


if __name__ == "__main__":
    main()
