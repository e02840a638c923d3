import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from sqlalchemy import text

from pitchquest_assets.assets.drift_check import score_drift
from pitchquest_assets.model import Measurement, ModelsUsed, PitchResult, Rubric
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.wiring import job, store_resource

pytestmark = pytest.mark.filterwarnings("ignore")

START = datetime(2026, 3, 1, tzinfo=UTC)
STEADY = [66, 70, 74, 68, 72, 71, 69, 65, 75, 70]  # mean 70, SD 3.1
SHIFTED = [score - 20 for score in STEADY]


class Pitches:
    """Videos that come in one by one, an hour apart."""

    def __init__(self, store: Store) -> None:
        self.store, self.count = store, 0
        self.result = factories.pitch_result()

    def add(self, scores: Iterable[int | None], **metadata: Any) -> None:
        """Store one result for each score; overrides are fields of its metadata."""
        made = factories.result_metadata(**metadata) if metadata else self.result.metadata
        for score in scores:
            self.count += 1
            result = self.result.model_copy(
                update={
                    "video_id": f"video-{self.count}",
                    "timestamp": START + timedelta(hours=self.count),
                    "results": self.result.results.model_copy(update={"overall_score": score}),
                    "metadata": made,
                }
            )
            self.save(result)

    def save(self, result: PitchResult) -> None:
        videos.register(self.store, result.video_id, "/in/pitch.mp4")
        results.save_result(self.store, result)

    def checked(self, scores: Iterable[int], **metadata: Any) -> list[bool]:
        """One result after the other, each with its check; whether they passed."""
        passed = []
        for score in scores:
            self.add([score], **metadata)
            passed.append(check().passed)
        return passed

    def rows(self) -> list[dict[str, Any]]:
        with self.store.engine.connect() as connection:
            query = text("select metric_value from monitoring_metrics order by id")
            return list(connection.scalars(query))

    def events_and_alerts(self) -> tuple[int, int]:
        with self.store.engine.connect() as connection:
            alerts = connection.scalar(text("select count(*) from alerts")) or 0
        return len([row for row in self.rows() if row["event"]]), alerts


@pytest.fixture
def pitches(store: Store) -> Pitches:
    return Pitches(store)


def check() -> dg.AssetCheckResult:
    found = score_drift(store_resource())
    assert isinstance(found, dg.AssetCheckResult)
    return found


