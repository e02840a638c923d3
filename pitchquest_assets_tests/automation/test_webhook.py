import logging
from collections.abc import Iterator

import dagster as dg
import pytest

from pitchquest_assets.automation.webhook import deliver_webhooks, send_due
from pitchquest_assets.automation.webhook_receiver import receiver_of
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import queue, results, videos
from pitchquest_assets.store.rows.webhook_events import undelivered
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.webhooks import SECRET, Backend, let_pass
from pitchquest_assets_tests.support.wiring import evaluate

# How often the sensor ticks.
TICK_SECONDS = 5


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    backend = Backend()
    with backend.running():  # takes a port
        pass
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_URL", backend.url)
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_INNER_ADDRESSES", "allowed")
    return backend


@pytest.fixture
def running(backend: Backend) -> Iterator[Backend]:
    with backend.running():
        yield backend


def tick(caplog: pytest.LogCaptureFixture) -> str:
    """One tick of the sensor; all that it says."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        reason = evaluate(deliver_webhooks)
    assert isinstance(reason, dg.SkipReason)
    return "\n".join([reason.skip_message or "", caplog.text])


def finish_videos(store: Store, names: list[str]) -> None:
    """Every other video is completed, the others fail."""
    for number, name in enumerate(names):
        videos.register(store, name, f"/in/{name}.mp4")
        queue.claim(store, name, "run-1", attempt=0)
        if number % 2:
            videos.mark_failed(store, name, "It is empty.")
        else:
            results.save_result(store, factories.pitch_result(video_id=name, job_id="run-1"))


def test_each_finished_video_is_told_of_once_and_signed(
    store: Store, running: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    finish_videos(store, ["good", "bad"])
    assert "2 events were accepted" in tick(caplog)
    told = {(event["type"], event["data"]["video_id"]) for event in running.events}
    assert told == {("video.completed", "good"), ("video.failed", "bad")}
    let_pass(store, 100_000)
    assert "0 events were accepted" in tick(caplog)
    assert running.forged == 0


def send(store: Store) -> tuple[int, list[str]]:
    """What the sensor does in one tick, without Dagster's own seconds."""
    receiver = receiver_of(load_settings())
    assert receiver
    with receiver:
        return send_due(store, receiver)


def test_a_receiver_that_errs_and_dies_gets_every_event(store: Store, backend: Backend) -> None:
    """500 five times, then down for three minutes: each event arrives, with a valid signature."""
    names = [f"pitch-{number}" for number in range(8)]
    backend.answers = [500] * 5
    refused: list[str] = []
    with backend.running():
        finish_videos(store, names[:2])
        while backend.answers:
            refused += send(store)[1]
            let_pass(store, TICK_SECONDS)
    assert refused == ["127.0.0.1 answers 500."] * 5
    finish_videos(store, names[2:])
    for _ in range(180 // TICK_SECONDS):
        assert send(store)[0] == 0
        let_pass(store, TICK_SECONDS)
    assert "127.0.0.1 does not answer" in str(undelivered(store).error)
    with backend.running():
        for _ in range(600 // TICK_SECONDS):
            send(store)
            let_pass(store, TICK_SECONDS)
    assert sorted(event["data"]["video_id"] for event in backend.events) == names
    assert len(set(backend.event_ids)) == len(names)
    assert backend.forged == 0
    assert undelivered(store) == (0, 0, 0, None)


def test_an_event_whose_acceptance_was_lost_comes_again_under_its_id(
    store: Store, running: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_videos(store, ["pitch"])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("pitchquest_assets.automation.webhook.note_delivered", die)
        with pytest.raises(KeyboardInterrupt):
            evaluate(deliver_webhooks)
    let_pass(store, 60)
    evaluate(deliver_webhooks)
    first, second = running.event_ids
    assert first == second
    assert running.events[0] == running.events[1]


def test_without_a_receiver_events_wait_for_one(
    store: Store,
    backend: Backend,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish_videos(store, ["pitch"])
    with monkeypatch.context() as unset:
        unset.delenv("PITCHQUEST_WEBHOOK_URL")
        assert "PITCHQUEST_WEBHOOK_URL is not set" in tick(caplog)
    with backend.running():
        assert "1 events were accepted" in tick(caplog)


def test_a_setting_that_is_not_usable_costs_no_event(
    store: Store,
    backend: Backend,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish_videos(store, ["pitch"])
    with monkeypatch.context() as wrong:
        wrong.setenv("PITCHQUEST_WEBHOOK_SECRET", "short")
        assert "24 to 64 bytes" in tick(caplog)
    with backend.running():
        assert "1 events were accepted" in tick(caplog)
