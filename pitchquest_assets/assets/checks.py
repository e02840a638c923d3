"""Checks of one value of one video, made in the step that stored it: no further step, no reload."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pitchquest_assets.model import DeliveryAnalysis, PitchResult, Transcript, VisualAnalysis
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows.results import get_result
from pitchquest_assets.store.store import open_store

# Both (derived): below them a person sees or hears that something is wrong.
MIN_PICTURE_SCORE = 4.0
MIN_VOICE_OVER_BACKGROUND_DB = 10.0
# The parts' scores are rounded to one decimal, the overall score to a whole number.
ROUNDING = 0.5 + 0.05


@dataclass(frozen=True)
class Verdict:
    """Whether a value is as it should be, in one sentence, with the figures behind it."""

    passed: bool
    sentence: str
    metadata: Mapping[str, float | str] | None = None


@dataclass(frozen=True)
class ValueCheck:
    """One check of the value of an asset; `judge` sees the value after it was stored."""

    name: str
    description: str
    judge: Callable[[Any], Verdict]
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN

    def spec(self, asset: str) -> dg.AssetCheckSpec:
        """As Dagster lists it, by partition."""
        with warnings.catch_warnings():
            # Checks by partition are a preview in Dagster 1.13.
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.AssetCheckSpec(
                self.name,
                asset=asset,
                description=self.description,
                partitions_def=videos_partitions,
            )

    def result(self, value: Any) -> dg.AssetCheckResult:
        """What Dagster records."""
        verdict = self.judge(value)
        return dg.AssetCheckResult(
            check_name=self.name,
            passed=verdict.passed,
            severity=self.severity,
            description=verdict.sentence,
            metadata=verdict.metadata or {},
        )


def _transcript_is_trusted(transcript: Transcript) -> Verdict:
    if transcript.trusted:
        return Verdict(True, "The words can be trusted.")
    return Verdict(False, transcript.reason or "The words cannot be trusted.")


def _picture_is_usable(analysis: VisualAnalysis) -> Verdict:
    score = analysis.scores["picture_quality"]
    if score.value is None:
        return Verdict(False, f"Not measured: {score.reason}.")
    return Verdict(
        score.value >= MIN_PICTURE_SCORE,
        f"{score.basis} ({score.value:.1f} of 10)",
        {"picture_quality": score.value},
    )


def _sound_is_usable(analysis: DeliveryAnalysis) -> Verdict:
    measured = analysis.measurements["voice_over_background"]
    if measured.value is None:
        return Verdict(False, f"Not measured: {measured.reason}.")
    return Verdict(
        measured.value >= MIN_VOICE_OVER_BACKGROUND_DB,
        f"The voice is {measured.value:.0f} dB over the background; "
        f"{MIN_VOICE_OVER_BACKGROUND_DB:.0f} dB are wanted.",
        {"voice_over_background_db": measured.value},
    )


def _score_adds_up(result: PitchResult) -> Verdict:
    overall = result.results.overall_score
    measured = [part for part in result.metadata.parts.values() if part.score is not None]
    total = sum(part.weight for part in measured)
    if overall is None or total == 0:
        return Verdict(overall is None and not measured, "Nothing could be scored.")
    mean = sum(part.weight * (part.score or 0) for part in measured) / total
    return Verdict(
        0 <= overall <= 100 and abs(overall - mean) <= ROUNDING,
        f"The score is {overall}, the weighted mean of its parts {mean:.1f}.",
        {"overall_score": overall, "mean_of_parts": round(mean, 2)},
    )


def _result_can_be_read(result: PitchResult) -> Verdict:
    found = get_result(open_store(load_settings()), result.video_id)
    if found == result:
        return Verdict(True, "The row in analysis_results gives back the same result.")
    what = "is missing" if found is None else f"holds another result (run {found.job_id})"
    return Verdict(False, f"The row in analysis_results {what}.")


TRANSCRIPT_IS_TRUSTED = ValueCheck(
    "transcript_is_trusted",
    "The words are certain enough for content, pace and fillers to be scored.",
    _transcript_is_trusted,
)
PICTURE_IS_USABLE = ValueCheck(
    "picture_is_usable",
    f"Sharpness, light and contrast: {MIN_PICTURE_SCORE:.0f} of 10 or more.",
    _picture_is_usable,
)
SOUND_IS_USABLE = ValueCheck(
    "sound_is_usable",
    f"The voice is {MIN_VOICE_OVER_BACKGROUND_DB:.0f} dB or more over the background.",
    _sound_is_usable,
)
SCORE_ADDS_UP = ValueCheck(
    "score_adds_up",
    "The overall score is within 0–100 and equals the weighted mean of its parts.",
    _score_adds_up,
    dg.AssetCheckSeverity.ERROR,
)
RESULT_CAN_BE_READ = ValueCheck(
    "result_can_be_read",
    "What a backend reads from analysis_results is the result of this run.",
    _result_can_be_read,
    dg.AssetCheckSeverity.ERROR,
)
