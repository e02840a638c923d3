"""faster-whisper on the CPU in int8."""

from pathlib import Path

import numpy as np

from pitchquest_assets.analysis.sound import read_samples
from pitchquest_assets.analysis.vad import group_spans, voice_of
from pitchquest_assets.engines.transcripts import make_transcript
from pitchquest_assets.model import Audio, Transcript, Word

# Bounds the memory: Whisper computes the features of a whole piece at once.
CHUNK_SECONDS = 300.0
PADDING_SECONDS = 0.2


def transcribe_whisper(folder: Path, name: str, audio: Audio, hint: str) -> Transcript:
    """The words that Whisper hears, with their probabilities; fillers are mostly dropped by it.

    Args:
        folder: a CTranslate2 conversion (model.bin, config.json, tokenizer.json, vocabulary.txt).
        name: the model's size, such as base.en; names in .en know only English.
    """
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    language = "en" if name.endswith(".en") else None
    words: list[Word] = []
    for start, end in group_spans(voice_of(audio), CHUNK_SECONDS):
        start = max(0.0, start - PADDING_SECONDS)
        samples = read_samples(audio, start, end + PADDING_SECONDS).astype(np.float32) / 32768
        segments, info = model.transcribe(
            samples, language=language, word_timestamps=True, condition_on_previous_text=False
        )
        language = info.language
        words += [
            Word(
                text=word.word.strip(),
                start_seconds=start + float(word.start),
                end_seconds=start + float(word.end),
                probability=min(1.0, max(0.0, float(word.probability))),
            )
            for segment in segments
            for word in segment.words or []
        ]
    return make_transcript(
        engine="whisper",
        model=name,
        language=language,
        words=words,
        untrusted="Whisper is not sure of what was said",
        hint=hint,
    )
