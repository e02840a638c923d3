"""What transcribers share: the trust rule, and how fillers are asked for."""

from collections.abc import Sequence
from typing import Literal

from pitchquest_assets.model import Transcript, Word

# Our own choice. Right captions were at 0.85 and more, half-wrong ones at 0.54 and less, but on the
# same seven recordings that `alignment` was calibrated on. Not checked against Whisper's figures.
MIN_TRUSTED_PROBABILITY = 0.75
# Whisper, here and at OpenAI, goes on in the style that it is shown, and drops fillers otherwise.
ENGLISH_FILLERS = "Um, so, uh, I mean, like, you know, er, hmm."

Engine = Literal["captions", "whisper", "pocketsphinx", "openai"]


def make_transcript(
    *,
    engine: Engine,
    model: str,
    language: str | None,
    words: Sequence[Word],
    untrusted: str,
    hint: str | None,
    trustworthy: bool = True,
    least_probability: float = MIN_TRUSTED_PROBABILITY,
) -> Transcript:
    """A transcript that is trusted when its mean word probability says so.

    Args:
        untrusted: the reason in words, used where the mean is below the threshold.
        trustworthy: False for an engine that is wrong too often, however sure it is.
        least_probability: the threshold, where an engine's figures mean something else.
        hint: how to get a better transcript; dropped where this one is trusted captions.
    """
    mean = sum(word.probability for word in words) / len(words) if words else None
    trusted = trustworthy and mean is not None and mean >= least_probability
    if mean is None:
        reason: str | None = "no words were recognised"
    elif trusted:
        reason = None
    elif not trustworthy:
        reason = untrusted
    else:
        reason = f"{untrusted}: mean word probability {mean:.2f}, {least_probability:.2g} needed"
    return Transcript(
        text=" ".join(word.text for word in words),
        words=[_to_the_millisecond(word) for word in words],
        language=language,
        engine=engine,
        model=model,
        mean_probability=mean,
        trusted=trusted,
        reason=reason,
        hint=None if trusted and engine == "captions" else hint,
    )


def _to_the_millisecond(word: Word) -> Word:
    times = {"start_seconds": word.start_seconds, "end_seconds": word.end_seconds}
    return word.model_copy(update={name: round(time, 3) for name, time in times.items()})


def no_transcript(reason: str, hint: str | None) -> Transcript:
    """The transcript of a video without usable speech, or with transcription switched off."""
    return Transcript(
        text="", words=[], language=None, engine="none", trusted=False, reason=reason, hint=hint
    )
