"""The cases of benchmarks/trust.py: what an engine made of a recording, and how wrong it was."""

import csv
import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.trust_recordings import Recording, Samples, recordings, variants
from pitchquest_assets.analysis.delivery.fillers import find_fillers
from pitchquest_assets.engines.transcription.captions.agreement import compare
from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions
from pitchquest_assets.engines.transcription.captions.checked import MIN_FITTING
from pitchquest_assets.engines.transcription.captions.expected_errors import (
    expected_wer_of_checked,
)
from pitchquest_assets.engines.transcription.expected_errors import expected_wer, wordless_share
from pitchquest_assets.engines.transcription.pocketsphinx import transcribe_pocketsphinx
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper
from pitchquest_assets.media.caption_files import Cue
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import Audio, Transcriber, Transcript, Word
from pitchquest_assets_tests.support.sounds import audio_from
from pitchquest_assets_tests.support.spoken import speak
from pitchquest_assets_tests.support.word_errors import normalised, word_errors

# What is done to which recordings: everything to the short ones.
SOME_WAYS = (
    *("clean", "noise 5 dB", "noise 0 dB", "far microphone", "babble 10 dB", "reverberation"),
    "1.5 times as fast",
)
WAYS = {
    "prompts": SOME_WAYS,
    "espeak-ng, spoilt too": SOME_WAYS,
    "espeak-ng": ("clean",),
    "synthetic": ("clean",),
}
# PocketSphinx costs most.
SLOW_KINDS = ("read",)
SLOW_WAYS = ("clean", "noise 10 dB", "1.5 times as fast")
PEOPLE = ("read", "prompts", "recorded elsewhere")


@dataclass(frozen=True)
class Case:
    """One recognition, with the truth.

    Attributes:
        way: what was done to the sound, or to the captions.
        wer: measured word error rate; 1 for English heard in another language.
        off_pace: by what share the number of words is off; None for captions and other languages.
        false_fillers: fillers that were heard but not said.
        said: number of words that were said, for checked captions only.
    """

    engine: str
    source: str
    kind: str
    way: str
    wer: float
    words: int
    mean_probability: float
    wordless_share: float
    expected_wer: float
    off_pace: float | None = None
    false_fillers: int = 0
    said: int = 0

    @property
    def is_person(self) -> bool:
        return self.kind in PEOPLE


def recorded_elsewhere(table: Path, engines: Sequence[str]) -> Iterator[Case]:
    """Recordings of which only the figures are here."""
    if not table.exists():
        return
    for row in csv.DictReader(table.open()):
        if row["engine"] in engines:
            mean = float(row["mean_word_probability"])
            word = Word(text="word", start_seconds=0, end_seconds=0, probability=mean)
            yield Case(
                engine=row["engine"],
                source=row["clip"],
                kind="recorded elsewhere",
                way="non-native, as recorded",
                wer=float(row["wer"]),
                words=int(row["reference_words"]),
                mean_probability=mean,
                wordless_share=0.0,
                expected_wer=expected_wer("whisper", [word]) or 0.0,
            )


