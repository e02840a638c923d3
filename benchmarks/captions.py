"""How well Whisper bears out captions that are true, wrong, or true in part.

    python benchmarks/captions.py [SPEECH…] [--models FOLDER] [--size tiny.en]

The limits in engines/transcription/captions/agreement.py and checked.py rest on these tables.
SPEECH are sound files, each with what is said in it in a .txt of the same name; the sample is
always there. Whisper hears every sound as it is and spoilt in twelve ways. Real weights must be in
the models folder: `pitchquest models pull whisper-tiny.en`.

The first table checks true captions, and texts of other sounds and other pitches, by how many
words Whisper gets wrong. The second exchanges, drops and adds sentences at random, and counts which
words of the captions were really said.
"""

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitchquest_assets.engines.transcription.captions.agreement import compare  # noqa: E402
from pitchquest_assets.engines.transcription.captions.checked import check_captions  # noqa: E402
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper  # noqa: E402
from pitchquest_assets.engines.weights.files import find  # noqa: E402
from pitchquest_assets.media.caption_files import Cue, read_captions  # noqa: E402
from pitchquest_assets.media.sound import read_samples  # noqa: E402
from pitchquest_assets.media.voice import voice_of  # noqa: E402
from pitchquest_assets.model import Audio, Transcript  # noqa: E402
from pitchquest_assets.settings import load_settings  # noqa: E402
from pitchquest_assets_tests.support.pitch_texts import PITCHES  # noqa: E402
from pitchquest_assets_tests.support.places import SAMPLE_PITCH  # noqa: E402
from pitchquest_assets_tests.support.sounds import (  # noqa: E402
    RATE,
    audio_from,
    audio_of,
    speech_file,
)
from pitchquest_assets_tests.support.word_errors import word_errors  # noqa: E402

WORD_ERROR_RATES = (0.35, 0.85, np.inf)
CHANGED_SENTENCES = 3
TIMES_CHANGED = 3

Samples = np.ndarray


@dataclass(frozen=True)
class Case:
    """One sound with what is said in it, and what Whisper heard."""

    way: str
    text: str
    audio: Audio
    heard: Transcript

    @property
    def wer(self) -> float:
        wrong, said = word_errors(self.text, self.heard.text)
        return wrong / said


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speech", nargs="*", type=Path)
    parser.add_argument("--models", type=Path, default=load_settings().models_path)
    parser.add_argument("--size", default="tiny.en")
    options = parser.parse_args()
    folder = find(f"whisper-{options.size}", options.models)
    if folder is None:
        sys.exit(f"Run `pitchquest models pull whisper-{options.size}` first.")
    sounds = [
        (
            " ".join(cue.text for cue in read_captions(SAMPLE_PITCH.with_suffix(".vtt"))),
            read_samples(audio_of(SAMPLE_PITCH)),
        )
    ]
    sounds += [
        (p.with_suffix(".txt").read_text(), read_samples(speech_file(p))) for p in options.speech
    ]
    cases = []
    for index, (text, samples) in enumerate(sounds):
        others = [other for at, (_, other) in enumerate(sounds) if at != index]
        for way, spoilt in _spoilt(samples.astype(float), others):
            audio = audio_from(np.clip(spoilt, -32_768, 32_767).astype(np.int16))
            heard = transcribe_whisper(folder, options.size, audio, "", wanted="cpu", language="en")
            cases.append(Case(way, text, audio, heard))
    texts = [*{case.text: None for case in cases}, *(pitch.text for pitch in PITCHES.values())]
    console = Console(width=140)
    console.print(_true_and_wrong(cases, texts))
    console.print(_true_in_part(cases, texts))


