"""Realistic values for tests; each factory takes overrides of its value's own fields.

The pitch is invented; its numbers agree with each other.
"""

from pitchquest_assets_tests.support.factories.analyses import (
    content_analysis,
    delivery_analysis,
    rubric_items,
    unmeasured_delivery,
    unmeasured_visual,
    visual_analysis,
    voice_timeline,
)
from pitchquest_assets_tests.support.factories.media import (
    NO_PICTURE,
    frames_value,
    no_frames,
    source_video,
)
from pitchquest_assets_tests.support.factories.odd_results import (
    hour_long,
    nothing_measurable,
    picture_feedback,
    picture_only,
    sound_only,
    untrusted_transcript,
)
from pitchquest_assets_tests.support.factories.results import (
    feedback_lists,
    options,
    pitch_result,
    result_metadata,
)
from pitchquest_assets_tests.support.factories.transcripts import (
    NO_SOUND,
    SCRIPT,
    UNTRUSTED,
    duration_of,
    no_transcript,
    second_of,
    transcript_value,
    words_of,
)
from pitchquest_assets_tests.support.factories.vendor_calls import vendor_call, vendor_reply

__all__ = [
    "NO_PICTURE",
    "NO_SOUND",
    "SCRIPT",
    "UNTRUSTED",
    "content_analysis",
    "delivery_analysis",
    "duration_of",
    "feedback_lists",
    "frames_value",
    "hour_long",
    "no_frames",
    "no_transcript",
    "nothing_measurable",
    "options",
    "picture_feedback",
    "picture_only",
    "pitch_result",
    "result_metadata",
    "rubric_items",
    "second_of",
    "sound_only",
    "source_video",
    "transcript_value",
    "unmeasured_delivery",
    "unmeasured_visual",
    "untrusted_transcript",
    "vendor_call",
    "vendor_reply",
    "visual_analysis",
    "voice_timeline",
    "words_of",
]
