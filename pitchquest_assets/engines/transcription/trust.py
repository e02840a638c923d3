"""Shared by the transcribers: when a transcript is trusted, and the prompt for fillers."""

from collections.abc import Sequence

from pitchquest_assets.analysis.word_errors import MAX_EXPECTED_WER, too_many_errors
from pitchquest_assets.engines.transcription.expected_errors import (
    NOT_MEASURED,
    expected_wer,
)
from pitchquest_assets.model import Transcriber, Transcript, Word

# Our own choice, for engines whose errors were not measured.
MIN_TRUSTED_PROBABILITY = 0.75
# Whisper, local or at OpenAI, continues in the style of its prompt, and drops fillers otherwise.
ENGLISH_FILLERS = "Um, so, uh, I mean, like, you know, er, hmm."


def make_transcript(
    *,
    engine: Transcriber,
    model: str,
    language: str | None,
    words: Sequence[Word],
    untrusted: str,
    hint: str | None,
    trustworthy: bool = True,
    least_probability: float = MIN_TRUSTED_PROBABILITY,
    model_source: str | None = None,
    warnings: Sequence[str] = (),
    wordless: str = "no words were recognised",
    wordless_share: float = 0.0,
    borne_out: float | None = None,
    expected_errors: float | None = None,
) -> Transcript:
    """Build a transcript, which is trusted if few enough of its words are expected to be wrong.

    Where the engine was not measured, its mean word probability decides.

    Args:
        untrusted: the reason to give if it is not trusted; the figures follow it.
        hint: how to get a better transcript; dropped if this one is from captions and trusted.
        trustworthy: False for an engine that is wrong too often, however confident it is.
        least_probability: the threshold, for an engine whose figures mean something else.
        model_source: where the weights were fetched from.
        wordless: the reason to give if there are no words.
        warnings: what else a reader of the result should know.
        wordless_share: the share of the voice in which there is no word, see `expected_errors`.
        borne_out: share of the captions' words that Whisper heard too.
        expected_errors: the share of wrong words, if the caller knows better than the curves.
    """
    mean = sum(word.probability for word in words) / len(words) if words else None
    expected = expected_errors
    if expected is None:
        expected = expected_wer(engine, words, wordless_share)
    if mean is None:
        reason: str | None = wordless
    elif not trustworthy:
        reason = untrusted
    elif doubt := _doubt(mean, expected, least_probability):
        reason = f"{untrusted}: {doubt}"
    else:
        reason = None
    return Transcript(
        text=" ".join(word.text for word in words),
        words=[_finished(word, engine) for word in words],
        language=language,
        engine=engine,
        model=model,
        model_source=model_source,
        mean_probability=mean,
        expected_wer=expected,
        expected_wer_reason=_why_unknown(expected, words, wordless),
        borne_out=borne_out,
        trusted=reason is None,
        reason=reason,
        warnings=list(warnings),
        hint=None if reason is None and engine == "captions" else hint,
    )


def _doubt(mean: float, expected: float | None, least_probability: float) -> str | None:
    """The figure that says why the words cannot be trusted; None if they can."""
    if expected is not None:
        wrong = too_many_errors(expected, "content")
        return None if expected <= MAX_EXPECTED_WER["content"] else wrong
    if mean < least_probability:
        return f"mean word probability {mean:.2f}, {least_probability:.2g} needed"
    return None


def _why_unknown(expected: float | None, words: Sequence[Word], wordless: str) -> str | None:
    if expected is not None:
        return None
    return NOT_MEASURED if words else wordless


def _finished(word: Word, engine: Transcriber) -> Word:
    """The word with its times to the millisecond, and the engine that it came from."""
    return word.model_copy(
        update={
            "start_seconds": round(word.start_seconds, 3),
            "end_seconds": round(word.end_seconds, 3),
            "engine": word.engine or engine,
        }
    )


def no_transcript(reason: str, hint: str | None) -> Transcript:
    """Return the empty transcript of a video without usable speech, or without transcription."""
    return Transcript(
        text="",
        words=[],
        language=None,
        engine="none",
        expected_wer_reason=reason,
        trusted=False,
        reason=reason,
        hint=hint,
    )
