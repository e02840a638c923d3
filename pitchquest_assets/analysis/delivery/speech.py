"""What the measurements of a voice are made from, and why some of them cannot be made."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from pitchquest_assets.analysis.delivery import prosody
from pitchquest_assets.analysis.delivery.energy import VocalEnergy
from pitchquest_assets.analysis.delivery.fillers import find_fillers
from pitchquest_assets.analysis.delivery.hesitations import find_hesitations
from pitchquest_assets.analysis.delivery.pitch import varieties
from pitchquest_assets.analysis.spoken import spoken_times
from pitchquest_assets.analysis.windows import Windows
from pitchquest_assets.analysis.word_errors import why_unusable
from pitchquest_assets.media.levels import Levels
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Audio, Event, Transcript

MIN_SPEECH_SECONDS = 3.0
# How containers name an unknown language; it is read as English.
UNKNOWN = "und"


@dataclass(frozen=True)
class Speech:
    """Everything the measurements are made from."""

    audio: Audio
    transcript: Transcript
    spans: Sequence[Span]
    tracks: prosody.Tracks
    levels_db: Levels
    energy: VocalEnergy

    @cached_property
    def seconds(self) -> float:
        """Seconds of speech."""
        return sum(end - start for start, end in self.spans)

    @cached_property
    def talk(self) -> Windows:
        """The windows of the talk, from the first to the last voice."""
        first, last = (self.spans[0][0], self.spans[-1][1]) if self.spans else (0.0, 0.0)
        return Windows(last - first, first)

    @cached_property
    def minutes(self) -> float:
        """Minutes of the talk, from the first to the last voice."""
        return max(self.talk.duration_seconds, 0.001) / 60

    @cached_property
    def pauses(self) -> list[Span]:
        """Silent pauses between the first and the last speech."""
        return [(left[1], right[0]) for left, right in pairwise(self.spans)]

    @cached_property
    def spoken(self) -> list[float]:
        """When each word is spoken, in seconds; figures are said in several words."""
        return spoken_times(self.transcript.words, self.transcript.language)

    @cached_property
    def fillers(self) -> list[Event]:
        """Fillers: those that were transcribed, and those that were only heard."""
        words = self.transcript.words
        written = find_fillers(words)
        heard = find_hesitations(self.tracks, words, written)
        return sorted([*written, *heard], key=lambda event: event.start_seconds)

    @cached_property
    def pitch_varieties(self) -> dict[float, float]:
        """The pitch variety by the start of its window in seconds."""
        windows, tracks = self.talk, self.tracks
        f0 = np.where(tracks.voiced, tracks.f0_hz, np.nan)
        return varieties(f0, windows.starts_seconds, windows.length_seconds)

    @cached_property
    def no_voice(self) -> str | None:
        """Why nothing can be said about the voice, or None."""
        if not self.audio.payload:
            return self.audio.reason or "the video has no sound"
        if self.seconds < MIN_SPEECH_SECONDS:
            return f"only {self.seconds:.1f} s of speech were found"
        return None

    @cached_property
    def no_pitch(self) -> str | None:
        """Why nothing can be said about pitch, or None."""
        if self.no_voice or prosody.has_enough_voice(self.tracks):
            return self.no_voice
        return "too little voiced speech for pitch statistics"

    @cached_property
    def no_pace(self) -> str | None:
        """Why the words are not good enough for a pace, or None."""
        return self.no_voice or why_unusable(self.transcript, "pace")

    @cached_property
    def no_fillers(self) -> str | None:
        """Why nothing can be said about fillers, or None."""
        language = self.transcript.language
        reason = self.no_voice or why_unusable(self.transcript, "fillers")
        if reason or (language or UNKNOWN).startswith(("en", UNKNOWN)):
            return reason
        return f"only English fillers are known, and the language is {language!r}"
