"""Evidently's verdict on a window of results, its HTML report, and the small plot for Dagit."""

import base64
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pitchquest_assets.analysis.drift.drift import FAMILY_ERROR, METHOD, Halves

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

KEPT_REPORTS = 20
WIDTH_PX, HEIGHT_PX, MARGIN_PX = 480, 120, 14


def run_evidently(halves: Halves) -> "Snapshot":
    """Test each figure with Evidently, with a fixed method; costs about 7 CPU seconds.

    The import alone takes 4 to 5 of them and 250 MB, so most runs do without it.
    """
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    names = list(halves.names)
    threshold = FAMILY_ERROR / max(1, len(names))
    report = Report([ValueDrift(column=n, method=METHOD, threshold=threshold) for n in names])
    definition = DataDefinition(numerical_columns=names)
    older, newer = (
        Dataset.from_pandas(pd.DataFrame(half, columns=names), definition)
        for half in (halves.older, halves.newer)
    )
    return report.run(current_data=newer, reference_data=older)


def p_values(snapshot: "Snapshot") -> dict[str, float]:
    """Return Evidently's p-value of each figure, by name."""
    return {one["config"]["column"]: float(one["value"]) for one in snapshot.dict()["metrics"]}


def save_report(snapshot: "Snapshot", folder: Path, when: datetime) -> Path:
    """Write Evidently's HTML report (5 MB), named by time; keep the newest 20 of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"drift-{when:%Y%m%dT%H%M%S%fZ}.html"
    snapshot.save_html(str(path))
    for old in sorted(folder.glob("drift-*.html"))[:-KEPT_REPORTS]:
        # Another run may have just removed it.
        old.unlink(missing_ok=True)
    return path


def plot(scores: Sequence[float], means: tuple[float, float]) -> str:
    """Draw the scores in order and the mean of each half, as a Markdown image below 5 kB."""

    def x(index: float) -> float:
        return round(MARGIN_PX + index * (WIDTH_PX - 2 * MARGIN_PX) / max(1, len(scores) - 1), 1)

    def y(score: float) -> float:
        return round(HEIGHT_PX - MARGIN_PX - score * (HEIGHT_PX - 2 * MARGIN_PX) / 100, 1)

    middle, last = len(scores) // 2 - 0.5, len(scores) - 1
    dots = "".join(f"M{x(index)} {y(score)}h0" for index, score in enumerate(scores))
    lines = f"M{x(0)} {y(means[0])}H{x(middle)}M{x(middle)} {y(means[1])}H{x(last)}"
    grid = "".join(f"M{x(0)} {y(score)}H{x(last)}" for score in (0, 50, 100))
    labels = "".join(
        f"<text x='{at}' y='{y(mean) - 5}' text-anchor='{anchor}'>{mean:.1f}</text>"
        for at, mean, anchor in ((x(0), means[0], "start"), (x(last), means[1], "end"))
    )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH_PX}' height='{HEIGHT_PX}'"
        " fill='none' font-family='sans-serif' font-size='12'>"
        f"<rect width='{WIDTH_PX}' height='{HEIGHT_PX}' fill='#fff'/>"
        f"<path d='{grid}' stroke='#ddd'/>"
        f"<path d='{dots}' stroke='#68a' stroke-width='4' stroke-linecap='round'/>"
        f"<path d='{lines}' stroke='#b32' stroke-width='2'/><g fill='#b32'>{labels}</g></svg>"
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return f"![scores and the mean of each half](data:image/svg+xml;base64,{encoded})"
