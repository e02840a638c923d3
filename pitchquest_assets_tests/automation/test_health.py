import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.automation import health
from pitchquest_assets.automation.health import system_health
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.webhooks import let_pass
from pitchquest_assets_tests.support.wiring import evaluate


def test_a_tick_stores_one_row_and_starts_no_run(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    reason = evaluate(system_health)
    assert isinstance(reason, dg.SkipReason)
    assert (reason.skip_message or "").startswith("1 waiting, 0 being analysed")
    statement = text("select metric_value from monitoring_metrics")
    (value,) = store.transaction(lambda c: c.scalars(statement).all())
    assert value["disk_free_bytes"] > 0


def test_a_disk_that_is_nearly_full_raises_one_alert_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 10**18)
    for _ in range(2):
        evaluate(system_health)
    statement = text("select kind, message from alerts")
    [alert] = store.transaction(lambda c: c.execute(statement).all())
    assert alert.kind == "disk"
    assert "GB left" in alert.message


@pytest.mark.parametrize("is_set", [True, False])
def test_events_that_the_backend_never_took_raise_an_alert(
    store: Store, monkeypatch: pytest.MonkeyPatch, is_set: bool
) -> None:
    if is_set:
        monkeypatch.setenv("PITCHQUEST_WEBHOOK_URL", "https://hooks.example.com")
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.mark_failed(store, "pitch", "It is empty.")
    let_pass(store, 3 * 24 * 60 * 60)
    for _ in range(2):
        evaluate(system_health)
    statement = text("select message from alerts where kind = 'webhook'")
    told = store.transaction(lambda c: c.scalars(statement).all())
    assert len(told) == is_set
    assert all("They were never sent." in one for one in told)
