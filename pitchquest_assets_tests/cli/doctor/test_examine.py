import pytest

from pitchquest_assets.cli.doctor import examine as doctor
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.webhook_events import claim_event, give_up_old, note_failed
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.webhooks import SECRET, let_pass


def test_events_that_wait_and_those_that_were_given_up_are_told_apart(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_URL", "http://127.0.0.1:9/hooks")
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("PITCHQUEST_WEBHOOK_INNER_ADDRESSES", "allowed")
    settings = load_settings()
    assert doctor._webhook(settings) == ("ok", "events go to 127.0.0.1")
    for name in ("old", "young"):
        videos.register(store, name, f"/in/{name}.mp4")
        videos.mark_failed(store, name, "It is empty.")
        event = claim_event(store)
        assert event
        note_failed(store, event, "127.0.0.1 answers 500.")
        if name == "old":
            let_pass(store, 3 * 24 * 60 * 60)
            give_up_old(store, is_told=True)
    assert doctor._webhook(settings) == (
        "failed",
        "events that wait: 1, tried up to 1 times; given up after 3 days: 1 (docs/operator.md says "
        "how to send them again); 127.0.0.1 answers 500.",
    )