def test_a_shift_of_20_points_warns_with_one_row_and_one_alert_until_it_recovers(
    pitches: Pitches, home: Path
) -> None:
    pitches.add(STEADY * 2)
    assert check().passed
    pitches.add(SHIFTED * 2)
    first = check()
    assert (first.passed, first.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert first.description == (
        "The score drifts: mean 70.0 → 50.0, standard deviation 3.1 → 3.1; 1 of 1 figures differ"
        " (overall_score). Likely cause: the pitches themselves."
    )
    assert (first.metadata["episode"].value, first.metadata["tested_by"].value) == (
        "opened",
        "Evidently",
    )
    report = Path(first.metadata["html_report"].value)
    assert report.parent == home / "reports" / "drift"
    assert "overall_score" in report.read_text()

    assert pitches.checked(SHIFTED[:9]) == [False] * 9
    again = check()
    assert again.metadata["html_report"].value == str(report)
    assert again.metadata["tested_by"].value == "the same t_test, without Evidently"
    assert pitches.events_and_alerts() == (1, 1)

    pitches.add(SHIFTED * 9)
    closing = check()
    assert closing.passed
    assert (closing.metadata["episode"].value, closing.metadata["tested_by"].value) == (
        "closed",
        "Evidently",
    )
    assert pitches.events_and_alerts() == (2, 1)

    pitches.add(STEADY * 5)
    assert not check().passed
    assert pitches.events_and_alerts() == (3, 2)


def test_each_comparison_is_a_row_with_the_keys_of_the_predecessor(pitches: Pitches) -> None:
    before = datetime.now(UTC)
    pitches.add(STEADY * 2)
    assert check().passed
    pitches.add([*SHIFTED, 40])
    assert not check().passed
    assert not check().passed
    steady, opened, unchanged = pitches.rows()
    assert [row["event"] for row in (steady, opened, unchanged)] == [None, "opened", None]
    for row, detected, sizes in ((steady, False, (10, 10)), (opened, True, (15, 16))):
        assert row["drift_detected"] is detected
        assert row["sample_sizes"] == dict(zip(("reference", "current"), sizes, strict=True))
        assert before <= datetime.fromisoformat(row["timestamp"]) <= datetime.now(UTC)
    figures = ("reference_mean", "current_mean", "mean_difference")
    assert [steady[name] for name in figures] == [70.0, 70.0, 0.0]
    assert [steady[name] for name in ("reference_std", "current_std")] == [3.2, 3.2]
    assert steady["std_change_pct"] == 0.0
    assert opened["mean_difference"] == pytest.approx(
        opened["current_mean"] - opened["reference_mean"], abs=0.02
    )
    ratio = opened["current_std"] / opened["reference_std"]
    assert opened["std_change_pct"] == pytest.approx(100 * (ratio - 1), abs=1)
    assert {"scope", "likely_cause", "window_start", "window_end", "drifted"} <= opened.keys()


def test_fewer_than_20_results_pass_as_insufficient_and_change_no_episode(
    pitches: Pitches,
) -> None:
    pitches.add(STEADY[:9] + [0] * 10)
    found = check()
    assert found.passed
    assert found.description == "Insufficient data: 19 of at least 20 scored results."
    assert found.metadata["status"].value == "insufficient data"
    assert found.metadata["results"].value == 19
    pitches.add([None, None])
    assert check().metadata["results"].value == 19
    assert pitches.events_and_alerts() == (0, 0)
    assert pitches.rows() == []
    pitches.add([0])
    assert not check().passed
    with pitches.store.engine.begin() as connection:
        connection.execute(text("delete from analysis_results where overall_score = 0"))
    assert check().metadata["status"].value == "insufficient data"
    assert pitches.events_and_alerts() == (1, 1)
    assert len(pitches.rows()) == 1


def test_results_without_a_score_do_not_count_as_zero(pitches: Pitches) -> None:
    pitches.add(STEADY * 2)
    pitches.add([score for one in STEADY for score in (one, None)])
    found = check()
    assert found.passed
    assert found.metadata["results"].value == 30
    assert found.metadata["current_mean"].value == pytest.approx(70, abs=1)


def test_a_passing_check_imports_neither_evidently_nor_pandas(pitches: Pitches) -> None:
    code = (
        "import sys\n"
        "from pitchquest_assets.assets.drift_check import score_drift\n"
        "from pitchquest_assets.store.resource import StoreResource\n"
        "from pitchquest_assets.settings import load_settings\n"
        "found = score_drift(StoreResource.of(load_settings()))\n"
        "heavy = [m for m in ('evidently', 'pandas', 'scipy.stats') if m in sys.modules]\n"
        "print(found.passed, found.metadata['results'].value, heavy)"
    )
    for total in (10, 40):
        pitches.add(STEADY * ((total - pitches.count) // 10))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == f"True {total} []"


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        (
            {"models_used": ModelsUsed(
                transcription="captions: en-us", emotion=None, vision="yunet_2026may",
                content="rules",
            )},
            "transcription changed from whisper base.en to captions: en-us at 2026-03-01 21:00 UTC",
        ),
        (
            {"rubric": Rubric(name="pitchquest", version="2", weights={})},
            "rubric changed from pitchquest 1 to pitchquest 2 at 2026-03-01 21:00 UTC",
        ),
        (
            {"engine_versions": {
                "faster-whisper": "1.3.0", "opencv": "4.14.0", "praat": "6.4.27",
            }},
            "faster-whisper changed from 1.2.1 to 1.3.0 at 2026-03-01 21:00 UTC",
        ),
    ],
    ids=["engine", "rubric", "package"],
)  # fmt: skip
def test_a_change_inside_the_window_is_the_likely_cause_and_can_be_left_out(
    pitches: Pitches, monkeypatch: pytest.MonkeyPatch, changed, cause
) -> None:
    pitches.add(STEADY * 2)
    pitches.add(SHIFTED * 2, **changed)
    found = check()
    assert not found.passed
    assert found.metadata["likely_cause"].value == cause
    assert found.description.endswith(f"Likely cause: {cause}.")

    monkeypatch.setenv("PITCHQUEST_DRIFT_WITHIN_ENGINE", "on")
    found = check()
    assert found.passed
    assert found.metadata["results"].value == 20
    assert cause.split(" at ")[0].split(" to ")[1] in found.metadata["compared"].value


def test_three_checks_at_once_open_one_episode(pitches: Pitches) -> None:
    pitches.add(STEADY + SHIFTED)
    with ThreadPoolExecutor(3) as pool:
        found = [one.result() for one in [pool.submit(check) for _ in range(3)]]
    assert [one.passed for one in found] == [False] * 3
    assert sorted(one.metadata["episode"].value for one in found) == [
        "opened",
        "unchanged",
        "unchanged",
    ]
    assert pitches.events_and_alerts() == (1, 1)


def test_a_run_that_finds_drift_stays_green_and_dagit_shows_the_figures_in_10_kb(
    pitches: Pitches, instance: dg.DagsterInstance
) -> None:
    random = np.random.default_rng(3)
    for half in (STEADY * 5, SHIFTED * 5):
        for score in half:
            pitches.result = factories.pitch_result(
                delivery_analysis=factories.delivery_analysis(
                    measurements={
                        f"a_long_name_of_a_measurement_{index}": Measurement(
                            value=float(random.normal()), unit="s"
                        )
                        for index in range(40)
                    }
                )
            )
            pitches.add([score])
    run = job("watch_drift").execute_in_process(instance=instance)
    [found] = run.get_asset_check_evaluations()
    [record] = [
        one
        for one in instance.all_logs(run.run_id)
        if one.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert run.success
    assert (found.passed, found.check_name) == (False, "score_drift")
    assert found.partition is None
    size = len(dg.serialize_value(record))
    assert size < 10_000
    shown = {name: value.value for name, value in found.metadata.items()}
    assert {
        "results": 100,
        "window_start": "2026-03-01T01:00:00+00:00",
        "window_end": "2026-03-05T04:00:00+00:00",
        "drift_detected": True,
        "reference_mean": 70.0,
        "current_mean": 50.0,
        "mean_difference": -20.0,
        "reference_std": 3.06,
        "current_std": 3.06,
        "std_change_pct": 0.0,
        "sample_sizes": {"reference": 50, "current": 50},
        "likely_cause": "the pitches themselves",
        "compared": "every result",
    }.items() <= shown.items()
    assert "| overall_score | t_test |" in shown["p_values"]
    assert shown["plot"].startswith("![scores")
    assert len(shown["plot"]) < 5_000
    assert Path(shown["html_report"]).stat().st_size > 0
