"""Scores and measurements as an operator reads them in Dagit."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from pitchquest_assets.model import Measurement, Score


def analysis_metadata(
    scores: Mapping[str, Score], measurements: Mapping[str, Measurement]
) -> dict[str, dg.MetadataValue]:
    """Each sub-score as a number (absent where null), and all measurements as one table."""
    table = markdown_table(
        ("measurement", "value", "why not"),
        [
            (name, "–" if m.value is None else f"{m.value:g} {m.unit}", m.reason or "")
            for name, m in measurements.items()
        ],
    )
    numbers = {
        f"score_{name}": dg.MetadataValue.float(score.value)
        for name, score in scores.items()
        if score.value is not None
    }
    return {**numbers, "measurements": table}


def markdown_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> dg.MarkdownMetadataValue:
    """A table for Dagit; what would break a row is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    escaped = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in lines]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(row)} |" for row in escaped))
