"""The three analyses of the invented pitch, whole or without one measurement."""

from typing import Any

import numpy as np

from pitchquest_assets.model import (
    ContentAnalysis,
    DeliveryAnalysis,
    Event,
    Evidence,
    Measurement,
    RubricItem,
    Score,
    Series,
    VisualAnalysis,
)
from pitchquest_assets_tests.support.factories.media import NO_PICTURE
from pitchquest_assets_tests.support.factories.transcripts import duration_of, second_of, words_of


def delivery_analysis(**overrides: Any) -> DeliveryAnalysis:
    words = words_of()
    duration = duration_of(words)
    pause = second_of("Growers", words)
    values: dict[str, Any] = {
        "speaking_pace": "optimal",
        "vocal_confidence": 6.9,
        "measurements": {
            "speech_rate": Measurement(value=135.6, unit="wpm", reference="110–160"),
            "articulation_rate": Measurement(value=4.6, unit="syll/s", reference="4–5.5"),
            "pauses_per_minute": Measurement(value=11.8, unit="1/min"),
            "mean_pause": Measurement(value=0.71, unit="s"),
            "pause_ratio": Measurement(value=0.14, unit="share"),
            "fillers_per_100_words": Measurement(
                value=1.7, unit="per 100 words", reference="< 4; a lower bound with Whisper"
            ),
            "pitch_variety": Measurement(value=0.19, unit="SD/mean", reference="0.11–0.235"),
            "pitch_range": Measurement(value=9.4, unit="semitones"),
            "loudness_range": Measurement(value=14.2, unit="dB"),
            "hnr": Measurement(value=None, unit="dB", reason="too little steady voicing"),
        },
        "scores": {
            "pace": Score(value=8.8, basis="136 wpm, usual is 110–160"),
            "pauses": Score(value=5.5, basis="1 pause over 2 s, mean pause 0.71 s"),
            "fillers": Score(value=6.2, basis="1.7 fillers per 100 words"),
            "pitch_variety": Score(value=7.1, basis="pitch variety 0.19, usual is 0.11–0.235"),
        },
        "events": [
            Event(
                kind="long_pause",
                start_seconds=pause - 2.7,
                end_seconds=pause,
                text="a pause of 2.7 s",
            ),
            Event(
                kind="filler",
                start_seconds=second_of("Um,", words),
                end_seconds=second_of("Um,", words) + 0.3,
                text="um",
            ),
            Event(
                kind="filler",
                start_seconds=second_of("You know,", words),
                end_seconds=second_of("You know,", words) + 0.6,
                text="you know",
            ),
        ],
        "timeline": voice_timeline(duration, gap=(pause - 2.7, pause)),
        "speech": [(0.6, pause - 2.7), (pause, duration - 1.2)],
    }
    return DeliveryAnalysis(**(values | overrides))


def voice_timeline(duration_seconds: float, gap: tuple[float, float]) -> dict[str, Series]:
    """Pace every 5 s, pitch and loudness every 0.5 s, null in the gap."""
    slow = np.arange(2.5, duration_seconds, 5.0)
    quick = np.arange(0.25, duration_seconds, 0.5)
    silent = (quick >= gap[0]) & (quick <= gap[1])
    pitch = 2.2 * np.sin(quick * 0.9) + 1.1 * np.sin(quick * 2.3)
    loudness = 64 + 3 * np.sin(quick * 0.5) + 2 * np.sin(quick * 3.1)
    return {
        "pace": _series("wpm", slow, 136 + 24 * np.sin(slow / 7)),
        "pitch": _series("semitones", quick, pitch, silent),
        "loudness": _series("dB", quick, loudness, silent),
    }


def _series(unit: str, times: Any, values: Any, missing: Any = None) -> Series:
    numbers = [round(float(value), 2) for value in values]
    holes = [False] * len(numbers) if missing is None else list(missing)
    return Series(
        unit=unit,
        times_seconds=[round(float(time), 2) for time in times],
        values=[None if hole else number for number, hole in zip(numbers, holes, strict=True)],
    )


def unmeasured_delivery(reason: str) -> DeliveryAnalysis:
    """A delivery analysis in which everything is null for one reason."""
    whole = delivery_analysis()
    return DeliveryAnalysis(
        speaking_pace=None,
        vocal_confidence=None,
        measurements={
            name: Measurement(value=None, unit=one.unit, reason=reason, reference=one.reference)
            for name, one in whole.measurements.items()
        },
        scores={name: Score(value=None, reason=reason) for name in whole.scores},
    )


