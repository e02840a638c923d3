"""Realistic values for tests; each factory takes overrides of its value's own fields.

The pitch is invented; its numbers agree with each other.
"""

import io
import itertools
import math
import zipfile
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pitchquest_assets.model import (
    ContentAnalysis,
    Costs,
    DeliveryAnalysis,
    Event,
    Evidence,
    Feedback,
    FeedbackLists,
    Frame,
    Frames,
    Measurement,
    ModelsUsed,
    PartScore,
    PitchResult,
    ResultMetadata,
    Results,
    Rubric,
    RubricItem,
    Score,
    Series,
    SourceVideo,
    Transcript,
    VisualAnalysis,
    Word,
)
from pitchquest_assets.vendor_calls import Call, Reply, Usage

NO_SOUND = "the file has no sound"
NO_PICTURE = "the file has no picture"
UNTRUSTED = "the mean word probability is 0.31, below 0.60: the words may be wrong"

SCRIPT = """
Every winter, one greenhouse in five loses its crop because the boiler fails at night and nobody
notices. Growers drive out at three in the morning to read a thermometer. We built Ember. Um, it is
a sensor the size of a coin that feels the boiler's vibration and calls you two hours before it
fails. There are ninety thousand greenhouses in Europe, and each one loses six thousand euros a
year. That is a market of five hundred and forty million euros. Our competitors sell climate
computers that cost twenty thousand euros. You know, we cost forty euros a month, and it sticks on
with a magnet. We have fourteen paying growers, and not one has left since March. I grew tomatoes
for eight years. My co-founder built vibration sensors for wind turbines. We are raising eight
hundred thousand euros to reach five hundred growers by next winter. Come and keep them warm.
"""
SECONDS_PER_WORD = 0.34
FILLERS = {"um", "uh"}


def words_of(script: str = SCRIPT, start_seconds: float = 0.6) -> list[Word]:
    """The words of a script at an even pace, with a pause after each sentence."""
    words, clock = [], start_seconds
    for index, text in enumerate(script.split()):
        length = SECONDS_PER_WORD * (0.6 + 0.08 * min(len(text), 9))
        probability = 0.42 if index % 37 == 23 else 0.97 - 0.02 * (index % 5)
        words.append(
            Word(
                text=text,
                start_seconds=round(clock, 2),
                end_seconds=round(clock + length, 2),
                probability=round(probability, 2),
            )
        )
        clock += length + (0.55 if text.endswith(".") else 0.05)
        clock += 2.1 if text == "notices." else 0.0
    return words


def second_of(text: str, words: list[Word] | None = None) -> float:
    """When the first of these words starts, seconds."""
    words = words if words is not None else words_of()
    wanted = text.split()
    for index in range(len(words)):
        if [word.text for word in words[index : index + len(wanted)]] == wanted:
            return words[index].start_seconds
    raise ValueError(f"{text!r} is not in the script")


def duration_of(words: list[Word]) -> float:
    """A duration that holds these words, seconds."""
    return round(words[-1].end_seconds + 1.2, 2) if words else 60.0


def source_video(**overrides: Any) -> SourceVideo:
    values: dict[str, Any] = {
        "video_id": "ember-pitch-3f2a",
        "filename": "ember_pitch.mp4",
        "path": "ember_pitch.mp4",
        "captions_path": "ember_pitch.vtt",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "size_bytes": 18_432_117,
        "container": "mov",
        "duration_seconds": duration_of(words_of()),
        "has_video": True,
        "has_audio": True,
        "video_codec": "h264",
        "audio_codec": "aac",
        "width_px": 1280,
        "height_px": 720,
        "fps": 30.0,
    }
    return SourceVideo(**(values | overrides))


def transcript_value(**overrides: Any) -> Transcript:
    words = overrides.get("words", words_of())
    values: dict[str, Any] = {
        "text": " ".join(word.text for word in words),
        "words": words,
        "language": "en",
        "engine": "whisper",
        "model": "base.en",
        "mean_probability": 0.91,
        "trusted": True,
        "hint": "Give captions with --captions for exact words and fillers.",
    }
    return Transcript(**(values | overrides))


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
    """Pace each 5 s, pitch and loudness each 0.5 s, null in the gap."""
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


