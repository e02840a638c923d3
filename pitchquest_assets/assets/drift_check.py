"""The drift check: over the last 100 results, in a job of its own, when there are new ones."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from pitchquest_assets.analysis.drift import cause as drift_cause
from pitchquest_assets.analysis.drift import drift
from pitchquest_assets.analysis.drift.drift import ScoredResult, Verdict
from pitchquest_assets.assets.metadata import markdown_table
from pitchquest_assets.errors import StoreUnavailable
from pitchquest_assets.report import drift as drift_report
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import drift_episodes as episodes
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.storage import OBJECTS

# The table is kept in the event log, so it must stay small.
SHOWN_FIGURES = 15
# The folder of the pages in the object store.
PAGES = "drift"
EVERY_RESULT = "every result"


@dg.asset_check(
    asset="aggregated_result",
    description=f"Compares the newer half of the last {drift.MAX_RESULTS} results with the older "
    f"one: fails if the mean score moved by more than {drift.MAX_MEAN_SHIFT:.0f} points, its "
    f"standard deviation by more than {drift.MAX_STD_CHANGE:.0%}, or if Evidently's "
    f"{drift.METHOD} finds a score, sub-score or measurement that differs. The first failure opens "
    "an episode, with one alert; the first pass closes it. Each comparison is a `drift` row in "
    f"`monitoring_metrics`; fewer than {drift.MIN_RESULTS} results are not compared and leave no "
    "row. Runs in the job `watch_drift`, which the sensor `new_results` requests.",
)
def score_drift(store: StoreResource) -> dg.AssetCheckResult:
    """Compare the newest results; reads them from the database, so it takes no value."""
    settings = store.settings.in_force()
    opened = store.store()
    rows = episodes.newest_figures(opened, drift.MAX_RESULTS)
    results, scope = [ScoredResult(**row) for row in rows], EVERY_RESULT
    if settings.drift_within_engine == "on" and results:
        results, scope = drift_cause.made_alike(results), _scope(results)
    if len(results) < drift.MIN_RESULTS:
        return _insufficient(len(results))

    episode = episodes.open_episode(opened, scope)
    verdict, tested_by, html_report = _judge(results, episode, opened, settings.home_path)
    cause = "no drift" if verdict.passed else drift_cause.likely_cause(results)
    sentence = verdict.sentence()
    if not verdict.passed:
        sentence = f"{sentence[:-1]}. Likely cause: {cause}."
    figures = _figures(results, verdict) | {"likely_cause": cause, "html_report": html_report}
    event = episodes.record(
        opened,
        scope,
        figures | {"drifted": verdict.drifted_figures},
        passed=verdict.passed,
        message=sentence,
    )
    return dg.AssetCheckResult(
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence,
        metadata=_metadata(results, verdict, figures)
        | {"tested_by": tested_by, "compared": scope, "episode": event or "unchanged"},
    )


def _judge(
    results: Sequence[ScoredResult], episode: dict[str, Any] | None, store: Store, home: Path
) -> tuple[Verdict, str, str | None]:
    """The verdict, what tested it, and the path of the episode's HTML report.

    Evidently costs as much CPU as the whole analysis of a short video, so it decides only what
    opens or closes an episode. In between, the same arithmetic without it is enough.
    """
    halves = drift.halve(results)
    verdict = drift.judge(halves)
    html_report = episode["html_report"] if episode else None
    if verdict.passed == (episode is None):
        return verdict, f"the same {drift.METHOD}, without Evidently", html_report
    snapshot = drift_report.run_evidently(halves)
    verdict = verdict.with_p_values(drift_report.p_values(snapshot))
    if not verdict.passed and episode is None:
        folder = home / "reports" / "drift"
        page = drift_report.save_report(snapshot, folder, datetime.now(UTC))
        html_report = _within_reach(store, page)
    return verdict, "Evidently", html_report


def _within_reach(store: Store, page: Path) -> str:
    """Where the page can be found: on Supabase in Storage, because any machine may have made it."""
    if not store.has_video_bucket:
        return str(page)
    name = f"{PAGES}/{page.name}"
    try:
        store.objects.put(name, page.read_bytes(), "text/html")
        for old in store.objects.names(PAGES)[: -drift_report.KEPT_REPORTS]:
            store.objects.delete(old)
    except StoreUnavailable:
        return str(page)
    page.unlink()
    return f"{OBJECTS}/{name}"


def _scope(results: Sequence[ScoredResult]) -> str:
    """What the compared results were made with, in words."""
    today = drift_cause.made_with_today(results)
    return ", ".join(f"{name} {value}" for name, value in sorted(today.items()))


def _insufficient(count: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=True,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Insufficient data: {count} of at least {drift.MIN_RESULTS} scored results.",
        metadata={"status": "insufficient data", "results": count},
    )


def _figures(results: Sequence[ScoredResult], verdict: Verdict) -> dict[str, Any]:
    """The figures of the score, as JSON: points, and percent for the change of the deviation.

    The names are those of the Airflow predecessor, whose rows backends read: `reference` is the
    older half of the results, `current` the newer one, and a change is current minus reference.
    """
    change = verdict.std_change
    older = len(results) // 2
    return {
        "drift_detected": not verdict.passed,
        "reference_mean": round(verdict.mean_older, 2),
        "current_mean": round(verdict.mean_newer, 2),
        "mean_difference": round(verdict.mean_shift, 2),
        "reference_std": round(verdict.std_older, 2),
        "current_std": round(verdict.std_newer, 2),
        "std_change_pct": None if change is None else round(100 * change, 1),
        "sample_sizes": {"reference": older, "current": len(results) - older},
        "timestamp": datetime.now(UTC).isoformat(),
        "window_start": results[0].created_at.isoformat(),
        "window_end": results[-1].created_at.isoformat(),
    }


def _metadata(
    results: Sequence[ScoredResult], verdict: Verdict, figures: dict[str, Any]
) -> dict[str, Any]:
    """What Dagit shows beside the verdict; below 10 kB, as the event log keeps it."""
    scores = [one.figures[drift.SCORE] or 0.0 for one in results]
    known = {name: value for name, value in figures.items() if value is not None}
    if html_report := known.pop("html_report", None):
        known["html_report"] = dg.MetadataValue.path(html_report)
    return known | {
        "results": len(results),
        "p_values": _table(verdict),
        "p_value_threshold": verdict.threshold,
        "plot": dg.MetadataValue.md(
            drift_report.plot(scores, (verdict.mean_older, verdict.mean_newer))
        ),
    }


def _table(verdict: Verdict) -> dg.MarkdownMetadataValue:
    ordered = sorted(verdict.p_values.items(), key=lambda item: item[1])
    rows = [
        (name, drift.METHOD, f"{p_value:.2g}", "yes" if p_value < verdict.threshold else "no")
        for name, p_value in ordered[:SHOWN_FIGURES]
    ]
    if left := ordered[SHOWN_FIGURES:]:
        drifted = sum(p_value < verdict.threshold for _, p_value in left)
        rows.append(
            (f"{len(left)} more", drift.METHOD, f"≥ {left[0][1]:.2g}", str(drifted or "no"))
        )
    return markdown_table(("figure", "method", "p", "drifted"), rows)
