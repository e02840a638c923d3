"""What an operator reads in Dagit about the values."""

import base64
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from pitchquest_assets.media.jpegs import CONTACT_SHEET
from pitchquest_assets.media.sampling import read_frame
from pitchquest_assets.model import (
    ContentAnalysis,
    Feedback,
    Frames,
    Measurement,
    PitchResult,
    Score,
    SourceVideo,
)
from pitchquest_assets.report.formatting import gain


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


def source_metadata(source: SourceVideo) -> dict[str, object]:
    """What the container says."""
    return {
        "filename": source.filename,
        "duration_seconds": source.duration_seconds,
        "size_mb": round(source.size_bytes / 1e6, 2),
        "picture": f"{source.width_px}×{source.height_px}" if source.has_video else "none",
        "codecs": f"{source.video_codec or 'none'} / {source.audio_codec or 'none'}",
        "warnings": source.warnings,
    }


def frames_metadata(sampled: Frames) -> dict[str, object]:
    """How the pictures were sampled, and all of them on one sheet."""
    shown: dict[str, object] = {
        "frames": len(sampled.frames),
        "method": sampled.method,
        "spacing_seconds": sampled.spacing_seconds,
        "warnings": sampled.warnings,
    }
    if sampled.frames:
        sheet = base64.b64encode(read_frame(sampled, CONTACT_SHEET)).decode()
        picture = f"![frames](data:image/jpeg;base64,{sheet})"
        shown["contact_sheet"] = dg.MetadataValue.md(picture)
    return shown


def content_metadata(analysis: ContentAnalysis) -> dict[str, object]:
    """The rubric items with their evidence, and who judged."""
    rows = [
        (
            item.title,
            "–" if item.score is None else str(item.score),
            (item.evidence[0].quote if item.evidence else item.reason) or "",
        )
        for item in analysis.items
    ]
    return {
        "judge": analysis.judge,
        "rubric": analysis.rubric or "",
        "items": markdown_table(("item", "0–5", "evidence"), rows),
        "model": analysis.judge_model or "",
        "prompt": analysis.prompt_version or "",
        "samples": analysis.samples or 0,
        "warnings": analysis.warnings,
        "cost_usd": analysis.cost_usd,
    }


def result_metadata(result: PitchResult) -> dict[str, object]:
    """The scores, what they rest on, and the runs that made the parts."""
    metadata = result.metadata
    pace = result.results.delivery_analysis.measurements["speech_rate"]
    parts = {f"{name}_score": _shown(part.score) for name, part in metadata.parts.items()}
    return {
        "overall_score": _shown(result.results.overall_score),
        "coverage": metadata.coverage,
        **parts,
        "strengths": _listed(result.feedback.strengths),
        "improvements": _listed(result.feedback.improvements),
        "speech_rate_wpm": pace.value or pace.reason or "",
        "duration_seconds": metadata.video_duration_seconds,
        "frames": metadata.frames_analyzed,
        "transcript_engine": metadata.transcript.engine,
        "cost_usd": metadata.costs.total_usd,
        "processing_seconds": result.processing_time_seconds,
        "runs": sorted(set(metadata.runs.values())),
        "warnings": metadata.warnings,
    }


def _listed(points: Sequence[Feedback]) -> dg.MarkdownMetadataValue:
    """Strengths or improvements, what they rest on, and what they would bring."""
    rows = [
        (point.title, gain(point.points), point.evidence.measurement or point.evidence.quote or "")
        for point in points
    ]
    return markdown_table(("what", "would bring", "evidence"), rows)


def _shown(score: float | None) -> float | dg.TextMetadataValue:
    return dg.MetadataValue.text("not scored") if score is None else score


def markdown_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]]
) -> dg.MarkdownMetadataValue:
    """A table for Dagit; what would break a row is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    escaped = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in lines]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(row)} |" for row in escaped))
