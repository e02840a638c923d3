"""Results that lack something, or are very large."""

import itertools

from pitchquest_assets.model import (
    Event,
    FeedbackLists,
    ModelsUsed,
    PartScore,
    PitchResult,
    Results,
    Word,
)
from pitchquest_assets_tests.support.factories.analyses import (
    content_analysis,
    delivery_analysis,
    unmeasured_delivery,
    unmeasured_visual,
    voice_timeline,
)
from pitchquest_assets_tests.support.factories.media import NO_PICTURE, source_video
from pitchquest_assets_tests.support.factories.results import (
    feedback_lists,
    pitch_result,
    result_metadata,
)
from pitchquest_assets_tests.support.factories.transcripts import (
    FILLERS,
    NO_SOUND,
    UNTRUSTED,
    duration_of,
    no_transcript,
    transcript_value,
    words_of,
)


def picture_feedback() -> FeedbackLists:
    """The feedback that remains without sound."""
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
