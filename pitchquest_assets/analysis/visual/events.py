"""Finds spans of the video in which something about the picture is wrong or notable."""

from collections.abc import Callable, Sequence
from itertools import groupby
from statistics import fmean

from pitchquest_assets.analysis.visual.observations import Observation
from pitchquest_assets.analysis.visual.scene import Scene, is_facing, time_of
from pitchquest_assets.model import Event

# A single sample may be an error of the detector, so a span needs this many in a row.
MIN_SPAN_PICTURES = 2
TOO_FAR_FACE_HEIGHT = 0.10
TOO_CLOSE_FACE_SHARE = 0.65
# Share of the width from the middle; the thirds of classic framing are 0.17 away.
OFF_CENTRE_X = 0.22
FACE_TOO_HIGH_Y = 0.15
FACE_TOO_LOW_Y = 0.65
TOO_DARK_BRIGHT_LEVEL = 0.35
TOO_BRIGHT_FACE_CLIPPED = 0.10
BLURRED_SHARPNESS = 15.0
FLAT_CONTRAST = 0.07
CUT_OFF_ROOM = -0.12
BACKLIT_STOPS = 4.0
FACE_DARK_LIGHT = 0.22
NOISY_LUMA = 8.0
BLOCKY_RATIO = 2.5
NO_DETAIL = 1.9
RESTLESS_SHIFT_FACE_WIDTHS = 1.0
RESTLESS_CHANGED_SHARE = 0.7
STILL_SHIFT_FACE_WIDTHS = 0.03
STILL_CHANGED_SHARE = 0.02

Test = Callable[[Observation], bool]


def find_events(scene: Scene) -> list[Event]:
    """Return all events in order of time; a span runs from its first to its last picture."""
    events = [
        event
        for kind, test, text in SPANS
        for event in _spans(scene.observations, kind, test, text)
    ]
    events += [
        Event(
            kind="cut",
            start_seconds=one.time_seconds,
            end_seconds=one.time_seconds,
            text="another shot or screen begins",
        )
        for one in scene.observations
        if one.cut
    ]
    smiling = {one.name for one in scene.smiling}
    events += _spans(
        scene.observations, "smile", lambda one: one.name in smiling, "a smile", min_pictures=1
    )
    if _is_still(scene):
        events.append(
            Event(
                kind="still",
                start_seconds=scene.observations[0].time_seconds,
                end_seconds=scene.observations[-1].until_seconds,
                text="hardly any movement",
            )
        )
    return sorted(events, key=lambda event: (event.start_seconds, event.kind))


def _off_centre(one: Observation) -> bool:
    if one.face_x is None or one.face_y is None:
        return False
    sideways = abs((one.centre_x or one.face_x) - 0.5) > OFF_CENTRE_X
    return sideways or not FACE_TOO_HIGH_Y <= one.face_y <= FACE_TOO_LOW_Y


def _cut_off(one: Observation) -> bool:
    # What is too close need not be told twice.
    return one.room is not None and one.room < CUT_OFF_ROOM and not _too_close(one)


def _blurred(one: Observation) -> bool:
    soft = one.quality is not None and one.quality.detail < NO_DETAIL
    return one.has_face and (soft or one.sharpness < BLURRED_SHARPNESS)


def _too_dark(one: Observation) -> bool:
    unlit = one.quality is not None and one.quality.light < FACE_DARK_LIGHT
    return unlit or one.bright_level < TOO_DARK_BRIGHT_LEVEL


def _too_far(one: Observation) -> bool:
    return one.face_height is not None and one.face_height < TOO_FAR_FACE_HEIGHT


def _too_close(one: Observation) -> bool:
    # In portrait videos it is the width that fills the picture.
    return max(one.face_height or 0, one.face_width or 0) > TOO_CLOSE_FACE_SHARE


def _restless(one: Observation) -> bool:
    moved = (one.shift or 0) > RESTLESS_SHIFT_FACE_WIDTHS
    return moved or (one.changed or 0) > RESTLESS_CHANGED_SHARE


def _is_still(scene: Scene) -> bool:
    """Whether the head and what is visible below it hardly ever move."""
    if scene.no_shifts:
        return False
    head_rests = fmean(scene.shifts) < STILL_SHIFT_FACE_WIDTHS
    return head_rests and (not scene.changes or fmean(scene.changes) < STILL_CHANGED_SHARE)


# Slides and titles are not sharp or bright in the way of a camera picture, so without a face only
# darkness is reported.
SPANS: tuple[tuple[str, Test, str], ...] = (
    ("face lost", lambda one: not one.has_face and not one.slide, "no face in the picture"),
    ("slides", lambda one: one.slide, "slides or a screen, without a face"),
    ("too far", _too_far, "the face is small in the picture"),
    ("too close", _too_close, "the face fills the picture"),
    ("off centre", _off_centre, "the face is at the edge of the picture"),
    ("cut off", _cut_off, "the head is cut off by the edge of the picture"),
    ("turned away", lambda one: is_facing(one) is False, "the head is turned from the camera"),
    ("restless", _restless, "much movement"),
    ("too dark", _too_dark, "even the brightest parts of the face or the picture are dark"),
    (
        "backlit",
        lambda one: one.quality is not None and one.quality.backlight > BACKLIT_STOPS,
        "the background is much brighter than the face",
    ),
    (
        "noisy",
        lambda one: one.quality is not None and one.quality.noise > NOISY_LUMA,
        "much noise in the picture",
    ),
    (
        "blocky",
        lambda one: one.quality is not None and one.quality.blocking > BLOCKY_RATIO,
        "the picture falls into blocks",
    ),
    (
        "too bright",
        lambda one: (one.face_clipped or 0) > TOO_BRIGHT_FACE_CLIPPED,
        "parts of the face are pure white",
    ),
    ("blurred", _blurred, "the face is not sharp"),
    (
        "flat",
        lambda one: one.has_face and one.contrast < FLAT_CONTRAST,
        "hardly any difference between light and dark",
    ),
)


def _spans(
    observations: Sequence[Observation],
    kind: str,
    test: Test,
    text: str,
    min_pictures: int = MIN_SPAN_PICTURES,
) -> list[Event]:
    """Runs of neighbouring pictures that pass the test; a single picture may be a run."""
    needed = min(min_pictures, time_of(observations))
    runs = [list(run) for passed, run in groupby(observations, key=test) if passed]
    return [
        Event(
            kind=kind,
            start_seconds=run[0].time_seconds,
            end_seconds=run[-1].until_seconds,
            text=text,
        )
        for run in runs
        if time_of(run) >= needed
    ]
