import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from pitchquest_assets.store.rows import drift_episodes as drift
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories

START = datetime(2026, 3, 1, tzinfo=UTC)
FIGURES = {"mean_shift": -20.0, "html_report": "/reports/drift/one.html"}


def save(store: Store, video_id: str, result: Any) -> None:
    videos.register(store, video_id, "/in/pitch.mp4")
    results.save_result(store, result.model_copy(update={"video_id": video_id}))


def recorded(store: Store, *, passed: bool, scope: str = "every result") -> drift.Event | None:
    return drift.record(store, scope, FIGURES, passed=passed, message="The score drifts.")


def rows_of(store: Store) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        rows = connection.scalars(text("select metric_value from monitoring_metrics order by id"))
        return list(rows)


def events(store: Store) -> list[tuple[str, float]]:
    return [(row["event"], row["mean_shift"]) for row in rows_of(store) if row["event"]]


def alerts(store: Store) -> list[tuple[str, str]]:
    with store.engine.connect() as connection:
        rows = connection.execute(text("select kind, message from alerts order by id")).all()
        return [(row.kind, row.message) for row in rows]


def test_the_figures_of_a_result_come_without_its_documents(store: Store) -> None:
    result = factories.pitch_result(timestamp=START)
    save(store, "one", result)
    [row] = drift.newest_figures(store, 100)
    found = result.results
    assert row["created_at"] == START
    assert row["figures"] == {
        "overall_score": found.overall_score,
        **{f"parts.{name}": part.score for name, part in result.metadata.parts.items()},
        **{f"content.{item.name}": item.score for item in found.content_analysis.items},
        **{
            f"{part}.{kind}.{name}": one.value
            for part, analysis in (
                ("delivery", found.delivery_analysis),
                ("visual", found.visual_analysis),
            )
            for kind in ("scores", "measurements")
            for name, one in getattr(analysis, kind).items()
        },
    }
    assert None in row["figures"].values()
    assert row["made_with"] == {
        **result.metadata.engine_versions,
        **result.metadata.models_used.model_dump(),
        "rubric": "pitchquest 1",
    }


def test_the_newest_results_with_a_score_come_oldest_first(store: Store) -> None:
    for hour, score in ((3, 63), (1, 61), (4, 64), (2, 62)):
        result = factories.pitch_result(
            timestamp=START + timedelta(hours=hour), overall_score=score
        )
        save(store, f"video-{hour}", result)
    save(store, "silent", factories.nothing_measurable())
    found = drift.newest_figures(store, 3)
    assert [row["figures"]["overall_score"] for row in found] == [62, 63, 64]


def test_a_result_with_empty_documents_has_its_score_alone(store: Store) -> None:
    videos.register(store, "foreign", "/in/pitch.mp4")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into analysis_results (video_id, job_id, overall_score, content_analysis,"
            " delivery_analysis, visual_analysis, feedback, metadata, processing_time_seconds)"
            " values ('foreign', 'job', 50, '{}', '{}', '{}', '{}', '{}', 1)"
        )
    [row] = drift.newest_figures(store, 100)
    assert row["figures"] == {"overall_score": 50}
    assert row["made_with"] == {"rubric": None}


def test_an_episode_opens_once_with_one_alert_closes_once_and_opens_anew(store: Store) -> None:
    assert recorded(store, passed=True) is None
    assert recorded(store, passed=False) == "opened"
    assert [recorded(store, passed=False) for _ in range(9)] == [None] * 9
    assert drift.open_episode(store, "every result") == {
        "event": "opened",
        "scope": "every result",
        **FIGURES,
    }
    assert alerts(store) == [("drift", "The score drifts.")]
    assert [recorded(store, passed=True) for _ in range(3)] == ["closed", None, None]
    assert drift.open_episode(store, "every result") is None
    assert recorded(store, passed=False) == "opened"
    assert events(store) == [("opened", -20.0), ("closed", -20.0), ("opened", -20.0)]
    assert len(alerts(store)) == 2


def test_each_check_stores_a_row_and_only_a_change_has_an_event(store: Store) -> None:
    for passed in (True, False, False, True, True):
        recorded(store, passed=passed)
    assert [row["event"] for row in rows_of(store)] == [None, "opened", None, "closed", None]
    assert all(row.items() >= FIGURES.items() for row in rows_of(store))


def test_the_window_changes_with_each_result_that_has_a_score(store: Store) -> None:
    seen = [drift.window_of(store, 2)]

    def changed(video_id: str, **overrides: Any) -> bool:
        save(store, video_id, factories.pitch_result(**overrides))
        seen.append(drift.window_of(store, 2))
        return seen[-1].fingerprint not in [one.fingerprint for one in seen[:-1]]

    assert (seen[0].results, seen[0].fingerprint) == (0, "")
    assert changed("one", timestamp=START)
    assert changed("two", timestamp=START + timedelta(hours=2))
    assert changed("recovered-late", timestamp=START + timedelta(hours=1))
    assert changed("two", timestamp=START + timedelta(hours=2), job_id="replaced")
    assert not changed("too-old", timestamp=START - timedelta(hours=1))
    save(store, "silent", factories.nothing_measurable())
    assert drift.window_of(store, 2) == seen[-1]
    assert [one.results for one in seen] == [0, 1, 2, 2, 2, 2]


def test_each_scope_has_episodes_of_its_own(store: Store) -> None:
    assert recorded(store, passed=False, scope="whisper") == "opened"
    assert recorded(store, passed=True, scope="captions") is None
    assert recorded(store, passed=False, scope="whisper") is None


def test_three_runs_that_check_at_once_open_one_episode(store: Store) -> None:
    together = threading.Barrier(3)
    found: list[drift.Event | None] = []

    def check() -> None:
        together.wait()
        found.append(recorded(store, passed=False))

    threads = [threading.Thread(target=check) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["None", "None", "opened"]
    assert len(events(store)) == len(alerts(store)) == 1
