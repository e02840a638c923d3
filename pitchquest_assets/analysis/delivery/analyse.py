"""How a pitch was said: pace, pauses, fillers, pitch and loudness, with units and times.

Definitions and reference values: speech rate bands of the predecessor (slow < 110, fast > 160
wpm); silent pauses of at least 0.25 s (De Jong & Bosker 2013); articulation rate in syllables per
second of speech (De Jong & Wempe 2009); fillers per 100 words (Bortfeld 2001); pitch variety
quotient, PVQ (Hincks 2005).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from pitchquest_assets.analysis.curves import known
from pitchquest_assets.analysis.delivery import prosody
from pitchquest_assets.analysis.delivery.energy import (
    OFF,
    VocalEnergy,
    energy_series,
    measure_energy,
)
from pitchquest_assets.analysis.delivery.fillers import find_fillers
from pitchquest_assets.analysis.delivery.hesitations import find_hesitations
from pitchquest_assets.analysis.delivery.scores import pace_of, score_delivery
from pitchquest_assets.analysis.spoken import spoken_times
from pitchquest_assets.analysis.windows import Windows, typical_time
from pitchquest_assets.analysis.word_errors import why_unusable
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import (
    Audio,
    DeliveryAnalysis,
    Event,
    Measurement,
    Series,
    Transcript,
)

LONG_PAUSE_SECONDS = 2.0
MIN_SPEECH_SECONDS = 3.0
TIMELINE_STEP_SECONDS = 0.5
MAX_TIMELINE_POINTS = 600
# How containers name an unknown language; it is read as English.
UNKNOWN = "und"
# Engines that leave fillers out, so that their count is a lower bound.
FILLER_NOTES = {
    "whisper": ["a lower bound, Whisper drops most"],
    "openai": ["a lower bound, OpenAI's models drop most"],
    "captions": ["a lower bound, captions often leave them out"],
}


@dataclass(frozen=True)
class _Speech:
    """Everything the measurements are made from."""

    audio: Audio
    transcript: Transcript
    spans: Sequence[Span]
    tracks: prosody.Tracks
    energy: VocalEnergy

    @cached_property
    def seconds(self) -> float:
        """Seconds of speech."""
        return sum(end - start for start, end in self.spans)

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
        """Those that were transcribed, and those that were only heard."""
        words = self.transcript.words
        written = find_fillers(words)
        heard = find_hesitations(self.tracks, words, written)
        return sorted([*written, *heard], key=lambda event: event.start_seconds)

    @cached_property
    def pitch_varieties(self) -> dict[float, float]:
        """PVQ by the start of its window in seconds."""
        return prosody.pitch_varieties(self.tracks)

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


def analyse_delivery(
    audio: Audio, transcript: Transcript, energy: VocalEnergy = OFF
) -> DeliveryAnalysis:
    """Measure and score the voice; what cannot be measured is null with a reason.

    Args:
        audio: 16 kHz mono; without sound everything is null.
        transcript: needed for pace and fillers, which are null if too many words are expected to
            be wrong for them.
        energy: shown beside pitch and loudness, never scored.
    """
    spans = voice_of(audio)
    tracks = prosody.measure_tracks(iter_blocks(audio) if audio.payload else [], spans)
    speech = _Speech(audio, transcript, spans, tracks, energy)
    measurements = _measure(speech)
    typical = _typical_times(speech, measurements)
    scores = {
        name: score.model_copy(update={"time_seconds": typical[name]})
        for name, score in score_delivery(
            measurements, fillers_are_bound=transcript.engine in FILLER_NOTES
        ).items()
    }
    voice = [score.value for score in scores.values() if score.value is not None]
    return DeliveryAnalysis(
        speaking_pace=pace_of(measurements["speech_rate"].value),
        vocal_confidence=round(sum(voice) / len(voice), 1) if voice else None,
        measurements=measurements,
        scores=scores,
        events=_events(speech),
        timeline=_timeline(speech),
        speech=[(round(start, 3), round(end, 3)) for start, end in spans],
        emotion_model=energy.model,
        warnings=[*audio.warnings, *energy.warnings],
    )


def _measure(speech: _Speech) -> dict[str, Measurement]:
    return (
        _measure_words(speech)
        | _measure_pauses(speech)
        | _measure_voice(speech)
        | measure_energy(speech.energy, speech.no_voice)
    )


def _measure_words(speech: _Speech) -> dict[str, Measurement]:
    words = len(speech.spoken)
    minutes = max(speech.audio.duration_seconds, 0.001) / 60
    fillers = len(speech.fillers)
    reference = "; ".join(["below 4", *FILLER_NOTES.get(speech.transcript.engine, [])])
    uncounted = speech.no_fillers
    return {
        "speech_rate": known(words / minutes, "wpm", speech.no_pace, "110–160"),
        "fillers_per_minute": known(fillers / minutes, "1/min", uncounted),
        "fillers_per_100_words": known(
            100 * fillers / max(words, 1), "per 100 words", uncounted, reference
        ),
    }


def _measure_pauses(speech: _Speech) -> dict[str, Measurement]:
    reason = speech.no_voice
    minutes = max(speech.audio.duration_seconds, 0.001) / 60
    pauses = [end - start for start, end in speech.pauses]
    span = speech.spans[-1][1] - speech.spans[0][0] if speech.spans else 1.0
    long_pauses = sum(length > LONG_PAUSE_SECONDS for length in pauses)
    return {
        "pauses_per_minute": known(len(pauses) / minutes, "1/min", reason),
        "mean_pause": known(sum(pauses) / max(len(pauses), 1), "s", reason),
        "pause_ratio": known(sum(pauses) / span, "share of time", reason, "0.10–0.30"),
        "long_pauses": known(long_pauses, "over 2 s", reason),
        "long_pauses_per_minute": known(long_pauses / minutes, "1/min", reason),
    }


def _measure_voice(speech: _Speech) -> dict[str, Measurement]:
    tracks, reason = speech.tracks, speech.no_pitch
    if reason:
        f0 = semitones = levels = pauses = np.zeros(1)
        syllables, variety = 0, None
    else:
        f0 = tracks.f0_hz[tracks.voiced]
        semitones = tracks.semitones[tracks.voiced]
        levels = tracks.intensity_db[tracks.voiced]
        pauses = tracks.intensity_db[~tracks.in_speech]
        syllables = prosody.count_syllables(tracks)
        variety = prosody.pitch_variety(speech.pitch_varieties)
    rate = syllables / max(speech.seconds, 0.001)
    no_variety = reason or (None if variety is not None else "no 10 s window has 1 s of pitch")
    no_noise = reason or (None if pauses.size else "there is no silence to compare with")
    return {
        "articulation_rate": known(rate, "syllables/s", reason, "4–5.5 in English"),
        "pitch_median": known(float(np.median(f0)), "Hz", reason),
        "pitch_variety": known(variety, "PVQ", no_variety, "0.11–0.235 among speakers"),
        "pitch_sd": known(float(semitones.std()), "semitones", reason, "1.9–4.1"),
        "pitch_range": known(prosody.percentile_range(semitones), "semitones", reason),
        "loudness_sd": known(float(levels.std()), "dB, voiced", reason),
        "loudness_variation": known(prosody.percentile_range(levels), "dB, voiced", reason),
        "voice_over_background": known(
            float(np.median(levels) - np.median(pauses)) if pauses.size else None, "dB", no_noise
        ),
    }


def _typical_times(speech: _Speech, measured: dict[str, Measurement]) -> dict[str, float | None]:
    """For each sub-score, the start of the window that is most like the whole talk."""
    windows = Windows(speech.audio.duration_seconds)
    words = windows.rates_per_minute(speech.spoken)
    fillers = windows.rates_per_minute(event.start_seconds for event in speech.fillers)
    per_100_words = [100 * f / w if w else None for f, w in zip(fillers, words, strict=True)]
    starts, varieties = windows.starts_seconds, speech.pitch_varieties
    return {
        "pace": typical_time(starts, words, measured["speech_rate"].value),
        "pauses": typical_time(
            starts, windows.shares(speech.pauses), measured["pause_ratio"].value
        ),
        "fillers": typical_time(starts, per_100_words, measured["fillers_per_100_words"].value),
        "pitch_variety": typical_time(
            varieties, varieties.values(), measured["pitch_variety"].value
        ),
    }


def _events(speech: _Speech) -> list[Event]:
    if speech.no_voice:
        return []
    long_pauses = [
        Event(kind="long_pause", start_seconds=start, end_seconds=end, text=f"{end - start:.1f} s")
        for start, end in speech.pauses
        if end - start > LONG_PAUSE_SECONDS
    ]
    fillers = [] if speech.no_fillers else speech.fillers
    return sorted([*long_pauses, *fillers], key=lambda event: event.start_seconds)


def _timeline(speech: _Speech) -> dict[str, Series]:
    timeline = {}
    if not speech.no_pace:
        timeline["pace"] = _rolling_pace(speech)
    if not speech.no_pitch:
        tracks = speech.tracks
        step = max(TIMELINE_STEP_SECONDS, speech.audio.duration_seconds / MAX_TIMELINE_POINTS)
        loudness = np.where(tracks.in_speech, tracks.intensity_db, np.nan)
        for name, unit, values in (
            ("pitch", "semitones from the median", tracks.semitones),
            ("loudness", "dB", loudness),
        ):
            times, medians = prosody.resample(tracks, values, step)
            timeline[name] = Series(unit=unit, times_seconds=_rounded(times), values=medians)
    if energy := energy_series(speech.energy):
        timeline["vocal_energy"] = energy
    return timeline


def _rolling_pace(speech: _Speech) -> Series:
    """Words per minute in each rolling window, at its middle."""
    windows = Windows(speech.audio.duration_seconds)
    rates = windows.rates_per_minute(speech.spoken)
    return Series(
        unit="wpm",
        times_seconds=[round(middle, 2) for middle in windows.middles_seconds],
        values=[round(rate, 1) for rate in rates],
    )


def _rounded(times: prosody.Array) -> list[float]:
    return [round(float(time), 2) for time in times]