def visual_analysis(**overrides: Any) -> VisualAnalysis:
    duration = duration_of(words_of())
    times = np.arange(0.0, duration, 1.5)
    lost = (times > 31) & (times < 36)
    values: dict[str, Any] = {
        "frames_analyzed": 50,
        "body_language_score": 8.2,
        "detector": "yunet_2026may",
        "measurements": {
            "face_presence": Measurement(value=0.94, unit="share", reference="≥ 0.9"),
            "camera_facing": Measurement(value=0.81, unit="share"),
            "face_height": Measurement(value=0.31, unit="share of height", reference="0.2–0.5"),
            "smile": Measurement(value=None, unit="share", reason="the landmarks are too small"),
            "brightness": Measurement(value=118.0, unit="0–255", reference="80–180"),
        },
        "scores": {
            "presence": Score(value=9.0, basis="a face in 94 % of 50 frames"),
            "framing": Score(value=8.0, basis="centred in 45 of 47 frames"),
            "picture_quality": Score(value=7.6, basis="bright and sharp, 1 dark span"),
            "expression": Score(value=None, reason="the landmarks are too small"),
        },
        "events": [
            Event(kind="face lost", start_seconds=31.5, end_seconds=35.5, text="no face for 4 s"),
            Event(kind="too far", start_seconds=42.0, end_seconds=46.5, text="face 9 % of height"),
            Event(kind="cut", start_seconds=40.5, end_seconds=40.5, text="the scene changes"),
        ],
        "timeline": {
            "face": _series("share", times, np.where(lost, 0.0, 1.0)),
            "camera_facing": _series("share", times, 0.5 + 0.4 * np.sin(times / 5), lost),
            "brightness": _series("0–255", times, 118 + 9 * np.sin(times / 9)),
            "face_height": _series("share", times, 0.31 + 0.03 * np.sin(times / 4), lost),
        },
        "notable_frames": ["0004.jpg", "0024.jpg", "0032.jpg"],
    }
    return VisualAnalysis(**(values | overrides))


def unmeasured_visual(reason: str) -> VisualAnalysis:
    """A visual analysis in which everything is null for one reason."""
    whole = visual_analysis()
    return VisualAnalysis(
        frames_analyzed=0 if reason == NO_PICTURE else 50,
        body_language_score=None,
        detector=None,
        measurements={
            name: Measurement(value=None, unit=one.unit, reason=reason, reference=one.reference)
            for name, one in whole.measurements.items()
        },
        scores={name: Score(value=None, reason=reason) for name in whole.scores},
    )


# name | title | score | looked for | signs found | quotes
ITEMS = """
problem_clarity | Problem | 5 | who has it, how often, what it costs | who, how often, cost | Every winter, one greenhouse in five loses its crop
solution_fit | Solution and value | 4 | what it is, what it does, what is better | product, what it does | We built Ember.
market_opportunity | Market | 4 | how many customers, their spending, a total | customers, total | There are ninety thousand greenhouses in Europe, / That is a market of five hundred and forty million euros.
why_now | Why now | 0 | what changed that makes it possible today | |
competition | Competition | 3 | who else, and what differs | competitors | Our competitors sell climate computers
business_model | Business model | 3 | who pays, how much, how often | price | we cost forty euros a month,
traction | Traction | 4 | customers, revenue, growth, with numbers | paying customers, retention | We have fourteen paying growers,
team | Team | 3 | who, and why these people | founder's history | I grew tomatoes for eight years.
ask | Ask | 5 | how much, for what, by when | amount, goal, date | We are raising eight hundred thousand euros
clarity | Clarity and structure | | order, sentence length, a closing line | |
"""  # noqa: E501


def rubric_items(reason: str | None = None) -> list[RubricItem]:
    """The ten items; with a reason, none of them is scored."""
    items = []
    for line in ITEMS.strip().splitlines():
        name, title, score, looked_for, found, quotes = (cell.strip() for cell in line.split("|"))
        scored = bool(score) and reason is None
        items.append(
            RubricItem(
                name=name,
                title=title,
                score=int(score) if scored else None,
                reason=None if scored else reason or "too few sentences to judge structure",
                looked_for=looked_for,
                found=found.split(", ") if found and scored else [],
                evidence=[
                    Evidence(quote=quote, time_seconds=second_of(quote))
                    for quote in quotes.split(" / ")
                    if quote and scored
                ],
            )
        )
    return items


def content_analysis(reason: str | None = None, **overrides: Any) -> ContentAnalysis:
    """The ten items and the flat fields that repeat them; with a reason, none is scored."""
    items = overrides.get("items") or rubric_items(reason)
    values: dict[str, Any] = {item.name: item.score for item in items}
    return ContentAnalysis(**(values | {"judge": "rules", "items": items} | overrides))
