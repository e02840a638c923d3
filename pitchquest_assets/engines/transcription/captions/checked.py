"""Makes a transcript of captions that are checked against what Whisper heard.

What was said is taken from the captions where they fit, and from Whisper where they do not.
"""

from collections.abc import Sequence

from pitchquest_assets.engines.transcription.alignment import AlignedWord, fill_gaps
from pitchquest_assets.engines.transcription.captions.agreement import Agreement, Said, compare
from pitchquest_assets.engines.transcription.captions.aligned import HINT
from pitchquest_assets.engines.transcription.captions.cues import check_cues, cue_warnings
from pitchquest_assets.engines.transcription.captions.expected_errors import expected_wer_of_checked
from pitchquest_assets.engines.transcription.captions.placement import LANGUAGES, place
from pitchquest_assets.engines.transcription.captions.times import beyond_the_end
from pitchquest_assets.engines.transcription.trust import make_transcript
from pitchquest_assets.media.caption_files import Cue
from pitchquest_assets.media.voice import voice_of
from pitchquest_assets.model import Audio, Transcript, Word

# With less, the captions more likely belong to something else.
MIN_FITTING = 1 / 3
# Nobody says more in an hour, and more would take minutes to compare.
MAX_WORDS = 30_000
# How often captions' words in a stretch that fits were said, from the table in docs/scoring.md.
BORNE_OUT_PROBABILITY = 0.99
UNHEARD_PROBABILITY = 0.9


def check_captions(cues: Sequence[Cue], audio: Audio, heard: Transcript) -> Transcript:
    """Make a transcript of what captions and Whisper say was said.

    If less than a third of the captions fits, they are refused: all their words stay, but none of
    them is trusted.

    Args:
        cues: with times or without; times only matter for the warnings.
        heard: what Whisper heard in the same sound.
    """
    texts = [word for cue in cues for word in cue.text.split()]
    if len(texts) > MAX_WORDS:
        too_many = f"the captions hold {len(texts)} words, more than anyone says in an hour"
        return _refused(cues, audio, heard, too_many, borne_out=0.0)
    agreement = compare(texts, heard.words, voice_of(audio))
    if agreement.fits < MIN_FITTING:
        why = _why_refused(cues, agreement, audio, heard)
        return _refused(cues, audio, heard, why, agreement.borne_out)
    said = agreement.said
    placed = place(said, texts, heard.words, audio, heard.language)
    aligned = ", placed by pocketsphinx en-us" if heard.language in LANGUAGES else ""
    return make_transcript(
        engine="captions",
        model=f"checked by whisper {heard.model}{aligned}",
        model_source=heard.model_source,
        language=heard.language,
        words=[_word(one, word, heard) for one, word in zip(said, placed, strict=True)],
        untrusted="the captions fit only in part, and Whisper is not sure of the rest",
        hint=HINT,
        borne_out=agreement.borne_out,
        expected_errors=expected_wer_of_checked(said, heard.expected_wer),
        warnings=[
            *cue_warnings(check_cues(cues, said, placed)),
            *_heard_warnings(agreement),
        ],
    )


def _word(said: Said, placed: AlignedWord, heard: Transcript) -> Word:
    """One word with its time, how sure it is, and which engine it came from."""
    if said.written is None:
        engine, probability = "whisper", heard.words[said.heard[0]].probability
    else:
        engine = "captions"
        probability = BORNE_OUT_PROBABILITY if said.heard else UNHEARD_PROBABILITY
    return Word(
        text=placed.text,
        start_seconds=placed.start_seconds,
        end_seconds=placed.end_seconds,
        probability=probability,
        engine=engine,
    )


def _refused(
    cues: Sequence[Cue], audio: Audio, heard: Transcript, why: str, borne_out: float
) -> Transcript:
    """All words of the captions, at the times that the captions claim; none is trusted."""
    words: list[Word] = []
    if any(cue.start_seconds is None for cue in cues):
        cues = [Cue(" ".join(cue.text for cue in cues))]
    for cue in cues:
        written = cue.text.split()
        end = audio.duration_seconds if cue.end_seconds is None else cue.end_seconds
        words += (
            Word(
                text=word.text,
                start_seconds=word.start_seconds,
                end_seconds=word.end_seconds,
                probability=0.0,
            )
            for word in fill_gaps(written, [None] * len(written), cue.start_seconds or 0.0, end)
        )
    return make_transcript(
        engine="captions",
        model=f"checked by whisper {heard.model}",
        model_source=heard.model_source,
        language=heard.language,
        words=words,
        untrusted=why,
        hint=HINT,
        trustworthy=False,
        warnings=heard.warnings,
        borne_out=borne_out,
    )


def _why_refused(cues: Sequence[Cue], agreement: Agreement, audio: Audio, heard: Transcript) -> str:
    if not heard.words:
        return f"the captions could not be checked: {heard.reason}"
    if all(cue.start_seconds is not None for cue in cues) and (
        reason := beyond_the_end(cues, audio.duration_seconds)
    ):
        return reason
    doubt = "" if heard.trusted else f" ({heard.reason})"
    return (
        "the captions do not fit the sound: less than a third of them was said in it, and Whisper "
        f"heard {agreement.borne_out:.0%} of their words{doubt}"
    )


def _heard_warnings(agreement: Agreement) -> list[str]:
    """Say what Whisper heard that is not in the captions."""
    warnings = []
    if added := sum(one.written is None for one in agreement.said):
        words = "1 word was" if added == 1 else f"{added} words were"
        warnings.append(f"{words} heard by Whisper that the captions do not have")
    if agreement.around:
        words = "1 word" if agreement.around == 1 else f"{agreement.around} words"
        warnings.append(
            f"{words} at the very start or end are not in the captions and are left out, as so few "
            "may be cut off or made up"
        )
    return warnings
