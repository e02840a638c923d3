"""Aligns a text that follows the sound only roughly: a script that the speaker strayed from.

A language model built from the text itself recognises what was said. Runs of words that the text
and the recognition share are anchors; the text between two anchors is aligned between their times.
"""

import tempfile
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from pitchquest_assets.engines.transcription.alignment import (
    ANCHOR_WORDS,
    AlignedWord,
    Aligner,
    fill_gaps,
    shift,
)
from pitchquest_assets.engines.transcription.pocketsphinx import decode_spans
from pitchquest_assets.engines.transcription.pronunciation import spoken_words
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.media.voice import group_spans, voice_of
from pitchquest_assets.model import Audio, Word

CHUNK_SECONDS = 20.0
MARGIN_SECONDS = 0.2


def align_by_anchors(aligner: Aligner, audio: Audio, words: Sequence[str]) -> list[AlignedWord]:
    """Find the time of each word of the text; words that were not said get probability 0."""
    spoken = [(index, said) for index, word in enumerate(words) for said in spoken_words(word)]
    heard = _recognise(audio, [said for _, said in spoken])
    aligned: list[AlignedWord | None] = [None] * len(words)
    matcher = SequenceMatcher(
        a=[said for _, said in spoken], b=[word.text for word in heard], autojunk=False
    )
    for first, match, size in matcher.get_matching_blocks():
        if size < ANCHOR_WORDS:
            continue
        indices = sorted({index for index, _ in spoken[first : first + size]})
        start = max(0.0, heard[match].start_seconds - MARGIN_SECONDS)
        end = heard[match + size - 1].end_seconds + MARGIN_SECONDS
        run = [words[index] for index in indices]
        placed = aligner.align(read_samples(audio, start, end), run)
        for index, word in zip(indices, shift(placed or [], start), strict=False):
            aligned[index] = word
    _align_between(aligner, audio, words, aligned)
    return fill_gaps(words, aligned, 0.0, audio.duration_seconds)


def _align_between(
    aligner: Aligner, audio: Audio, words: Sequence[str], aligned: list[AlignedWord | None]
) -> None:
    index = 0
    while index < len(words):
        if aligned[index] is not None:
            index += 1
            continue
        stop = next((i for i in range(index, len(words)) if aligned[i]), len(words))
        before = aligned[index - 1] if index else None
        after = aligned[stop] if stop < len(words) else None
        start = before.end_seconds if before else 0.0
        end = after.start_seconds if after else audio.duration_seconds
        placed = aligner.align(read_samples(audio, start, end), words[index:stop])
        if placed:
            aligned[index:stop] = shift(placed, start)
        index = stop


def _recognise(audio: Audio, spoken: Sequence[str]) -> list[Word]:
    from pocketsphinx import Decoder
    from pocketsphinx.lm import ArpaBoLM

    if not spoken:
        return []
    model = ArpaBoLM(text=" ".join(spoken), add_start=True)
    model.compute()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.lm"
        if not model.write_file(str(path)):
            raise OSError(f"the language model cannot be written to {path}")
        decoder = Decoder(loglevel="FATAL", lm=str(path))
    spans = group_spans(voice_of(audio), CHUNK_SECONDS)
    return decode_spans(decoder, audio, spans)