def feedback_lists(**overrides: Any) -> FeedbackLists:
    problem = "Every winter, one greenhouse in five loses its crop"
    values: dict[str, Any] = {
        "strengths": [
            Feedback(
                title="The problem is concrete",
                detail="You say who has it, how often it happens and what it costs.",
                part="content",
                evidence=Evidence(quote=problem, time_seconds=second_of(problem)),
            ),
            Feedback(
                title="The ask is complete",
                detail="An amount, a goal and a date in one sentence.",
                part="content",
                evidence=Evidence(
                    quote="We are raising eight hundred thousand euros",
                    time_seconds=second_of("We are raising eight hundred thousand euros"),
                ),
            ),
            Feedback(
                title="You are easy to see",
                detail="Your face is in the picture almost all the time.",
                part="visual",
                evidence=Evidence(measurement="a face in 94 % of 50 frames"),
            ),
        ],
        "improvements": [
            Feedback(
                title="Say why now",
                detail="Name the change that makes this possible today and was not there before.",
                part="content",
                evidence=Evidence(measurement="no sentence about timing was found"),
            ),
            Feedback(
                title="Shorten the long pause",
                detail="A silence this long reads as a lost thread.",
                part="delivery",
                evidence=Evidence(
                    measurement="2.7 s without voice", time_seconds=second_of("Growers") - 2.7
                ),
            ),
            Feedback(
                title="Stay in the frame",
                detail="For a few seconds no face is in the picture.",
                part="visual",
                evidence=Evidence(measurement="no face for 4.0 s", time_seconds=31.5),
            ),
        ],
    }
    return FeedbackLists(**(values | overrides))


def result_metadata(**overrides: Any) -> ResultMetadata:
    transcript = overrides.get("transcript") or transcript_value()
    source = overrides.get("source") or source_video()
    values: dict[str, Any] = {
        "video_duration_seconds": source.duration_seconds,
        "frames_analyzed": 50,
        "models_used": ModelsUsed(
            transcription="whisper base.en", emotion=None, vision="yunet_2026may", content="rules"
        ),
        "costs": Costs(),
        "rubric": Rubric(
            name="pitchquest",
            version="1",
            weights={"content": 60.0, "delivery": 25.0, "visual": 15.0},
        ),
        "coverage": 0.93,
        "parts": {
            "content": PartScore(score=71.2, weight=60.0, coverage=0.95),
            "delivery": PartScore(score=69.0, weight=25.0, coverage=1.0),
            "visual": PartScore(score=82.0, weight=15.0, coverage=0.75),
        },
        "engine_versions": {"faster-whisper": "1.2.1", "opencv": "4.14.0", "praat": "6.4.27"},
        "transcript": transcript,
        "source": source,
    }
    return ResultMetadata(**(values | overrides))


def pitch_result(**overrides: Any) -> PitchResult:
    """One whole result. Overrides are fields of PitchResult, or of its `results` and `metadata`."""
    overrides = dict(overrides)
    metadata = overrides.pop("metadata", None) or result_metadata(
        **_picked(overrides, ResultMetadata)
    )
    results = overrides.pop("results", None) or Results(
        **(
            {
                "overall_score": 72,
                "content_analysis": content_analysis(),
                "delivery_analysis": delivery_analysis(),
                "visual_analysis": visual_analysis(),
            }
            | _picked(overrides, Results)
        )
    )
    values: dict[str, Any] = {
        "video_id": metadata.source.video_id,
        "job_id": "6f1c1f6e-0f7f-4b6e-9a53-1d1a5f0a7c11",
        "timestamp": datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC),
        "processing_time_seconds": 21.4,
        "results": results,
        "feedback": feedback_lists(),
        "metadata": metadata,
    }
    return PitchResult(**(values | overrides))


