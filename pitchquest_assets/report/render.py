"""Renders the HTML report: one file that needs no network, no script and no other file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pitchquest_assets import __version__
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.model import (
    Event,
    Frames,
    Measurement,
    Part,
    PartScore,
    PitchResult,
    Report,
    RubricItem,
    Score,
)
from pitchquest_assets.report import formatting as wording
from pitchquest_assets.report.notable_frames import pictures_of
from pitchquest_assets.report.plots import timeline
from pitchquest_assets.report.transcript_lines import Line, lines_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.bccache import Bucket

OPEN_TRANSCRIPT_LINES = 80
OPEN_EVENTS = 30
PARTIAL_BELOW_COVERAGE = 0.8
PART_TITLES: dict[Part, str] = {"content": "Content", "delivery": "Delivery", "visual": "Picture"}


@dataclass(frozen=True)
class PartRow:
    """One part of the overall score, as the report shows it."""

    key: Part
    title: str
    score: PartScore
    weight_share: float


@dataclass(frozen=True)
class EventGroup:
    """All events of one kind, in order of time."""

    title: str
    events: tuple[Event, ...]


def render_report(result: PitchResult, frames: Frames | None) -> Report:
    """Render one self-contained HTML page that shows a result and its evidence.

    Args:
        result: the whole result; all of its texts are escaped.
        frames: the sampled pictures; without them the page shows none.

    Returns:
        The page as UTF-8, at most about 1.5 MB, including up to 0.8 MB of JPEGs before base64.
    """
    results = result.results
    lines = lines_of(result.metadata.transcript.words, results.delivery_analysis.events)
    page = _environment().get_template("report.html.j2")
    html = page.render(
        result=result,
        content=results.content_analysis,
        delivery=results.delivery_analysis,
        visual=results.visual_analysis,
        metadata=result.metadata,
        transcript=result.metadata.transcript,
        source=result.metadata.source,
        parts=part_rows(result),
        warnings=all_warnings(result, frames),
        timeline=timeline(result),
        lines=lines,
        line_at=lambda seconds: line_at(lines, seconds),
        pictures=pictures_of(results.visual_analysis, frames),
        voice_events=event_groups(results.delivery_analysis.events),
        picture_events=event_groups(results.visual_analysis.events),
        transcript_open=len(lines) <= OPEN_TRANSCRIPT_LINES,
        open_events=OPEN_EVENTS,
        partial=result.metadata.coverage < PARTIAL_BELOW_COVERAGE,
        version=__version__,
    )
    return Report(video_id=result.video_id, payload=html.encode("utf-8", "replace"))


def part_rows(result: PitchResult) -> list[PartRow]:
    """Return the three parts in order, each with its share of the weight."""
    parts = result.metadata.parts
    total = sum(part.weight for part in parts.values()) or 1.0
    return [
        PartRow(key, PART_TITLES[key], parts[key], parts[key].weight / total)
        for key in get_args(Part)
        if key in parts
    ]


def all_warnings(result: PitchResult, frames: Frames | None) -> list[str]:
    """Return the warnings of the result and of everything it was made from, each once."""
    metadata, results = result.metadata, result.results
    found = [
        *metadata.warnings,
        *metadata.source.warnings,
        *(frames.warnings if frames else []),
        *metadata.transcript.warnings,
        *results.delivery_analysis.warnings,
        *results.visual_analysis.warnings,
    ]
    return list(dict.fromkeys(found))


def counted_scores(scores: dict[str, Score], part: Part) -> dict[str, Score]:
    """Return the sub-scores with a weight, in the rubric's order, which the database loses."""
    rubric = load_rubric()
    weighed = rubric.delivery if part == "delivery" else rubric.visual
    return {one.name: scores[one.name] for one in weighed if one.name in scores}


def other_scores(scores: dict[str, Score], part: Part) -> dict[str, Score]:
    """Return the sub-scores without a weight, sorted by name."""
    counted = counted_scores(scores, part)
    return {name: scores[name] for name in sorted(scores) if name not in counted}


def event_groups(events: Iterable[Event]) -> list[EventGroup]:
    """Group the events by kind, in the order in which the kinds first occur."""
    groups: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda one: one.start_seconds):
        groups.setdefault(event.kind, []).append(event)
    return [EventGroup(wording.events_of(kind), tuple(group)) for kind, group in groups.items()]


def shared_reason(values: Iterable[Measurement | Score | RubricItem]) -> str | None:
    """Return the reason if none of the values could be measured, all for that reason, else None."""
    # A scored item may have a reason, too: why its score is uncertain.
    reasons = {
        None if isinstance(value, RubricItem) and value.score is not None else value.reason
        for value in values
    }
    return reasons.pop() if len(reasons) == 1 else None


def line_at(lines: tuple[Line, ...], seconds: float) -> int | None:
    """Return the index of the line spoken at a time, or last before it; None without lines."""
    if not lines:
        return None
    # A quote's time is rounded, so it may be slightly before its line.
    return max(0, bisect_right(lines, seconds + 0.05, key=lambda line: line.start_seconds) - 1)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

    class Compiled(FileSystemBytecodeCache):
        """Compiled templates, beside Python's own bytecode where that may be written."""

        def dump_bytecode(self, bucket: Bucket) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    environment = Environment(
        loader=PackageLoader("pitchquest_assets.report"),
        bytecode_cache=Compiled(str(Path(cache_from_source(__file__)).parent)),
        autoescape=True,
        optimized=False,  # each template runs once, so optimising costs more than it saves
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "gain": wording.gain,
        "clock": wording.clock,
        "counted_scores": counted_scores,
        "day": wording.day,
        "figure": wording.figure,
        "name_of": wording.name_of,
        "other_scores": other_scores,
        "percent": wording.percent,
        "size": wording.size,
        "spoken_time": wording.spoken_time,
        "shared_reason": shared_reason,
    }
    environment.globals |= {"quantity": wording.quantity, "usual": wording.usual}
    return environment
