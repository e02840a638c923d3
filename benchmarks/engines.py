"""What the local engines cost: seconds per minute of sound, compared in one run.

    python benchmarks/engines.py [VIDEO] [--runs 3] [--threads 2]

Without VIDEO, it uses the sample that ships. The weights are random, so no network access is
needed: how long a neural network computes does not depend on what it has learned. Whisper has the
shapes of tiny.en and base.en with the real number of tokens, and writes 100 tokens per piece of
speech (what a fast speaker says in 30 s). wav2vec2 has the real shape and gets the turns of the
sound, grouped by similar length. If there is a GPU, everything runs on it, too.

Wall and CPU times are the least of the runs, without loading. The ratio is to PocketSphinx. The
exit code is 1 if the emotion pass exceeds its bound.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitchquest_assets.analysis.delivery.energy import speaking_turns  # noqa: E402
from pitchquest_assets.engines import emotion  # noqa: E402
from pitchquest_assets.engines.transcription.pocketsphinx import transcribe_pocketsphinx  # noqa: E402
from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS  # noqa: E402
from pitchquest_assets.engines.transcription.whisper_model import (  # noqa: E402
    COMPUTE_TYPES,
    PIECE_SECONDS,
)
from pitchquest_assets.engines.weights.devices import Device  # noqa: E402
from pitchquest_assets.media.local_video import LocalVideo  # noqa: E402
from pitchquest_assets.media.probe import Limits, probe  # noqa: E402
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ, extract_audio, read_floats  # noqa: E402
from pitchquest_assets.media.speech_pieces import speech_pieces  # noqa: E402
from pitchquest_assets.media.voice import voice_of  # noqa: E402
from pitchquest_assets.model import Audio  # noqa: E402
from pitchquest_assets_tests.support.tiny_emotion import write_tiny_emotion  # noqa: E402
from pitchquest_assets_tests.support.tiny_whisper import write_tiny_whisper  # noqa: E402

BOUND_OF_REAL_TIME = 0.15
BATCHES = (1, 2, 4, 8)
TOKENS_PER_PIECE = 100
END_OF_TEXT = 50_256
WAV2VEC2 = {
    "hidden_size": 1024,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "conv_dim": [512] * 7,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
}
WHISPERS = {"tiny.en": (384, 4, 6), "base.en": (512, 6, 8)}


@dataclass(frozen=True)
class Cost:
    """What one engine took for the whole sound, in seconds."""

    engine: str
    device: str
    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path, nargs="?", default=ROOT / "samples" / "pitch.mp4")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    audio = _sound(given.video)
    voice_of(audio)
    measure = _Measure(given.runs)
    with tempfile.TemporaryDirectory() as folder:
        costs = list(_costs(audio, Path(folder), measure, given.threads))
    if not _show(costs, audio.duration_seconds):
        sys.exit(1)


class _Measure:
    def __init__(self, runs: int) -> None:
        self._runs = runs

    def __call__(self, engine: str, device: str, work: Callable[[], Any]) -> Cost:
        walls, cpus = [], []
        for _ in range(self._runs):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        print(f"{engine}, {device}: {min(walls):.1f} s", file=sys.stderr)
        return Cost(engine, device, min(walls), min(cpus))


def _costs(audio: Audio, folder: Path, measure: _Measure, threads: int) -> Iterator[Cost]:
    import ctranslate2
    import torch

    torch.set_num_threads(threads)
    yield measure("PocketSphinx", "cpu", lambda: transcribe_pocketsphinx(audio, ""))
    for name, (width, layers, heads) in WHISPERS.items():
        model = write_tiny_whisper(
            folder / name,
            text_tokens=END_OF_TEXT,
            d_model=width,
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_attention_heads=heads,
            decoder_attention_heads=heads,
            encoder_ffn_dim=4 * width,
            decoder_ffn_dim=4 * width,
            init_std=0.02,
        )
        for device in _devices(ctranslate2.get_cuda_device_count()):
            yield from _whisper(model, name, device, audio, measure, threads)
    model = write_tiny_emotion(folder / "wav2vec2", **WAV2VEC2)
    for device in _devices(torch.cuda.device_count()):
        yield from _wav2vec2(model, device, audio, measure)


def _devices(gpus: int) -> tuple[Device, ...]:
    return ("cpu", "cuda") if gpus else ("cpu",)


def _whisper(
    folder: Path, name: str, device: Device, audio: Audio, measure: _Measure, threads: int
) -> Iterator[Cost]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    kind = COMPUTE_TYPES[device]
    model = WhisperModel(str(folder), device=device, compute_type=kind, cpu_threads=threads)
    sounds = [read_floats(audio, *piece) for piece in speech_pieces(audio, PIECE_SECONDS)]
    options = {
        "language": "en",
        "word_timestamps": True,
        "hotwords": ENGLISH_FILLERS,
        # Random weights must neither stop early nor go on for ever.
        "suppress_tokens": [END_OF_TEXT],
        "max_new_tokens": TOKENS_PER_PIECE,
    }

    bounds = np.cumsum([0, *map(len, sounds)]) / SAMPLE_RATE_HZ
    clips = [{"start": bounds[i], "end": bounds[i + 1]} for i in range(len(sounds))]
    for size in BATCHES:

        def hear(size: int = size) -> None:
            segments, _ = BatchedInferencePipeline(model).transcribe(
                np.concatenate(sounds), clip_timestamps=clips, batch_size=size, **options
            )
            list(segments)

        yield measure(f"Whisper {name}, {kind}, batches of {size}", device, hear)


def _wav2vec2(folder: Path, device: Device, audio: Audio, measure: _Measure) -> Iterator[Cost]:
    turns = sorted((read_floats(audio, *turn) for turn in speaking_turns(voice_of(audio))), key=len)
    for precision in get_args(emotion.Precision):
        if device == "cuda" and precision == "int8":
            continue  # torch quantises for CPUs only
        model = emotion.load_emotion_model(folder, device=device, precision=precision)
        for size in BATCHES:

            def hear(model: emotion.EmotionModel = model, size: int = size) -> None:
                for first in range(0, len(turns), size):
                    model.hear(turns[first : first + size])

            yield measure(f"wav2vec2, {precision}, batches of {size}", device, hear)


def _sound(video: Path) -> Audio:
    source = probe(video, video_id="v", filename=video.name, captions_path=None, limits=Limits())
    return extract_audio(LocalVideo(source, video), limits=Limits())


def _show(costs: list[Cost], seconds: float) -> bool:
    """Print the table; return whether the emotion pass is within its bound."""
    shown = Table(
        title=f"seconds per minute of sound ({seconds:.0f} s of it)", title_justify="left"
    )
    shown.add_column("engine")
    for heading in ("device", "wall", "CPU", "of real time", "wall ÷ PocketSphinx's"):
        shown.add_column(heading, justify="right")
    for cost in costs:
        shown.add_row(
            cost.engine,
            cost.device,
            f"{60 * cost.wall / seconds:.2f}",
            f"{60 * cost.cpu / seconds:.2f}",
            f"{cost.wall / seconds:.3f}",
            f"{cost.wall / costs[0].wall:.2f}",
        )
    console = Console(width=110)
    console.print(shown)
    chosen = f"wav2vec2, {emotion.best_precision('cpu')}, batches of {emotion.TURNS_AT_ONCE['cpu']}"
    share = next(c.wall / seconds for c in costs if c.engine == chosen and c.device == "cpu")
    is_within = share <= BOUND_OF_REAL_TIME
    verdict = "within" if is_within else "over"
    console.print(
        f"The emotion pass as it is set ({chosen}): {share:.3f} of real time, {verdict} the bound "
        f"of {BOUND_OF_REAL_TIME}."
    )
    return is_within


if __name__ == "__main__":
    main()
