"""PocketSphinx as a recogniser: ships with its model, but gets only two words in three right."""

import re
from collections.abc import Sequence
from typing import Any

from pitchquest_assets.engines.transcription.expected_errors import wordless_share
from pitchquest_assets.engines.transcription.trust import make_transcript
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.media.voice import Span, group_spans, voice_of
from pitchquest_assets.model import Audio, Transcript, Word

FRAMES_PER_SECOND = 100
CHUNK_SECONDS = 20.0
PADDING_SECONDS = 0.15
_VARIANT = re.compile(r"\(\d+\)$")


def transcribe_pocketsphinx(audio: Audio, hint: str) -> Transcript:
    """Transcribe with PocketSphinx: lower-case words, posterior probabilities; never trusted."""
    from pocketsphinx import Decoder

    voice = voice_of(audio)
    words = decode_spans(Decoder(loglevel="FATAL"), audio, group_spans(voice, CHUNK_SECONDS))
    return make_transcript(
        engine="pocketsphinx",
        model="pocketsphinx en-us",
        language="en",
        words=words,
        # Measured word error rates: 0.28 on read books, 0.65 on a synthetic voice.
        untrusted="PocketSphinx gets about one word in three wrong, too many to judge by",
        hint=hint,
        trustworthy=False,
        wordless_share=wordless_share(words, voice),
    )


def decode_spans(decoder: Any, audio: Audio, spans: Sequence[Span]) -> list[Word]:
    """Return the words in these spans of the sound, with times on the sound's clock."""
    words: list[Word] = []
    for start, end in spans:
        start = max(0.0, start - PADDING_SECONDS)
        decoder.start_utt()
        samples = read_samples(audio, start, end + PADDING_SECONDS)
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            continue
        words += [
            Word(
                text=_VARIANT.sub("", segment.word),
                start_seconds=start + segment.start_frame / FRAMES_PER_SECOND,
                end_seconds=start + (segment.end_frame + 1) / FRAMES_PER_SECOND,
                probability=min(1.0, segment.prob),
            )
            for segment in decoder.seg()
            if not segment.word.startswith(("<", "["))
        ]
    return words
