"""Checks of one value of one video.

The step that makes a value also judges it and reports what it found (`ValueCheck.evaluation`). So
the job plans no checks, and a video that fails earlier leaves none of them behind. In runs started
from an asset's page in Dagit, each check is a step of its own (`ValueCheck.definition`), which
judges the stored value.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import ValidationError

from pitchquest_assets.dagster_private import AssetCheckEvaluationTargetMaterializationData
from pitchquest_assets.model import DeliveryAnalysis, PitchResult, Transcript, VisualAnalysis
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows.results import get_result
from pitchquest_assets.store.store import Store

# Both are derived: below them, a person can see or hear that something is wrong.
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
    """One check of the value of an asset, of type `value_type`.

    If a `blocking` check fails, the run fails; any other check only warns.
    """

    name: str
    asset: str
    value_type: type
    description: str
    judge: Callable[[Any, Store], Verdict]
    blocking: bool = False

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """How Dagit shows a failure."""
        return dg.AssetCheckSeverity.ERROR if self.blocking else dg.AssetCheckSeverity.WARN

    def evaluation(
        self, verdict: Verdict, context: dg.AssetExecutionContext
    ) -> dg.AssetCheckEvaluation:
        """Return the event by which the asset's step reports a verdict; it need not be planned."""
        return dg.AssetCheckEvaluation(
            asset_key=context.asset_key,
            check_name=self.name,
            passed=verdict.passed,
            severity=self.severity,
            description=verdict.sentence,
            metadata=verdict.metadata,
            target_materialization_data=_newest_materialization(context),
            blocking=self.blocking,
            partition=context.partition_key,
        )

    def definition(self) -> dg.AssetChecksDefinition:
        """Return the check as Dagit lists it, with the step that judges the stored value."""
        with warnings.catch_warnings():
            # Checks by partition are a preview in Dagster 1.13.
            warnings.simplefilter("ignore", dg.PreviewWarning)

            @dg.asset_check(
                asset=self.asset,
                name=self.name,
                description=self.description,
                blocking=self.blocking,
                partitions_def=videos_partitions,
            )
            def check(value: self.value_type, store: StoreResource) -> dg.AssetCheckResult:  # type: ignore[name-defined]
                verdict = self.judge(value, store.store())
                return dg.AssetCheckResult(
                    passed=verdict.passed,
                    severity=self.severity,
                    description=verdict.sentence,
                    metadata=verdict.metadata,
                )

        return check


def _newest_materialization(
    context: dg.AssetExecutionContext,
) -> AssetCheckEvaluationTargetMaterializationData | None:
    """What was judged; without it, Dagit shows the verdict as one on an older value."""
    found = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=context.asset_key, asset_partitions=[context.partition_key]
        ),
        limit=1,
    )
    for record in found.records:
        return AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
    return None


def _transcript_is_trusted(transcript: Transcript, _: Store) -> Verdict:
    if transcript.trusted:
        return Verdict(True, "The words can be trusted.")
    return Verdict(False, transcript.reason or "The words cannot be trusted.")


def _picture_is_usable(analysis: VisualAnalysis, _: Store) -> Verdict:
    score = analysis.scores["picture_quality"]
    if score.value is None:
        return Verdict(False, f"Not measured: {score.reason}.")
    return Verdict(
        score.value >= MIN_PICTURE_SCORE,
        f"{score.basis} ({score.value:.1f} of 10)",
        {"picture_quality": score.value},
    )


def _sound_is_usable(analysis: DeliveryAnalysis, _: Store) -> Verdict:
    measured = analysis.measurements["voice_over_background"]
    if measured.value is None:
        return Verdict(False, f"Not measured: {measured.reason}.")
    return Verdict(
        measured.value >= MIN_VOICE_OVER_BACKGROUND_DB,
        f"The voice is {measured.value:.0f} dB over the background; "
        f"it should be {MIN_VOICE_OVER_BACKGROUND_DB:.0f} dB or more.",
        {"voice_over_background_db": measured.value},
    )


def _score_adds_up(result: PitchResult, _: Store) -> Verdict:
    overall = result.results.overall_score
    measured = [part for part in result.metadata.parts.values() if part.score is not None]
    total = sum(part.weight for part in measured)
    if overall is None or total == 0:
        why = result.metadata.unscored or "nothing could be measured"
        has_reason = result.metadata.unscored is not None or not measured
        return Verdict(overall is None and has_reason, f"There is no overall score: {why}.")
    mean = sum(part.weight * (part.score or 0) for part in measured) / total
    return Verdict(
        0 <= overall <= 100 and abs(overall - mean) <= ROUNDING,
        f"The score is {overall}, the weighted mean of its parts {mean:.1f}.",
        {"overall_score": overall, "mean_of_parts": round(mean, 2)},
    )


def _result_can_be_read(result: PitchResult, store: Store) -> Verdict:
    try:
        found = get_result(store, result.video_id)
    except ValidationError as error:
        return Verdict(False, f"The row in analysis_results cannot be read: {_first(error)}.")
    if found == result:
        return Verdict(True, "The row in analysis_results gives back the same result.")
    what = "is missing" if found is None else f"holds another result (run {found.job_id})"
    return Verdict(False, f"The row in analysis_results {what}.")


def _first(error: ValidationError) -> str:
    """Where the first mistake is, and what it is."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


TRANSCRIPT_IS_TRUSTED = ValueCheck(
    name="transcript_is_trusted",
    asset="transcript",
    value_type=Transcript,
    description="The words are certain enough for content, pace and fillers to be scored.",
    judge=_transcript_is_trusted,
)
PICTURE_IS_USABLE = ValueCheck(
    name="picture_is_usable",
    asset="visual_analysis",
    value_type=VisualAnalysis,
    description=f"Sharpness, light and contrast: {MIN_PICTURE_SCORE:.0f} of 10 or more.",
    judge=_picture_is_usable,
)
SOUND_IS_USABLE = ValueCheck(
    name="sound_is_usable",
    asset="delivery_analysis",
    value_type=DeliveryAnalysis,
    description=f"The voice is {MIN_VOICE_OVER_BACKGROUND_DB:.0f} dB or more over the background.",
    judge=_sound_is_usable,
)
SCORE_ADDS_UP = ValueCheck(
    name="score_adds_up",
    asset="aggregated_result",
    value_type=PitchResult,
    description="The overall score is within 0–100 and equals the weighted mean of its parts. "
    "A result that fails is not stored: the run and the video fail.",
    judge=_score_adds_up,
    blocking=True,
)
RESULT_CAN_BE_READ = ValueCheck(
    name="result_can_be_read",
    asset="aggregated_result",
    value_type=PitchResult,
    description="What a backend reads from analysis_results is the result of this run. "
    "Otherwise no report is made: the run and the video fail.",
    judge=_result_can_be_read,
    blocking=True,
)
VALUE_CHECKS = (
    TRANSCRIPT_IS_TRUSTED,
    PICTURE_IS_USABLE,
    SOUND_IS_USABLE,
    SCORE_ADDS_UP,
    RESULT_CAN_BE_READ,
)
