"""`up` hears of uploads from the database."""

import os

import psycopg
import pytest

from pitchquest_assets.automation.upload_sensors import LISTENING_VARIABLE
from pitchquest_assets.cli.wakes import Listener
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.postgres import embedded
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store

SHORT_SECONDS = 0.2
DEADLINE_SECONDS = 60.0


@pytest.fixture
def listener(store: Store, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """A listener that has heard nothing yet; what it puts into the environment is undone."""
    monkeypatch.setenv(LISTENING_VARIABLE, "")
    return Listener(load_settings())


def test_an_upload_is_heard_once(store: Store, listener: Listener) -> None:
    assert not listener.wait(SHORT_SECONDS)
    videos.register(store, "new", "/in/new.mp4")
    assert listener.wait(DEADLINE_SECONDS)
    assert not listener.wait(SHORT_SECONDS)


def test_a_video_that_is_put_back_is_heard_and_one_that_has_failed_is_not(
    store: Store, listener: Listener
) -> None:
    videos.register(store, "again", "/in/again.mp4")
    assert listener.wait(DEADLINE_SECONDS)
    videos.mark_failed(store, "again", "It is too long.")
    assert not listener.wait(SHORT_SECONDS)
    videos.retry(store, "again")
    assert listener.wait(DEADLINE_SECONDS)


def test_a_connection_that_is_lost_is_opened_again_and_what_came_meanwhile_is_looked_for(
    store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitchquest_assets.cli.wakes.RETRY_SECONDS", 0)
    with psycopg.connect(embedded.start(load_settings().home_path), autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'"
        )
    assert not listener.wait(SHORT_SECONDS)
    assert not listener.is_connected
    videos.register(store, "missed", "/in/missed.mp4")
    monkeypatch.setattr(listener, "_next_try", 0.0)
    assert listener.wait(SHORT_SECONDS)
    assert listener.is_connected


def test_the_sensor_is_told_that_young_uploads_are_heard(listener: Listener) -> None:
    assert os.environ[LISTENING_VARIABLE] == "on"
    assert listener.is_connected