def _spoilt(clean: Samples, others: Sequence[Samples]) -> Iterator[tuple[str, Samples]]:
    """The sound as it is and spoilt, by name: float (n,), 16 kHz."""
    chance = np.random.default_rng(1)
    white = chance.normal(0, 1, len(clean))
    spectrum = np.fft.rfft(white) / np.sqrt(np.arange(1, len(white) // 2 + 2))
    yield "clean", clean
    for ratio in (20, 10, 5, 0):
        yield f"white noise, {ratio} dB", _mixed(clean, white, ratio)
    yield "pink noise, 5 dB", _mixed(clean, np.fft.irfft(spectrum, len(clean)), 5)
    yield "echo", _echo(clean, 0.8, 1.2, chance)
    yield "far, with noise", _mixed(_echo(clean, 1.2, 3.0, chance), white, 10)
    yield "telephone", _mixed(_band(clean), white, 20)
    yield (
        "1.35 times as fast",
        np.interp(np.arange(0, len(clean) - 1, 1.35), np.arange(len(clean)), clean),
    )
    voices = sum(np.resize(other, len(clean)) / other.std() for other in others[:3])
    if others:
        yield "babble, 10 dB", _mixed(clean, voices, 10)
        yield "babble, 5 dB", _mixed(clean, voices, 5)
    yield "clipped", np.clip(clean * 6, -np.abs(clean).max() * 0.8, np.abs(clean).max() * 0.8)


def _mixed(clean: Samples, added: Samples, ratio_db: float) -> Samples:
    """With a noise that is so much quieter than the voice where there is one."""
    loud = clean[np.abs(clean) > np.abs(clean).max() / 50]
    return clean + added / added.std() * np.sqrt((loud**2).mean()) * 10 ** (-ratio_db / 20)


def _echo(clean: Samples, seconds: float, share: float, chance: np.random.Generator) -> Samples:
    """In a room whose echo dies away by 60 dB in these seconds."""
    count = round(seconds * RATE)
    tail = chance.normal(0, 1, count) * 10 ** (-3 * np.arange(count) / count)
    size = len(clean) + count
    wet = np.fft.irfft(np.fft.rfft(clean, size) * np.fft.rfft(tail, size), size)[: len(clean)]
    made = clean + share * wet / np.sqrt((tail**2).sum())
    return made * np.abs(clean).max() / np.abs(made).max()


def _band(clean: Samples) -> Samples:
    spectrum, hertz = np.fft.rfft(clean), np.fft.rfftfreq(len(clean), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(clean))


def _true_and_wrong(cases: Sequence[Case], texts: Sequence[str]) -> Table:
    table = Table(
        "Whisper's WER",
        "true captions",
        "trusted",
        "borne out",
        "WER of the result",
        "other texts borne out",
        "other texts trusted",
    )
    for low, high in zip((-np.inf, *WORD_ERROR_RATES), WORD_ERROR_RATES, strict=False):
        group = [case for case in cases if low < case.wer <= high]
        if not group:
            continue
        checked = [check_captions([Cue(case.text)], case.audio, case.heard) for case in group]
        errors = [
            wrong / said
            for case, made in zip(group, checked, strict=True)
            if made.trusted
            for wrong, said in [word_errors(case.text, made.text)]
        ]
        others = [
            compare(text.split(), case.heard.words, voice_of(case.audio))
            for case in group
            for text in texts
            if text != case.text
        ]
        table.add_row(
            _range([case.wer for case in group]),
            str(len(group)),
            str(sum(made.trusted for made in checked)),
            _range([made.borne_out or 0.0 for made in checked]),
            _range(errors),
            f"up to {max(other.borne_out for other in others):.2f}",
            f"{sum(other.fits >= 1 / 3 for other in others)} of {len(others)}",
        )
    return table


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}" if values else ""


def _true_in_part(cases: Sequence[Case], texts: Sequence[str]) -> Table:
    """Of the captions' words, the share that was really said, by what became of them."""
    table = Table("sound", "heard too", "heard alike", "misheard", "left out")
    found: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    chance = random.Random(7)
    for case in cases:
        other = _sentences(texts[-1])
        for change in (_exchanged, _added) * TIMES_CHANGED:
            captions = change(_sentences(case.text), other, chance)
            words = [(word, is_said) for text, is_said in captions for word in text.split()]
            said = compare([word for word, _ in words], case.heard.words, voice_of(case.audio)).said
            kept = {one.written: one for one in said}
            for index, (_, is_said) in enumerate(words):
                one = kept.get(index)
                fate = (
                    "left out"
                    if one is None
                    else "misheard"
                    if not one.heard
                    else ("heard alike" if one.is_alike else "heard too")
                )
                found["clean" if case.way == "clean" else "spoilt"][fate, is_said] += 1
    for name, counts in found.items():
        shares = []
        for fate in ("heard too", "heard alike", "misheard", "left out"):
            total = counts[fate, True] + counts[fate, False]
            shares.append(f"{counts[fate, True] / max(1, total):.3f} of {total}")
        table.add_row(name, *shares)
    return table


Captions = list[tuple[str, bool]]
Change = Callable[[list[str], list[str], random.Random], Captions]


def _sentences(text: str) -> list[str]:
    found = re.split(r"(?<=[.!?]) ", " ".join(text.split()))
    words = text.split()
    return (
        found
        if len(found) > 4
        else [" ".join(words[at : at + 10]) for at in range(0, len(words), 10)]
    )


def _exchanged(said: list[str], other: list[str], chance: random.Random) -> Captions:
    """Some sentences are replaced by others; which text was said is told with each."""
    wrong = chance.sample(range(len(said)), min(CHANGED_SENTENCES, len(said) // 2))
    return [
        (chance.choice(other), False) if at in wrong else (text, True)
        for at, text in enumerate(said)
    ]


def _added(said: list[str], other: list[str], chance: random.Random) -> Captions:
    """A sentence that was not said stands between two that were."""
    at = chance.randrange(len(said))
    added = (chance.choice(other), False)
    return [*((text, True) for text in said[:at]), added, *((text, True) for text in said[at:])]


if __name__ == "__main__":
    main()
