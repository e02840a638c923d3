"""Transcription by OpenAI: whisper-1 gives word times, other models' words are aligned here.

Probabilities: for each segment, whisper-1 gives the mean log probability of its tokens; each word
of the segment gets its exponential. This is a geometric mean that includes the timestamp tokens, so
it is lower than the mean word probability of a local Whisper. The threshold for trust is therefore
lower, too: -0.5, half way to the -1 below which Whisper itself considers a segment failed. That is
our own choice, not checked on recordings. Other models give no probabilities; for them the fit of
the words to the sound decides, as with captions.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError

from pitchquest_assets.engines.transcription.alignment import AlignedWord, Aligner, shift
from pitchquest_assets.engines.transcription.languages import LANGUAGE_CODES
from pitchquest_assets.engines.transcription.script_alignment import align_by_anchors
from pitchquest_assets.engines.transcription.timed_text import lay_over
from pitchquest_assets.engines.transcription.trust import (
    ENGLISH_FILLERS,
    MIN_TRUSTED_PROBABILITY,
    make_transcript,
)
from pitchquest_assets.engines.vendors.calls import Caller, key_of
from pitchquest_assets.engines.vendors.errors import name_of
from pitchquest_assets.engines.vendors.openai import open_client, openai_troubles, reading
from pitchquest_assets.errors import UnusableAnswer
from pitchquest_assets.media.sound import flac_of, read_samples
from pitchquest_assets.media.speech_pieces import speech_pieces
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import Audio, Transcript, Word
from pitchquest_assets.vendor_calls import Call, Reply, Usage

if TYPE_CHECKING:
    from openai.types.audio import Transcription, TranscriptionVerbose

WITH_WORD_TIMES = "whisper-1"
SETTING = "PITCHQUEST_OPENAI_TRANSCRIBE_MODEL"
# OpenAI accepts 25 MB. A piece of this length is smaller even if it cannot be compressed.
MAX_UPLOAD_BYTES = 24_000_000
MAX_PIECE_SECONDS = 600.0
# The newer models stop after a few thousand tokens, and the cost of aligning a text grows faster
# than its length.
MAX_ALIGNED_SECONDS = 300.0
# More than anyone speaks; used for budgets if a price per token was given.
MAX_TOKENS_PER_SECOND = 20
MIN_TRUSTED_SEGMENT_PROBABILITY = math.exp(-0.5)


class _HeardWord(BaseModel):
    word: str
    start: float = Field(ge=0, allow_inf_nan=False)
    end: float = Field(ge=0, allow_inf_nan=False)


class _HeardSegment(BaseModel):
    start: float = Field(allow_inf_nan=False)
    end: float = Field(allow_inf_nan=False)
    avg_logprob: float = Field(allow_inf_nan=False)


class _Heard(BaseModel):
    """What is kept of an answer; times are in seconds from the start of the piece."""

    text: str
    language: str | None = None
    words: list[_HeardWord] | None = None
    segments: list[_HeardSegment] = []


def transcribe_openai(audio: Audio, caller: Caller, hint: str) -> Transcript:
    """Transcribe with PITCHQUEST_OPENAI_TRANSCRIBE_MODEL, in one call if the sound is short enough.

    Raises:
        BudgetExceeded, VendorRefused, VendorUnavailable, UnusableAnswer: see `Caller.ask`.
        SettingsError: OPENAI_API_KEY is missing.
    """
    model = caller.settings.openai_transcribe_model
    timed = model == WITH_WORD_TIMES
    pieces = _pieces(audio, timed=timed)
    answers = [(piece, _ask(audio, piece, caller)) for piece in pieces]
    languages = [heard.language for _, heard in answers if heard.language]
    if timed:
        words = [word for piece, heard in answers for word in _timed(heard, piece)]
    else:
        words = _aligned(audio, answers)
    transcript = make_transcript(
        engine="openai",
        model=model if timed else f"{model}, times by pocketsphinx en-us (forced alignment)",
        language=languages[0] if languages else caller.settings.language,
        words=_in_order(words, audio.duration_seconds),
        untrusted=f"{model} is not sure of what was said"
        if timed
        else f"the words that {model} heard do not fit the sound",
        hint=hint,
        least_probability=MIN_TRUSTED_SEGMENT_PROBABILITY if timed else MIN_TRUSTED_PROBABILITY,
    )
    unpriced = caller.unpriced("openai", model)
    return transcript.model_copy(
        update={
            "cost_usd": caller.paid("transcription"),
            "warnings": [unpriced] if unpriced else [],
        }
    )


def _pieces(audio: Audio, *, timed: bool) -> list[Span]:
    """The whole sound, or its speech in pieces if it is too large or too long."""
    if not voice_of(audio):
        return []
    if timed and len(audio.payload) <= MAX_UPLOAD_BYTES:
        return [(0.0, audio.duration_seconds)]
    most = MAX_PIECE_SECONDS if timed else MAX_ALIGNED_SECONDS
    if audio.duration_seconds <= most:
        return [(0.0, audio.duration_seconds)]
    return speech_pieces(audio, most)


def _ask(audio: Audio, piece: Span, caller: Caller) -> _Heard:
    settings = caller.settings
    model = settings.openai_transcribe_model
    is_whole = piece == (0.0, audio.duration_seconds)
    flac = audio.payload if is_whole else flac_of(audio, *piece)
    seconds = piece[1] - piece[0]
    asked = _question(model, settings.language)
    tokens = math.ceil(MAX_TOKENS_PER_SECOND * seconds)
    call = Call(
        vendor="openai",
        model=model,
        model_setting=SETTING,
        purpose="transcription",
        key=key_of(
            "openai", settings.openai_base_url or "", asked, hashlib.sha256(flac).hexdigest()
        ),
        at_most=Usage(input_tokens=tokens, output_tokens=tokens, audio_seconds=math.ceil(seconds)),
    )

    def send() -> Reply:
        caller.announce(f"{name_of('openai', settings)}: {seconds:.0f} s of sound are sent")
        with openai_troubles():
            answer = open_client(settings).audio.transcriptions.create(
                file=("speech.flac", flac, "audio/flac"), **asked
            )
        with reading("transcription"):
            return Reply(body=_kept(answer), model=model, usage=_usage(answer, seconds))

    return caller.ask(call, send, lambda reply: _read(reply, model))


def _question(model: str, language: str | None) -> dict[str, Any]:
    """The parameters of a call, except for the sound."""
    asked: dict[str, Any] = {"model": model, "response_format": "json"}
    if model == WITH_WORD_TIMES:
        asked |= {
            "response_format": "verbose_json",
            "timestamp_granularities": ["word", "segment"],
        }
    if language:
        asked["language"] = language
    # With an unknown language, the prompt would pull it towards English.
    if language == "en":
        asked["prompt"] = ENGLISH_FILLERS
    return asked


def _kept(answer: "Transcription | TranscriptionVerbose") -> dict[str, Any]:
    """The parts of an answer that are read later, as JSON; PostgreSQL cannot store NUL."""
    body = answer.model_dump(mode="json", warnings=False)
    languages = body.get("languages") or [{}]
    return {
        "text": answer.text.replace("\0", ""),
        "language": body.get("language") or languages[0].get("code"),
        "words": body.get("words"),
        "segments": [
            {name: segment.get(name) for name in ("start", "end", "avg_logprob")}
            for segment in body.get("segments") or []
        ],
    }


def _usage(answer: Any, seconds: float) -> Usage:
    """The usage by the vendor's figures; without seconds, those that were sent."""
    used = answer.usage
    return Usage(
        input_tokens=getattr(used, "input_tokens", None) or 0,
        output_tokens=getattr(used, "output_tokens", None) or 0,
        audio_seconds=getattr(used, "seconds", None) or seconds,
    )


