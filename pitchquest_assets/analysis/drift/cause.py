"""What may have caused a drift: another engine, package version or rubric, or else the pitches."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pitchquest_assets.analysis.drift.drift import ScoredResult

THE_PITCHES = "the pitches themselves"
# A switch: nearly all results just before were made with one thing, those after with another.
NEIGHBOURS = 10
ALMOST_ALL = 0.8
# Without a switch: a share that changed by this much between the halves.
MOVED_SHARE = 0.5
MAX_CAUSES = 3

Timed = list[tuple[datetime, str]]


def likely_cause(results: Sequence[ScoredResult]) -> str:
    """Say in words what changed in how these results, oldest first, were made."""
    causes = [
        cause
        for name in sorted({name for one in results for name in one.made_with})
        for cause in _changes(name, results)
    ]
    if len(causes) > MAX_CAUSES:
        causes = [*causes[:MAX_CAUSES], f"{len(causes) - MAX_CAUSES} other changes"]
    return ", ".join(causes) or THE_PITCHES


def made_alike(results: Sequence[ScoredResult]) -> list[ScoredResult]:
    """Return the results made with the same engines and rubric as the newest one.

    A job that was not done (a video without sound) matches anything: its figures are null.
    """
    today = made_with_today(results)
    return [
        one
        for one in results
        if all(used is None or used == today[name] for name, used in one.made_with.items())
    ]


def made_with_today(results: Sequence[ScoredResult]) -> dict[str, str]:
    """Return what was used last, by name: the engine of each job, package versions, the rubric."""
    used = (item for one in results for item in one.made_with.items())
    return {name: value for name, value in used if value is not None}


def _known(name: str, results: Sequence[ScoredResult]) -> Timed:
    return [(one.created_at, used) for one in results if (used := one.made_with.get(name))]


def _changes(name: str, results: Sequence[ScoredResult]) -> Iterator[str]:
    switches = list(_switches(_known(name, results)))
    for when, before, after in switches:
        at = when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield f"{name} changed from {before} to {after} at {at}"
    if switches:
        return
    middle = len(results) // 2
    older, newer = (
        Counter(value for _, value in _known(name, half))
        for half in (results[:middle], results[middle:])
    )
    for value in newer:
        shares = [half[value] / max(1, half.total()) for half in (older, newer)]
        if older and shares[1] - shares[0] >= MOVED_SHARE:
            yield f"{name} {value} rose from {shares[0]:.0%} to {shares[1]:.0%} of the results"


def _switches(used: Timed) -> Iterator[tuple[datetime, str, str]]:
    for index, ((_, before), (when, after)) in enumerate(itertools.pairwise(used), start=1):
        if before != after and all(
            [one for _, one in neighbours].count(value) >= ALMOST_ALL * len(neighbours)
            for value, neighbours in (
                (before, used[max(0, index - NEIGHBOURS) : index]),
                (after, used[index : index + NEIGHBOURS]),
            )
        ):
            yield when, before, after