def _picked(overrides: dict[str, Any], model: type[Any]) -> dict[str, Any]:
    return {name: overrides.pop(name) for name in model.model_fields if name in overrides}


def frames_value(count: int = 50, **overrides: Any) -> Frames:
    """Small drawn portraits, one each 1.36 s, in a stored ZIP with a contact sheet."""
    names = [f"{index:04d}.jpg" for index in range(count)]
    values: dict[str, Any] = {
        "payload": _zip_of(names),
        "frames": [
            Frame(time_seconds=round(index * 1.36, 2), name=name)
            for index, name in enumerate(names)
        ],
        "width_px": 640,
        "height_px": 360,
        "spacing_seconds": 1.36,
        "method": "keyframes",
    }
    return Frames(**(values | overrides))


def no_frames(reason: str = NO_PICTURE) -> Frames:
    """What a file without a picture gives."""
    return Frames(
        payload=b"",
        frames=[],
        width_px=0,
        height_px=0,
        spacing_seconds=1.36,
        method="none",
        reason=reason,
    )


def _zip_of(names: list[str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for index, name in enumerate(names):
            archive.writestr(name, _portrait(index))
        archive.writestr("contact_sheet.jpg", _portrait(0))
    return memory.getvalue()


def _portrait(index: int) -> bytes:
    """A drawn head before a wall, moving a little with the index, as JPEG."""
    import cv2

    picture = np.full((360, 640, 3), (196, 188, 176), np.uint8)
    centre = (320 + round(50 * math.sin(index / 3)), 150)
    cv2.ellipse(picture, (centre[0], 400), (150, 170), 0, 0, 360, (92, 70, 52), -1)
    cv2.ellipse(picture, centre, (58, 76), 0, 0, 360, (150, 178, 214), -1)
    for side in (-22, 22):
        cv2.circle(picture, (centre[0] + side, centre[1] - 12), 6, (52, 46, 44), -1)
    cv2.ellipse(picture, (centre[0], centre[1] + 30), (20, 9), 0, 0, 180, (80, 80, 150), 3)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()


def picture_feedback() -> FeedbackLists:
    """What is left to say without sound."""
    whole = feedback_lists()
    return FeedbackLists(
        strengths=[one for one in whole.strengths if one.part == "visual"],
        improvements=[one for one in whole.improvements if one.part == "visual"],
    )


def sound_only() -> PitchResult:
    """A podcast-like file: no picture."""
    return pitch_result(
        overall_score=71,
        visual_analysis=unmeasured_visual(NO_PICTURE),
        source=source_video(
            filename="ember_pitch.m4a",
            has_video=False,
            video_codec=None,
            width_px=None,
            height_px=None,
            fps=None,
        ),
        frames_analyzed=0,
        coverage=0.82,
        parts={
            "content": PartScore(score=71.2, weight=60.0, coverage=0.95),
            "delivery": PartScore(score=69.0, weight=25.0, coverage=1.0),
            "visual": PartScore(score=None, weight=15.0, coverage=0.0, reason=NO_PICTURE),
        },
        models_used=ModelsUsed(
            transcription="whisper base.en", emotion=None, vision=None, content="rules"
        ),
    )


def no_transcript(reason: str = NO_SOUND) -> Transcript:
    """A transcript without a word."""
    return Transcript(text="", words=[], language=None, engine="none", trusted=False, reason=reason)


def picture_only() -> PitchResult:
    """A video without sound: only the visual part is scored."""
    return pitch_result(
        overall_score=82,
        content_analysis=content_analysis(NO_SOUND),
        delivery_analysis=unmeasured_delivery(NO_SOUND),
        source=source_video(has_audio=False, audio_codec=None, captions_path=None),
        transcript=no_transcript(),
        feedback=picture_feedback(),
        coverage=0.11,
        parts={
            "content": PartScore(score=None, weight=60.0, coverage=0.0, reason=NO_SOUND),
            "delivery": PartScore(score=None, weight=25.0, coverage=0.0, reason=NO_SOUND),
            "visual": PartScore(score=82.0, weight=15.0, coverage=0.75),
        },
        models_used=ModelsUsed(
            transcription=None, emotion=None, vision="yunet_2026may", content=None
        ),
    )


def untrusted_transcript() -> PitchResult:
    """Speech that PocketSphinx could not make out: content is not scored."""
    words = [word.model_copy(update={"probability": 0.31}) for word in words_of()]
    return pitch_result(
        overall_score=74,
        content_analysis=content_analysis(UNTRUSTED),
        transcript=transcript_value(
            words=words,
            engine="pocketsphinx",
            model="en-us",
            mean_probability=0.31,
            trusted=False,
            reason=UNTRUSTED,
        ),
        coverage=0.36,
        parts={
            "content": PartScore(score=None, weight=60.0, coverage=0.0, reason=UNTRUSTED),
            "delivery": PartScore(score=69.0, weight=25.0, coverage=1.0),
            "visual": PartScore(score=82.0, weight=15.0, coverage=0.75),
        },
        warnings=["the file is cut short: 48.0 s of 80.0 s could be read"],
    )


def nothing_measurable() -> PitchResult:
    """A silent cartoon: no part could be measured."""
    reason = "no face in any frame"
    return picture_only().model_copy(
        update={
            "results": Results(
                overall_score=None,
                content_analysis=content_analysis(NO_SOUND),
                delivery_analysis=unmeasured_delivery(NO_SOUND),
                visual_analysis=unmeasured_visual(reason),
            ),
            "feedback": FeedbackLists(strengths=[], improvements=[]),
            "metadata": result_metadata(
                transcript=no_transcript(),
                source=source_video(has_audio=False, audio_codec=None, captions_path=None),
                coverage=0.0,
                parts={
                    "content": PartScore(score=None, weight=60.0, coverage=0.0, reason=NO_SOUND),
                    "delivery": PartScore(score=None, weight=25.0, coverage=0.0, reason=NO_SOUND),
                    "visual": PartScore(score=None, weight=15.0, coverage=0.0, reason=reason),
                },
            ),
        }
    )


def hour_long() -> PitchResult:
    """One hour of speech: 9,000 words, hundreds of events, series of thousands of points."""
    words: list[Word] = []
    while not words or words[-1].end_seconds < 3_540:
        words += words_of(start_seconds=words[-1].end_seconds + 0.8 if words else 0.6)
    duration = duration_of(words)
    fillers = [
        Event(
            kind="filler",
            start_seconds=word.start_seconds,
            end_seconds=word.end_seconds,
            text=word.text.strip(",").lower(),
        )
        for word in words
        if word.text.strip(",").lower() in FILLERS
    ]
    pauses = [
        Event(
            kind="long_pause",
            start_seconds=before.end_seconds,
            end_seconds=after.start_seconds,
            text=f"a pause of {after.start_seconds - before.end_seconds:.1f} s",
        )
        for before, after in itertools.pairwise(words)
        if after.start_seconds - before.end_seconds > 2
    ]
    return pitch_result(
        source=source_video(filename="demo_day_full_hour.mp4", duration_seconds=duration),
        transcript=transcript_value(words=words),
        delivery_analysis=delivery_analysis(
            events=fillers + pauses,
            timeline=voice_timeline(duration, gap=(600.0, 660.0)),
            speech=[(0.6, 600.0), (660.0, duration - 1.2)],
        ),
    )


def vendor_call(**overrides: Any) -> Call:
    values: dict[str, Any] = {
        "vendor": "gemini",
        "model": "gemini-3.5-flash-lite",
        "model_setting": "PITCHQUEST_GEMINI_MODEL",
        "purpose": "content",
        "key": "0123",
        "at_most": Usage(input_tokens=10_000, output_tokens=2_000),
    }
    return Call(**(values | overrides))


def vendor_reply(**overrides: Any) -> Reply:
    values: dict[str, Any] = {
        "body": "an answer",
        "model": "gemini-3.5-flash-lite-001",
        "usage": Usage(input_tokens=2_000, output_tokens=400),
    }
    return Reply(**(values | overrides))
