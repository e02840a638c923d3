"""The transcript from captions: their words, with times from forced alignment."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pitchquest_assets.analysis.captions import Cue
from pitchquest_assets.analysis.sound import iter_blocks, read_samples
from pitchquest_assets.analysis.vad import Span, speech_spans
from pitchquest_assets.engines.alignment import AlignedWord, Aligner, fill_gaps, shift
from pitchquest_assets.engines.anchors import align_by_anchors
from pitchquest_assets.engines.transcripts import make_transcript
from pitchquest_assets.model import Audio, Transcript, Word

CHUNK_SECONDS = 40.0
VOICE_MARGIN_SECONDS = 0.2
# Captions come a little early or late; the second margin is for those that are far off.
CUE_MARGINS_SECONDS = (0.3, 2.0)


def transcribe_captions(cues: Sequence[Cue], audio: Audio, language: str | None) -> Transcript:
    """The captions' words, placed on the sound.

    A word's probability says how well the text fits the sound there (see `alignment`), and is 0
    where there is no voice, so captions of another video end as a transcript that is not trusted.
    """
    aligner = Aligner()
    if all(cue.start_seconds is not None for cue in cues):
        aligned = [word for chunk in _chunks(cues) for word in _align_chunk(aligner, chunk, audio)]
    else:
        written = [word for cue in cues for word in cue.text.split()]
        samples = read_samples(audio)
        aligned = aligner.align(samples, written) or align_by_anchors(aligner, audio, written)
    speech = speech_spans(iter_blocks(audio))
    return make_transcript(
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
        untrusted="the captions do not fit the sound",
        hint="check that the captions belong to this video",
    )


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
    """Whether a voice is heard during the word, give or take a little."""
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
    """Words whose margins overlapped are moved so that none starts before its predecessor."""
    ordered = list(words[:1])
    for _, word in pairwise(words):
        start = max(word.start_seconds, ordered[-1].start_seconds)
        ordered.append(
            AlignedWord(word.text, start, max(start, word.end_seconds), word.probability)
        )
    return ordered