def cases(
    engine: str, models: Path, more: Path | None, cache: Path, *, recognise: bool
) -> Iterator[Case]:
    """Recognise everything with one engine that is not in the cache yet.

    Args:
        recognise: False for what is in the cache only.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{engine}.jsonl"
    known = {}
    for line in kept.read_text().splitlines() if kept.exists() else ():
        entry = json.loads(line)
        known[entry["source"], entry["way"]] = entry
    everything = recordings(more)
    by_source = {recording.source: recording for recording in everything}
    for recording, way, samples, text in _missing(engine, everything, known) if recognise else ():
        audio = audio_from(samples)
        heard = _hear(engine, recording, audio, text, models)
        entry = {
            "source": recording.source,
            "way": way,
            "transcript": heard.model_dump(mode="json"),
            "voice": voice_of(audio),
        }
        known[recording.source, way] = entry
        with kept.open("a") as file:
            file.write(json.dumps(entry) + "\n")
    for (source, way), entry in known.items():
        if source in by_source and _is_wanted(engine, by_source[source], way):
            yield _case(engine, by_source[source], way, entry)


def checked_captions(engine: str, more: Path | None, cache: Path) -> Iterator[Case]:
    """Captions checked against what a Whisper model heard, from the cache; they get no times."""
    everything = [one for one in recordings(more) if one.kind in PEOPLE and one.text]
    by_source = {one.source: one for one in everything}
    kept = cache / f"{engine}.jsonl"
    for line in kept.read_text().splitlines() if kept.exists() else ():
        entry = json.loads(line)
        recording = by_source.get(entry["source"])
        if recording is None or not _is_wanted(engine, recording, entry["way"]):
            continue
        heard = Transcript.model_validate(entry["transcript"])
        voice = [tuple(span) for span in entry["voice"]]
        others = [one for one in everything if one != recording]
        for name, text in _captions(recording, others):
            yield _checked(engine, recording, f"{name}{entry['way']}", text, heard, voice)


def _checked(
    engine: str,
    recording: Recording,
    way: str,
    text: str,
    heard: Transcript,
    voice: Sequence[Span],
) -> Case:
    captions = text.split()
    agreement = compare(captions, heard.words, voice)
    is_refused = agreement.fits < MIN_FITTING
    said = [] if is_refused else agreement.said
    kept = [
        heard.words[one.heard[0]].text if one.written is None else captions[one.written]
        for one in said
    ]
    whisper_wer = expected_wer("whisper", heard.words, wordless_share(heard.words, voice))
    errors, words = word_errors(recording.text, text if is_refused else " ".join(kept))
    return Case(
        engine=f"captions by {engine}",
        source=recording.source,
        kind=recording.kind,
        way=way.split(",")[0],
        wer=errors / words,
        words=len(kept),
        mean_probability=0.0,
        wordless_share=0.0,
        expected_wer=1.0 if is_refused else expected_wer_of_checked(said, whisper_wer),
        said=words,
    )


def _is_wanted(engine: str, recording: Recording, way: str) -> bool:
    if engine in ("pocketsphinx", "captions"):
        return recording.kind in SLOW_KINDS and way.endswith(SLOW_WAYS)
    if engine == "base" and not recording.text:
        return False  # It knows the language, and nothing says what was said.
    return way in WAYS.get(recording.kind, (way,))


def _missing(
    engine: str, everything: Sequence[Recording], known: Container[tuple[str, str]]
) -> Iterator[tuple[Recording, str, Samples, str]]:
    """What is not recognised yet: a recording, what is done to it, its samples, its captions."""
    for recording in everything:
        others = [one for one in everything if one.kind in PEOPLE and one != recording]
        for way, samples in variants(recording, others):
            for name, text in _captions(recording, others) if engine == "captions" else [("", "")]:
                named = f"{name}{way}"
                if _is_wanted(engine, recording, way) and (recording.source, named) not in known:
                    yield recording, named, samples, text


def _captions(recording: Recording, others: Iterable[Recording]) -> Iterator[tuple[str, str]]:
    """Right ones, those of something else, and right ones whose second half is of that."""
    right = recording.text.split()
    wrong = list(islice(cycle(" ".join(one.text for one in others).split()), len(right)))
    half = len(right) // 2
    yield "right captions, ", recording.text
    yield "wrong captions, ", " ".join(wrong)
    yield "half-wrong captions, ", " ".join(right[:half] + wrong[half:])


def _hear(
    engine: str, recording: Recording, audio: Audio, captions: str, models: Path
) -> Transcript:
    if engine == "captions":
        return transcribe_captions([Cue(captions)], audio, "en")
    if engine == "pocketsphinx":
        return transcribe_pocketsphinx(audio, "")
    language = "en" if recording.language == "en" else None
    folder = models / f"whisper-{engine}"
    return transcribe_whisper(folder, engine, audio, "", wanted="cpu", language=language)


def _case(engine: str, recording: Recording, way: str, entry: dict) -> Case:
    heard = Transcript.model_validate(entry["transcript"])
    voice = [tuple(span) for span in entry["voice"]]
    kind: Transcriber = "whisper" if engine in ("tiny.en", "base") else engine  # type: ignore[assignment]
    missing = 0.0 if engine == "captions" else wordless_share(heard.words, voice)
    expected = expected_wer(kind, heard.words, missing)
    errors, said = word_errors(recording.text, heard.text)
    case = Case(
        engine=engine,
        source=recording.source,
        kind=recording.kind,
        way=way if recording.language == "en" else recording.kind,
        wer=errors / said if said else 1.0,
        words=len(heard.words),
        mean_probability=heard.mean_probability or 0.0,
        wordless_share=missing,
        expected_wer=1.0 if expected is None else expected,
    )
    if engine == "captions" or recording.language != "en":
        return case
    spoken = find_fillers(speak(recording.text).words)
    return replace(
        case,
        off_pace=abs(len(normalised(heard.text)) / said - 1),
        false_fillers=max(0, len(find_fillers(heard.words)) - len(spoken)),
    )
