"""Scores and measurements as an operator reads them in Dagit."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from pitchquest_assets.model import Measurement, PitchResult, Score


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


def result_metadata(result: PitchResult) -> dict[str, object]:
    """The scores, what they rest on, and the runs that made the parts."""
    metadata = result.metadata
    pace = result.results.delivery_analysis.measurements["speech_rate"]
    parts = {f"{name}_score": _shown(part.score) for name, part in metadata.parts.items()}
    return {
        "overall_score": _shown(result.results.overall_score),
        "coverage": metadata.coverage,
        **parts,
        "speech_rate_wpm": pace.value or pace.reason or "",
        "duration_seconds": metadata.video_duration_seconds,
        "frames": metadata.frames_analyzed,
        "transcript_engine": metadata.transcript.engine,
        "cost_usd": metadata.costs.total_usd,
        "processing_seconds": result.processing_time_seconds,
        "runs": sorted(set(metadata.runs.values())),
        "warnings": metadata.warnings,
    }


def _shown(score: float | None) -> float | dg.TextMetadataValue:
    return dg.MetadataValue.text("not scored") if score is None else score


def markdown_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> dg.MarkdownMetadataValue:
    """A table for Dagit; what would break a row is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    escaped = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in lines]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(row)} |" for row in escaped))
