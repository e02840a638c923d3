"""The rows of the timeline: numbers and plain text only, which the template draws as SVG.

Every row is a box of 1000 × 100 units that the page stretches to its width, over one shared time
axis. Strokes do not scale with the box and it contains no text, so it is legible on any screen.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pitchquest_assets.model import Event, Measurement, Part, PitchResult, Series
from pitchquest_assets.report.axes import (
    MAX_POINTS,
    Label,
    Span,
    TimeAxis,
    ValueAxis,
    cells,
    decimate,
    joined,
    measured,
    path,
)
from pitchquest_assets.report.formatting import clock, events_of, name_of, percent, quantity

MAX_HOVERS = 90
MAX_EVENT_ROWS = 6
USUAL_PACE_WPM = (110.0, 160.0)
PACE_AXIS_WPM = (80.0, 190.0)
PITCH_AXIS_SEMITONES = 4.0
LOUDNESS_AXIS_STEP_DB = 5.0
PRESENT_SHARE = 0.5


@dataclass(frozen=True)
class Mark:
    """A span on a row; `x` and `end` in box units."""

    x: float
    end: float
    title: str


@dataclass(frozen=True)
class Row:
    """One row of the timeline: a line, or marks, or the reason why there is neither."""

    title: str
    note: str = ""
    summary: str = ""
    reason: str | None = None
    path: str = ""
    band: tuple[float, float] | None = None
    labels: tuple[Label, ...] = ()
    hovers: tuple[Mark, ...] = ()
    marks: tuple[Mark, ...] = ()
    solid: bool = False


@dataclass(frozen=True)
class Missing:
    """Rows that could not be drawn for one reason."""

    reason: str
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """All rows over one time axis, and the rows that are missing, by reason."""

    ticks: tuple[Label, ...]
    rows: tuple[Row, ...]
    missing: tuple[Missing, ...]


def timeline(result: PitchResult) -> Timeline:
    """Return the timeline of one result: voice first, then picture."""
    axis = _time_axis(result)
    rows = [*_voice_rows(result, axis), *_picture_rows(result, axis)]
    missing: dict[str, list[str]] = {}
    for row in rows:
        if row.reason is not None:
            missing.setdefault(row.reason, []).append(row.title)
    return Timeline(
        axis.ticks(),
        tuple(row for row in rows if row.reason is None),
        tuple(Missing(reason, tuple(titles)) for reason, titles in missing.items()),
    )


def _time_axis(result: PitchResult) -> TimeAxis:
    """As long as the file, or longer if something was measured after its end."""
    analyses = (result.results.delivery_analysis, result.results.visual_analysis)
    ends = [event.end_seconds for analysis in analyses for event in analysis.events]
    for analysis in analyses:
        for series in analysis.timeline.values():
            ends += series.times_seconds
    return TimeAxis(max(1.0, result.metadata.video_duration_seconds, *ends))


def _voice_rows(result: PitchResult, axis: TimeAxis) -> list[Row]:
    delivery = result.results.delivery_analysis
    series = delivery.timeline
    sought = {
        kind: _null_reason(delivery.measurements, stem)
        for kind, stem in (("long_pause", "pause"), ("filler", "filler"))
    }
    rows = [
        _pace(series.get("pace"), axis) or _missing(result, "delivery", "Pace", "speech_rate"),
        _pitch(series.get("pitch"), axis) or _missing(result, "delivery", "Pitch", "pitch"),
        _loudness(series.get("loudness"), axis)
        or _missing(result, "delivery", "Loudness", "loudness"),
        *_energy(series.get("vocal_energy"), axis),
        _speech(delivery.speech, axis) or _missing(result, "delivery", "Speech", "pause"),
    ]
    return rows + _event_rows(delivery.events, axis, sought)


def _picture_rows(result: PitchResult, axis: TimeAxis) -> list[Row]:
    visual = result.results.visual_analysis
    face = _presence("face", visual.timeline.get("face"), axis)
    facing = _presence("camera_facing", visual.timeline.get("camera_facing"), axis)
    return [
        face or _missing(result, "visual", name_of("face"), "face"),
        facing or _missing(result, "visual", name_of("camera_facing"), "camera"),
        *_event_rows(visual.events, axis, {}),
    ]


def _missing(result: PitchResult, part: Part, title: str, stem: str) -> Row:
    """A row that cannot be drawn, with the reason of a related measurement, or of its part."""
    results = result.results
    analysis = results.visual_analysis if part == "visual" else results.delivery_analysis
    scores = result.metadata.parts
    reason = (
        _null_reason(analysis.measurements, stem)
        or (scores[part].reason if part in scores else None)
        or "nothing was measured over time"
    )
    return Row(title, reason=reason)


def _null_reason(measurements: Mapping[str, Measurement], stem: str) -> str | None:
    """The reason of the first null measurement whose key contains the stem."""
    reasons = (one.reason for key, one in measurements.items() if stem in key)
    return next((reason for reason in reasons if reason), None)


def _pace(series: Series | None, axis: TimeAxis) -> Row | None:
    values = measured(series)
    if series is None or not values:
        return None
    slow, fast = USUAL_PACE_WPM
    scale = ValueAxis(min(PACE_AXIS_WPM[0], *values), max(PACE_AXIS_WPM[1], *values))
    row = _line(Row("Pace", f"words per minute, usual {slow:.0f}–{fast:.0f}"), series, axis, scale)
    band = (scale.y(fast), round(scale.y(slow) - scale.y(fast), 1))
    return replace(row, band=band, labels=scale.labels(slow, fast))


def _pitch(series: Series | None, axis: TimeAxis) -> Row | None:
    values = measured(series)
    if series is None or not values:
        return None
    low, high = _most_of(values)
    if series.unit.startswith(("semitones", "st")):
        reach = max(PITCH_AXIS_SEMITONES, abs(low), abs(high))
        scale = ValueAxis(-reach, reach)
        row = _line(Row("Pitch", "semitones from the speaker's median"), series, axis, scale)
        return replace(row, labels=scale.labels(-reach, 0.0, reach, signed=True))
    scale = ValueAxis(low, max(high, low + 1))
    row = _line(Row("Pitch", series.unit), series, axis, scale)
    return replace(row, labels=scale.labels(scale.low, scale.high))


def _loudness(series: Series | None, axis: TimeAxis) -> Row | None:
    values = measured(series)
    if series is None or not values:
        return None
    step, (low, high) = LOUDNESS_AXIS_STEP_DB, _most_of(values)
    low = step * (low // step)
    scale = ValueAxis(low, max(low + step, -step * (-high // step)))
    row = _line(Row("Loudness", f"{series.unit}, within this file"), series, axis, scale)
    return replace(row, labels=scale.labels(scale.low, scale.high))


def _energy(series: Series | None, axis: TimeAxis) -> list[Row]:
    """No row at all if it was not measured, because it is off by default."""
    if series is None or not measured(series):
        return []
    scale = ValueAxis(0.0, 1.0)
    row = _line(Row("Vocal energy", "0 calm, 1 excited; not scored"), series, axis, scale)
    return [replace(row, labels=scale.labels(0.0, 1.0))]


def _most_of(values: Sequence[float]) -> Span:
    """The 1st and the 99th percentile, so that a few outliers do not flatten the rest."""
    if len(values) < 2:
        return values[0], values[0]
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[0], cuts[-1]


def _line(row: Row, series: Series, axis: TimeAxis, scale: ValueAxis) -> Row:
    values = measured(series)
    low, mean, high = (
        quantity(value, series.unit)
        for value in (min(values), statistics.fmean(values), max(values))
    )
    return replace(
        row,
        summary=f"{row.title} from {low} to {high}, mean {mean}",
        path=path(decimate(series, axis), axis, scale),
        hovers=_hovers(series, axis),
    )


def _hovers(series: Series, axis: TimeAxis) -> tuple[Mark, ...]:
    """Invisible spans whose titles show the time and value under the pointer."""
    points = decimate(series, axis, MAX_HOVERS)
    marks = []
    for (time, value), (start, end) in zip(points, cells(points, axis), strict=True):
        text = "not measured" if value is None else quantity(value, series.unit)
        marks.append(Mark(axis.x(start), axis.x(end), f"{clock(time)} · {text}"))
    return tuple(marks)


def _speech(speech: Sequence[Span], axis: TimeAxis) -> Row | None:
    if not speech:
        return None
    share = min(1.0, sum(end - start for start, end in speech) / axis.duration_seconds)
    return Row(
        "Speech",
        f"{percent(share)} of the time",
        summary=f"A voice is heard in {percent(share)} of the time",
        marks=_spans(speech, axis, "speech"),
        solid=True,
    )


def _presence(key: str, series: Series | None, axis: TimeAxis) -> Row | None:
    """Spans in which a share is at least PRESENT_SHARE; samples may be unevenly spaced."""
    values = measured(series)
    if series is None or not values:
        return None
    points = decimate(series, axis)
    present = [
        cell
        for (_, value), cell in zip(points, cells(points, axis), strict=True)
        if value is not None and value >= PRESENT_SHARE
    ]
    share = percent(sum(value >= PRESENT_SHARE for value in values) / len(values))
    title = name_of(key)
    return Row(
        title,
        f"{share} of the samples",
        summary=f"{title}: {share} of the samples",
        marks=_spans(present, axis, title.lower()),
        solid=True,
    )


def _spans(spans: Sequence[Span], axis: TimeAxis, text: str) -> tuple[Mark, ...]:
    """Spans as marks; gaps too narrow to see are closed."""
    visible = axis.duration_seconds / MAX_POINTS
    return tuple(_mark(start, end, axis, text) for start, end in joined(spans, visible))


def _event_rows(
    events: Sequence[Event], axis: TimeAxis, expected: dict[str, str | None]
) -> list[Row]:
    """A row for each kind of event; the expected kinds come first, even if none happened.

    `expected` gives the reason why each kind was not looked for, or None.
    """
    kinds: dict[str, list[Event]] = {kind: [] for kind in expected}
    for event in sorted(events, key=lambda one: one.start_seconds):
        kinds.setdefault(event.kind, []).append(event)
    names = list(kinds)
    if len(names) > MAX_EVENT_ROWS:
        rest = [event for kind in names[MAX_EVENT_ROWS - 1 :] for event in kinds[kind]]
        kinds = {kind: kinds[kind] for kind in names[: MAX_EVENT_ROWS - 1]} | {"other": rest}
    return [_event_row(kind, found, axis, expected.get(kind)) for kind, found in kinds.items()]


def _event_row(kind: str, events: Sequence[Event], axis: TimeAxis, reason: str | None) -> Row:
    title = events_of(kind)
    if reason is not None and not events:
        return Row(title, reason=reason)
    count = f"{len(events)} found" if events else "none found"
    marks = (_mark(one.start_seconds, one.end_seconds, axis, one.text) for one in events)
    return Row(title, count, summary=f"{title}: {count}", marks=tuple(marks))


def _mark(start: float, end: float, axis: TimeAxis, text: str) -> Mark:
    times = clock(start) if end - start < 1 else f"{clock(start)}–{clock(end)}"
    return Mark(axis.x(start), axis.x(max(start, end)), f"{times} · {text}")
