import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.drift import windows
from pitchquest_assets.analysis.drift import drift
from pitchquest_assets.report import drift as drift_report


class Snapshot:
    """Stands in for Evidently's, whose HTML is 5 MB."""

    def save_html(self, path: str) -> None:
        Path(path).write_text("<html></html>")


@pytest.mark.parametrize(("half", "shift_points"), [(50, 15), (10, 0)])
@pytest.mark.filterwarnings("ignore")
def test_evidently_gives_the_same_p_values_and_judges_by_our_threshold(half, shift_points) -> None:
    halves = next(windows(11, 1, half, shift_points))
    verdict = drift.judge(halves)
    snapshot = drift_report.run_evidently(halves)
    found = drift_report.p_values(snapshot)
    assert found == pytest.approx(verdict.p_values, rel=1e-9)
    assert verdict.with_p_values(found).drifted_figures == verdict.drifted_figures
    for metric in snapshot.dict()["metrics"]:
        assert metric["config"]["method"] == "t_test"
        assert metric["config"]["threshold"] == verdict.threshold


def test_the_newest_20_reports_are_kept(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    paths = [
        drift_report.save_report(Snapshot(), tmp_path / "drift", start + timedelta(hours=hour))
        for hour in range(23)
    ]
    assert sorted((tmp_path / "drift").iterdir()) == paths[3:]
    assert paths[0].name == "drift-20260301T000000000000Z.html"


def test_the_plot_is_a_small_picture_that_can_be_read() -> None:
    picture = drift_report.plot([60.0, 70.0] * 50, (61.0, 70.25))
    assert len(picture) < 5_000
    svg = base64.b64decode(picture.partition("base64,")[2].rstrip(")"))
    texts = [one.text for one in ElementTree.fromstring(svg).iter() if one.text]
    assert texts == ["61.0", "70.2"]
