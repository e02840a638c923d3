"""How a pitch was said: pace, pauses, fillers, pitch and loudness, with units and times.

All rates per minute are per minute of the talk, which lasts from the first voice to the last:
silence before and after it changes nothing. docs/measurements.md has each definition and its
source.
"""

from collections.abc import Iterable

import numpy as np

from pitchquest_assets.analysis.curves import known
from pitchquest_assets.analysis.delivery import prosody
from pitchquest_assets.analysis.delivery.background import voice_over_background
from pitchquest_assets.analysis.delivery.energy import (
    OFF,
    VocalEnergy,
    energy_series,
    measure_energy,
)
from pitchquest_assets.analysis.delivery.pitch import (
    SEMITONES_PER_QUOTIENT,
    Array,
    spread_of,
)
from pitchquest_assets.analysis.delivery.scores import pace_of, score_delivery
from pitchquest_assets.analysis.delivery.speech import Speech
from pitchquest_assets.analysis.references import Bounds, bounds_of, side_of
from pitchquest_assets.analysis.windows import typical_time
from pitchquest_assets.media.pauses import between_pauses
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.media.voice import hear
from pitchquest_assets.model import (
    Audio,
    DeliveryAnalysis,
    Event,
    Measurement,
    Series,
    Transcript,
)

LONG_PAUSE_SECONDS = 2.0
WORDS_PER_MINUTE = "wpm, first to last voice"
PER_MINUTE = "per minute, first to last voice"
TIMELINE_STEP_SECONDS = 0.5
MAX_TIMELINE_POINTS = 600
# Engines that leave fillers out, so that their count is a lower bound.
FILLER_NOTES = {
    "whisper": ["a lower bound, Whisper drops most"],
    "openai": ["a lower bound, OpenAI's models drop most"],
    "captions": ["a lower bound, captions often leave them out"],
}


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
    heard = hear(audio)
    spans = between_pauses(heard)
    tracks = prosody.measure_tracks(lambda: iter_blocks(audio) if audio.payload else [], spans)
    speech = Speech(audio, transcript, spans, tracks, heard.levels_db, energy)
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


def _measure(speech: Speech) -> dict[str, Measurement]:
    return (
        _measure_words(speech)
        | _measure_pauses(speech)
        | _measure_voice(speech)
        | measure_energy(speech.energy, speech.no_voice)
    )


def _measure_words(speech: Speech) -> dict[str, Measurement]:
    words = len(speech.spoken)
    minutes = speech.minutes
    fillers = len(speech.fillers)
    reference = "; ".join(["below 4", *FILLER_NOTES.get(speech.transcript.engine, [])])
    uncounted = speech.no_fillers
    return {
        "speech_rate": known(words / minutes, WORDS_PER_MINUTE, speech.no_pace, "110–160"),
        "fillers_per_minute": known(fillers / minutes, PER_MINUTE, uncounted),
        "fillers_per_100_words": known(
            100 * fillers / max(words, 1), "per 100 words", uncounted, reference
        ),
    }


def _measure_pauses(speech: Speech) -> dict[str, Measurement]:
    reason = speech.no_voice
    minutes = speech.minutes
    pauses = [end - start for start, end in speech.pauses]
    long_pauses = sum(length > LONG_PAUSE_SECONDS for length in pauses)
    return {
        "pauses_per_minute": known(len(pauses) / minutes, PER_MINUTE, reason),
        "mean_pause": known(sum(pauses) / max(len(pauses), 1), "s", reason),
        "pause_ratio": known(sum(pauses) / (60 * minutes), "share of time", reason, "0.10–0.30"),
        "long_pauses": known(long_pauses, "over 2 s", reason),
        "long_pauses_per_minute": known(long_pauses / minutes, PER_MINUTE, reason, "below 1"),
    }


def _measure_voice(speech: Speech) -> dict[str, Measurement]:
    tracks, reason = speech.tracks, speech.no_pitch
    if reason:
        f0 = np.ones(1)
        semitones = levels = np.zeros(1)
        syllables = 0
    else:
        f0 = tracks.f0_hz[tracks.voiced]
        semitones = tracks.semitones[tracks.voiced]
        levels = tracks.intensity_db[tracks.voiced]
        syllables = prosody.count_syllables(tracks)
    spread = spread_of(f0)
    rate = syllables / max(speech.seconds, 0.001)
    return {
        "articulation_rate": known(rate, "syllables/s", reason, "4–5.5 in English"),
        "pitch_median": known(float(np.median(f0)), "Hz", reason),
        "pitch_variety": known(
            spread / SEMITONES_PER_QUOTIENT,
            "PVQ, semitones / 17.31",
            reason,
            "0.11–0.235 among speakers",
        ),
        "pitch_sd": known(spread, "semitones", reason, "1.9–4.1"),
        "pitch_range": known(prosody.percentile_range(semitones), "semitones", reason),
        "loudness_sd": known(float(levels.std()), "dB, voiced", reason),
        "loudness_variation": known(prosody.percentile_range(levels), "dB, voiced", reason),
        "voice_over_background": known(
            voice_over_background(speech.levels_db, speech.spans), "dB", speech.no_voice
        ),
    }


def _typical_times(speech: Speech, measured: dict[str, Measurement]) -> dict[str, float | None]:
    """For each sub-score, the start of the window that is most like the whole talk."""
    windows = speech.talk
    words = windows.rates_per_minute(speech.spoken)
    fillers = windows.rates_per_minute(event.start_seconds for event in speech.fillers)
    per_100_words = [100 * f / w if w else None for f, w in zip(fillers, words, strict=True)]
    starts, varieties = windows.starts_seconds, speech.pitch_varieties
    return {
        "pace": _typical(starts, words, measured["speech_rate"]),
        "pauses": _typical(starts, windows.shares(speech.pauses), measured["pause_ratio"]),
        "fillers": _typical(starts, per_100_words, measured["fillers_per_100_words"]),
        "pitch_variety": _typical(varieties, varieties.values(), measured["pitch_variety"]),
    }


def _typical(
    starts_seconds: Iterable[float], values: Iterable[float | None], measured: Measurement
) -> float | None:
    """The start of the window most like the whole; if the whole is usual, of the usual ones."""
    bounds = bounds_of(measured.reference) if side_of(measured) is None else Bounds()
    fitting = [None if v is None or bounds.side(v) is not None else v for v in values]
    return typical_time(starts_seconds, fitting, measured.value)


def _events(speech: Speech) -> list[Event]:
    if speech.no_voice:
        return []
    long_pauses = [
        Event(kind="long_pause", start_seconds=start, end_seconds=end, text=f"{end - start:.1f} s")
        for start, end in speech.pauses
        if end - start > LONG_PAUSE_SECONDS
    ]
    fillers = [] if speech.no_fillers else speech.fillers
    return sorted([*long_pauses, *fillers], key=lambda event: event.start_seconds)


def _timeline(speech: Speech) -> dict[str, Series]:
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


def _rolling_pace(speech: Speech) -> Series:
    """Words per minute in each rolling window, at its middle."""
    windows = speech.talk
    rates = windows.rates_per_minute(speech.spoken)
    return Series(
        unit=WORDS_PER_MINUTE,
        times_seconds=[round(middle, 2) for middle in windows.middles_seconds],
        values=[round(rate, 1) for rate in rates],
    )


def _rounded(times: Array) -> list[float]:
    return [round(float(time), 2) for time in times]
