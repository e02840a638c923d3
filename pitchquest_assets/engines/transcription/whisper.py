"""faster-whisper: int8 on a CPU, float16 on a GPU, several pieces of speech at once.

A prompt before every piece asks for fillers, because Whisper continues in the style of its prompt.
It is passed as `hotwords`: `initial_prompt` affects only the first window of a piece that is
decoded alone. Whisper drops many fillers all the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pitchquest_assets.engines.transcription.expected_errors import wordless_share
from pitchquest_assets.engines.transcription.invented import (
    MAX_COMPRESSION_RATIO,
    Heard,
    holes,
    told,
    why_wordless,
    without_inventions,
)
from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS, make_transcript
from pitchquest_assets.engines.transcription.whisper_model import (
    PIECE_SECONDS,
    language_of,
    open_whisper,
)
from pitchquest_assets.engines.transcription.word_starts import mend_starts
from pitchquest_assets.engines.weights.devices import Device, Wanted
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ, read_floats
from pitchquest_assets.media.speech_pieces import speech_pieces
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import Audio, Transcript, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

FRAMES_PER_SECOND = 100
PIECES_AT_ONCE: dict[Device, int] = {"cpu": 4, "cuda": 8}
# Whisper's own limit: below it a text is a guess. A piece that is a guess, or that repeats itself,
# is decoded again, alone and at rising temperatures.
MIN_MEAN_LOG_PROBABILITY = -1.0
# Whisper skips the beginning or the end of some pieces, mostly where another speaker goes on: on 30
# minutes, five holes of 2.9 to 13.8 s of voice; where nothing was skipped, 0.5 s or less.
MAX_HOLE_SECONDS = 1.5
# Sound kept beside a hole.
HOLE_PADDING_SECONDS = 0.2
ENGLISH_ONLY = ".en"
# Mean word probabilities measured with tiny.en: 0.10 to 0.54 in five languages of synthetic voices
# and in English played backwards, 0.81 or more on 17 recordings of English.
MAX_OF_OTHER_LANGUAGES = 0.6
# Languages that are written without blanks between words.
WITHOUT_BLANKS = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
# A dash or a note between blanks is not a word.
IS_MARK = re.compile(r"[-–—…♪♫.,;:!?*\"'()\[\]]*")


def transcribe_whisper(
    folder: Path,
    name: str,
    audio: Audio,
    hint: str,
    *,
    wanted: Wanted = "auto",
    language: str | None = None,
    came_from: str | None = None,
) -> Transcript:
    """Transcribe with Whisper; it gives word probabilities and drops most fillers.

    Args:
        folder: a CTranslate2 conversion (model.bin, config.json, tokenizer.json, vocabulary.txt).
        name: the model's size, such as base.en; models in .en know only English.
        hint: how to get a better transcript.
        language: the spoken language, ISO 639-1; by default that of the first pieces is detected.
        came_from: where the weights were fetched from.

    Raises:
        EngineUnavailable: the GPU that was asked for is missing or fails.
    """
    pieces, voice = speech_pieces(audio, PIECE_SECONDS), voice_of(audio)
    with open_whisper(folder, wanted) as (model, device):
        if name.endswith(ENGLISH_ONLY):
            language = "en"
        elif language is None and (detected := language_of(model, audio, pieces)):
            language = detected.code
        heard = list(_heard(model, audio, pieces, voice, language, PIECES_AT_ONCE[device]))
    words, left_out = without_inventions(heard, voice)
    words = mend_starts(words, pieces, voice, name)
    return make_transcript(
        engine="whisper",
        model=name,
        model_source=came_from,
        language=language,
        words=words,
        untrusted=f"Whisper is not sure of what was said{_perhaps_not_english(name, words)}",
        hint=hint,
        warnings=told(left_out),
        wordless=f"no words were recognised: {why_wordless(voice, left_out)}",
        wordless_share=wordless_share(words, voice),
    )


def _perhaps_not_english(name: str, words: Sequence[Word]) -> str:
    """A remark on a model that knows only English and is very unsure."""
    mean = sum(word.probability for word in words) / max(len(words), 1)
    if not name.endswith(ENGLISH_ONLY) or mean > MAX_OF_OTHER_LANGUAGES:
        return ""
    return f", perhaps because it is not English, which is all that {name} knows"


def _heard(
    model: "WhisperModel",
    audio: Audio,
    pieces: Sequence[Span],
    voice: Sequence[Span],
    language: str | None,
    at_once: int,
) -> Iterator[Heard]:
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(model)
    options = {
        "language": language,
        "word_timestamps": True,
        "hotwords": ENGLISH_FILLERS if language == "en" else None,
    }
    for first in range(0, len(pieces), at_once):
        batch = pieces[first : first + at_once]
        sounds = [read_floats(audio, *piece) for piece in batch]
        # The pieces one after the other, without the silence between them.
        bounds = np.cumsum([0, *map(len, sounds)]) / SAMPLE_RATE_HZ
        clips = [{"start": bounds[i], "end": bounds[i + 1]} for i in range(len(batch))]
        segments, _ = pipeline.transcribe(
            np.concatenate(sounds), clip_timestamps=clips, batch_size=at_once, **options
        )
        by_piece: list[list[Any]] = [[] for _ in batch]
        for segment in segments:
            by_piece[_piece_of(segment, bounds)].append(segment)
        for piece, sound, offset, segments in zip(batch, sounds, bounds, by_piece, strict=False):
            heard = _all_placed(segments, piece, piece[0] - offset, language)
            if any(map(_went_wrong, segments)) or _holes(heard, voice, piece):
                alone, _ = model.transcribe(sound, **options, condition_on_previous_text=False)
                heard = _all_placed(alone, piece, piece[0], language)
                for hole in [_padded(one, piece) for one in _holes(heard, voice, piece)]:
                    found = _heard_in_a_hole(model, read_floats(audio, *hole), options)
                    heard += _all_placed(found, hole, hole[0], language)
            yield from sorted(heard, key=_first_second)


def _holes(heard: Sequence[Heard], voice: Sequence[Span], piece: Span) -> list[Span]:
    words = [word for one in heard for word in one.words]
    return holes(words, voice, piece, MAX_HOLE_SECONDS)


def _padded(hole: Span, piece: Span) -> Span:
    start, end = hole
    return max(piece[0], start - HOLE_PADDING_SECONDS), min(piece[1], end + HOLE_PADDING_SECONDS)


def _heard_in_a_hole(
    model: "WhisperModel", sound: npt.NDArray[np.float32], options: dict[str, Any]
) -> list[Any]:
    """The segments that are not guesses: what seemed to be a voice may be laughter."""
    segments, _ = model.transcribe(sound, **options, condition_on_previous_text=False)
    return [segment for segment in segments if not _went_wrong(segment)]


def _first_second(heard: Heard) -> float:
    return min((word.start_seconds for word in heard.words), default=0.0)


def _piece_of(segment: Any, bounds: npt.NDArray[np.float64]) -> int:
    """The index of the piece in which a segment was heard.

    It is found by the start of the window, because the first word may be placed 10 ms or more
    before the piece.
    """
    return int(np.abs(bounds[:-1] - segment.seek / FRAMES_PER_SECOND).argmin())


def _went_wrong(segment: Any) -> bool:
    return bool(
        segment.compression_ratio > MAX_COMPRESSION_RATIO
        or segment.avg_logprob < MIN_MEAN_LOG_PROBABILITY
    )


def _all_placed(
    segments: Iterable[Any], piece: Span, shift_seconds: float, language: str | None
) -> list[Heard]:
    spaced = language not in WITHOUT_BLANKS
    return [_placed(one, piece, shift_seconds, spaced=spaced) for one in segments]


def _placed(segment: Any, piece: Span, shift_seconds: float, *, spaced: bool) -> Heard:
    """The words of a segment on the clock of the sound, each inside its piece.

    Args:
        spaced: a part that is written without a blank before it belongs to the word before it.
    """
    start, end = piece
    words: list[Word] = []
    for part in segment.words or []:
        word = Word(
            text=part.word.strip(),
            start_seconds=min(end, max(start, float(part.start) + shift_seconds)),
            end_seconds=min(end, max(start, float(part.end) + shift_seconds)),
            probability=min(1.0, max(0.0, float(part.probability))),
        )
        if words and spaced and not part.word[:1].isspace():
            words[-1] = _joined(words[-1], word)
        elif not IS_MARK.fullmatch(word.text):
            words.append(word)
    return Heard(words, segment.no_speech_prob, segment.compression_ratio)


def _joined(word: Word, part: Word) -> Word:
    """One word of two parts, as sure as the less sure of them."""
    return Word(
        text=word.text + part.text,
        start_seconds=word.start_seconds,
        end_seconds=max(word.end_seconds, part.end_seconds),
        probability=min(word.probability, part.probability),
    )
