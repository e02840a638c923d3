"""How far the starts of words are from where the words begin, for each engine.

    python benchmarks/word_starts.py [--models FOLDER] [--engines tiny.en base captions]

Two truths. Words of espeak-ng, whose library reports when each begins (skipped where it is not
installed). And the first words after silences of 0.4 s or more in real recordings, which begin
where the sound does. Bounds: the median is at most 60 ms off, 95 % at most 250 ms. The exit code is
1 if one is missed.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.espeak_events import Speaker  # noqa: E402
from benchmarks.trust_recordings import recordings  # noqa: E402
from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions  # noqa: E402
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper  # noqa: E402
from pitchquest_assets.media.caption_files import Cue  # noqa: E402
from pitchquest_assets.model import Audio, Word  # noqa: E402
from pitchquest_assets.settings import load_settings  # noqa: E402
from pitchquest_assets_tests.support.onsets import first_words_late, onsets  # noqa: E402
from pitchquest_assets_tests.support.pitch_texts import PITCHES  # noqa: E402
from pitchquest_assets_tests.support.sounds import audio_from  # noqa: E402
from pitchquest_assets_tests.support.word_errors import normalised  # noqa: E402

KNOWN_VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb-x-rp")
ENGINES = ("tiny.en", "base", "captions")
MOST_MEDIAN_SECONDS, MOST_OF_95_PERCENT_SECONDS = 0.06, 0.25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=load_settings().models_path)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--more", type=Path, help="a folder of further recordings, see trust.py")
    options = parser.parse_args()
    table = Table("engine", "truth", "words", "median, ms", "95 %, ms", "late or early, ms")
    kept = True
    for engine in options.engines:
        for truth, errors in _errors(engine, options.models, options.more).items():
            if not errors:
                continue
            median, most = np.median(np.abs(errors)), np.quantile(np.abs(errors), 0.95)
            kept &= bool(median <= MOST_MEDIAN_SECONDS and most <= MOST_OF_95_PERCENT_SECONDS)
            figures = (median, most, np.median(errors))
            shown = (f"{1000 * figure:+.0f}".lstrip("+") for figure in figures)
            table.add_row(engine, truth, str(len(errors)), *shown)
    Console(width=100).print(table)
    sys.exit(0 if kept else 1)


def _errors(engine: str, models: Path, more: Path | None) -> dict[str, list[float]]:
    """Seconds by which words start late, by the truth that they are compared with."""
    found: dict[str, list[float]] = {"espeak-ng's own times": [], "after pauses": []}
    for samples, text, words in _with_known_starts():
        heard = _hear(engine, models, audio_from(samples), text)
        found["espeak-ng's own times"] += _from_known(words, heard)
    for one in recordings(more):
        if one.kind in ("read", "prompts"):
            heard = _hear(engine, models, audio_from(one.samples), one.text)
            found["after pauses"] += first_words_late(onsets(one.samples), heard)
    return found


def _with_known_starts() -> Iterator[tuple[np.ndarray, str, list[tuple[str, float]]]]:
    try:
        speaker = Speaker()
    except OSError as missing:
        print(f"The words of espeak-ng are left out: {missing}", file=sys.stderr)
        return
    texts = [" ".join(pitch.text.split()[:80]) for pitch in PITCHES.values()]
    for voice, text in zip(KNOWN_VOICES, texts, strict=False):
        spoken = speaker.say(voice, text)
        yield spoken.samples, text, spoken.words


def _hear(engine: str, models: Path, audio: Audio, text: str) -> Sequence[Word]:
    if engine == "captions":
        return transcribe_captions([Cue(text)], audio, "en").words
    folder = models / f"whisper-{engine}"
    return transcribe_whisper(folder, engine, audio, "", wanted="cpu", language="en").words


def _from_known(words: Sequence[tuple[str, float]], heard: Sequence[Word]) -> Iterator[float]:
    said = [("".join(normalised(word)), start) for word, start in words]
    got = [("".join(normalised(word.text)), word.start_seconds) for word in heard]
    matcher = SequenceMatcher(a=[w for w, _ in said], b=[w for w, _ in got], autojunk=False)
    for first, second, size in matcher.get_matching_blocks():
        for (_, truth), (_, start) in zip(
            said[first : first + size], got[second : second + size], strict=True
        ):
            yield start - truth


if __name__ == "__main__":
    main()
