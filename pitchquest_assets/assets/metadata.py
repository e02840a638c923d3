"""Scores and measurements as an operator reads them in Dagit."""

from collections.abc import Mapping

import dagster as dg

from pitchquest_assets.model import Measurement, Score


def analysis_metadata(
    scores: Mapping[str, Score], measurements: Mapping[str, Measurement]
) -> dict[str, dg.MetadataValue]:
    """Each sub-score as a number (absent where null), and all measurements as one table."""
    rows = [
        f"| {name} | {'–' if m.value is None else f'{m.value:g} {m.unit}'} | {m.reason or ''} |"
        for name, m in measurements.items()
    ]
    table = "\n".join(["| measurement | value | why not |", "| --- | --- | --- |", *rows])
    numbers = {
        f"score_{name}": dg.MetadataValue.float(score.value)
        for name, score in scores.items()
        if score.value is not None
    }
    return {**numbers, "measurements": dg.MetadataValue.md(table)}
