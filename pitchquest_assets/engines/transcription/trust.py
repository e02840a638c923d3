"""Shared by the transcribers: when a transcript is trusted, and the prompt for fillers."""

from collections.abc import Sequence

from pitchquest_assets.model import Transcriber, Transcript, Word

# Our own choice. Correct captions were at 0.85 or more, half-wrong ones at 0.54 or less, but on the
# same seven recordings that `alignment` was calibrated on. Not checked against Whisper's figures.
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
    borne_out: float | None = None,
) -> Transcript:
    """Build a transcript, which is trusted if its mean word probability is high enough.

    Args:
        untrusted: the reason to give if the mean is below the threshold.
        hint: how to get a better transcript; dropped if this one is from captions and trusted.
        trustworthy: False for an engine that is wrong too often, however confident it is.
        least_probability: the threshold, for an engine whose figures mean something else.
        model_source: where the weights were fetched from.
        wordless: the reason to give if there are no words.
        warnings: what else a reader of the result should know.
        borne_out: share of the captions' words that Whisper heard too.
    """
    mean = sum(word.probability for word in words) / len(words) if words else None
    trusted = trustworthy and mean is not None and mean >= least_probability
    if mean is None:
        reason: str | None = wordless
    elif trusted:
        reason = None
    elif not trustworthy:
        reason = untrusted
    else:
        reason = f"{untrusted}: mean word probability {mean:.2f}, {least_probability:.2g} needed"
    return Transcript(
        text=" ".join(word.text for word in words),
        words=[_finished(word, engine) for word in words],
        language=language,
        engine=engine,
        model=model,
        model_source=model_source,
        mean_probability=mean,
        borne_out=borne_out,
        trusted=trusted,
        reason=reason,
        warnings=list(warnings),
        hint=None if trusted and engine == "captions" else hint,
    )


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
        text="", words=[], language=None, engine="none", trusted=False, reason=reason, hint=hint
    )