def _read(reply: Reply, model: str) -> _Heard:
    try:
        heard = _Heard.model_validate(reply.body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnusableAnswer(
            f"The answer of {model} cannot be used ({where}: {first['msg']}): try again later, or "
            f"choose another model with {SETTING}."
        ) from error
    if model == WITH_WORD_TIMES and heard.text.strip() and not heard.words:
        raise UnusableAnswer(
            f"{model} sent no word times: try again later, or choose another transcriber with "
            "PITCHQUEST_TRANSCRIBER."
        )
    name = (heard.language or "").lower()
    return heard.model_copy(update={"language": LANGUAGE_CODES.get(name, name) or None})


def _timed(heard: _Heard, piece: Span) -> list[AlignedWord]:
    """The words of an answer with times, on the clock of the whole sound."""
    words = [
        AlignedWord(
            word.word,
            word.start,
            max(word.start, word.end),
            _probability(heard.segments, (word.start + word.end) / 2),
        )
        for word in heard.words or []
    ]
    return _within(shift(lay_over(heard.text, words, piece[1] - piece[0]), piece[0]), piece)


def _probability(segments: Sequence[_HeardSegment], seconds: float) -> float:
    """The probability of the segment at this time, or of the nearest; 0 if there are none."""
    nearest = min(
        segments,
        key=lambda one: max(one.start - seconds, seconds - one.end, 0.0),
        default=None,
    )
    return math.exp(min(0.0, nearest.avg_logprob)) if nearest else 0.0


def _aligned(audio: Audio, answers: Sequence[tuple[Span, _Heard]]) -> list[AlignedWord]:
    """The words of answers without times, aligned with the sound piece by piece."""
    aligner = Aligner()
    words: list[AlignedWord] = []
    for piece, heard in answers:
        written = heard.text.split()
        if not written:
            continue
        placed = aligner.align(read_samples(audio, *piece), written)
        if placed is None:
            alone = Audio(payload=flac_of(audio, *piece), duration_seconds=piece[1] - piece[0])
            placed = align_by_anchors(aligner, alone, written)
        words += _within(shift(placed, piece[0]), piece)
    return words


def _within(words: Sequence[AlignedWord], piece: Span) -> list[AlignedWord]:
    """Keep each word inside the piece in which it was heard."""
    start, end = piece
    return [
        AlignedWord(
            word.text,
            min(end, max(start, word.start_seconds)),
            min(end, max(start, word.end_seconds)),
            word.probability,
        )
        for word in words
    ]


def _in_order(words: Sequence[AlignedWord], duration_seconds: float) -> list[Word]:
    """Make the values; no word starts before its predecessor."""
    ordered: list[Word] = []
    latest = 0.0
    for word in words:
        latest = max(latest, min(word.start_seconds, duration_seconds))
        ordered.append(
            Word(
                text=word.text,
                start_seconds=latest,
                end_seconds=max(latest, min(word.end_seconds, duration_seconds)),
                probability=min(1.0, max(0.0, word.probability)),
            )
        )
    return ordered
