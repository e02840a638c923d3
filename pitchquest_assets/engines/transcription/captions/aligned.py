"""Makes a transcript from captions: their words, with times from forced alignment."""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from pitchquest_assets.engines.transcription.alignment import AlignedWord, Aligner, fill_gaps, shift
from pitchquest_assets.engines.transcription.captions.times import (
    beyond_the_end,
    left_out_warning,
    moved,
    possible_shifts,
    shift_warning,
    within,
)
from pitchquest_assets.engines.transcription.script_alignment import align_by_anchors
from pitchquest_assets.engines.transcription.trust import make_transcript, no_transcript
from pitchquest_assets.media.caption_files import Cue
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import Audio, Transcript, Word

HINT = "check that the captions belong to this video"
CHUNK_SECONDS = 40.0
VOICE_MARGIN_SECONDS = 0.2
# This many words in a row that do not fit the sound were not said; fewer may be names. It is not
# exact: when 14 words were added to a script of 192, 6 true ones were removed with them.
UNHEARD_PROBABILITY = 0.25
UNHEARD_RUN_WORDS = 4
# Nobody speaks faster, so such captions belong to something longer.
MAX_WORDS_PER_SECOND = 8.0
MIN_WORDS = 50
# Up to this length, a text is aligned as one piece, at a cost of up to 80 CPU seconds. Anchors cost
# less but find less: with them, 5 readings of one script (385 s) were not trusted.
MAX_WHOLE_SECONDS = 1_200.0
# Captions are often a little early or late; the second margin is for those that are far off.
CUE_MARGINS_SECONDS = (0.3, 2.0)


def transcribe_captions(cues: Sequence[Cue], audio: Audio, language: str | None) -> Transcript:
    """Make a transcript of the captions' words, with times from the sound.

    A word's probability says how well the text fits the sound (see `alignment`), and is 0 if no
    voice is heard there. So the captions of another video give a transcript that is not trusted.
    Captions whose times are all off by the same amount are moved if the sound then bears them out;
    the warnings say so.
    """
    speech = voice_of(audio)
    if any(cue.start_seconds is None for cue in cues):
        return _transcript_of(cues, audio, speech, language)
    first = None
    for seconds in possible_shifts(cues, speech, audio.duration_seconds):
        transcript = _transcript_of_timed(cues, seconds, audio, speech, language)
        if transcript.trusted:
            return transcript
        first = first or transcript
    if reason := beyond_the_end(cues, audio.duration_seconds):
        return no_transcript(reason, hint=HINT).model_copy(update={"engine": "captions"})
    return first or no_transcript("no words were recognised", hint=HINT)


def _transcript_of_timed(
    cues: Sequence[Cue],
    shift_seconds: float,
    audio: Audio,
    speech: Sequence[Span],
    language: str | None,
) -> Transcript:
    """The transcript of the captions moved by these seconds, with a warning if they were."""
    placed = moved(cues, shift_seconds) if shift_seconds else cues
    kept = within(placed, audio.duration_seconds)
    transcript = _transcript_of(kept, audio, speech, language)
    warnings = [
        *shift_warning(shift_seconds),
        *left_out_warning(placed, kept),
        *transcript.warnings,
    ]
    return transcript.model_copy(update={"warnings": warnings})


def _transcript_of(
    cues: Sequence[Cue], audio: Audio, speech: Sequence[Span], language: str | None
) -> Transcript:
    written = [word for cue in cues for word in cue.text.split()]
    untrusted = "the captions do not fit the sound"
    if len(written) > max(MIN_WORDS, MAX_WORDS_PER_SECOND * audio.duration_seconds):
        untrusted = f"the captions hold {len(written)} words, more than anyone says in that time"
        aligned = fill_gaps(written, [None] * len(written), 0.0, audio.duration_seconds)
    elif all(cue.start_seconds is not None for cue in cues):
        aligner = Aligner()
        aligned = [word for chunk in _chunks(cues) for word in _align_chunk(aligner, chunk, audio)]
    else:
        aligned = _align_whole(Aligner(), audio, written)
    transcript = make_transcript(
        engine="captions",
        model="pocketsphinx en-us (forced alignment)",
        language=language,
        words=[
            Word(
                text=word.text,
                start_seconds=word.start_seconds,
                end_seconds=word.end_seconds,
                probability=word.probability if _is_spoken(word, speech) else 0.0,
            )
            for word in _in_order(aligned)
        ],
        untrusted=untrusted,
        hint=HINT,
    )
    return _without_unheard(transcript) if transcript.trusted else transcript


def _without_unheard(transcript: Transcript) -> Transcript:
    """Remove runs of words that were not said, and warn how many."""
    heard: list[Word] = []
    unheard = 0
    for is_weak, group in groupby(transcript.words, lambda w: w.probability < UNHEARD_PROBABILITY):
        run = list(group)
        if is_weak and len(run) >= UNHEARD_RUN_WORDS:
            unheard += len(run)
        else:
            heard += run
    if not unheard:
        return transcript
    warning = f"{unheard} words of the captions are not heard in the sound and are left out"
    text = " ".join(word.text for word in heard)
    return transcript.model_copy(update={"words": heard, "text": text, "warnings": [warning]})


def _align_whole(aligner: Aligner, audio: Audio, written: list[str]) -> list[AlignedWord]:
    if audio.duration_seconds <= MAX_WHOLE_SECONDS:
        aligned = aligner.align(read_samples(audio), written)
        if aligned:
            return aligned
    return align_by_anchors(aligner, audio, written)


def _chunks(cues: Sequence[Cue]) -> Iterable[list[Cue]]:
    chunk: list[Cue] = []
    for cue in cues:
        if chunk and _end(cue) - _start(chunk[0]) > CHUNK_SECONDS:
            yield chunk
            chunk = []
        chunk.append(cue)
    if chunk:
        yield chunk


def _align_chunk(aligner: Aligner, chunk: Sequence[Cue], audio: Audio) -> list[AlignedWord]:
    written = [word for cue in chunk for word in cue.text.split()]
    for margin in CUE_MARGINS_SECONDS:
        start = max(0.0, _start(chunk[0]) - margin)
        end = min(audio.duration_seconds, _end(chunk[-1]) + margin)
        samples = read_samples(audio, start, end)
        if aligned := aligner.align(samples, written):
            return shift(aligned, start)
    if len(chunk) > 1:
        return [word for cue in chunk for word in _align_chunk(aligner, [cue], audio)]
    return fill_gaps(written, [None] * len(written), _start(chunk[0]), _end(chunk[0]))


def _is_spoken(word: AlignedWord, speech: Sequence[Span]) -> bool:
    """Whether a voice is heard during the word or close to it."""
    return any(
        start - VOICE_MARGIN_SECONDS <= word.end_seconds
        and word.start_seconds <= end + VOICE_MARGIN_SECONDS
        for start, end in speech
    )


def _start(cue: Cue) -> float:
    return cue.start_seconds or 0.0


def _end(cue: Cue) -> float:
    return cue.end_seconds or 0.0


def _in_order(words: Sequence[AlignedWord]) -> list[AlignedWord]:
    """Move words of overlapping chunks, so that none starts before its predecessor."""
    ordered = list(words[:1])
    for _, word in pairwise(words):
        start = max(word.start_seconds, ordered[-1].start_seconds)
        ordered.append(
            AlignedWord(word.text, start, max(start, word.end_seconds), word.probability)
        )
    return ordered
