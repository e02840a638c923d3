"""What `status` prints about many videos."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from pitchquest_assets.cli.show import print_status
from pitchquest_assets.store.store import Store

INSERT = text("""
    insert into videos (video_id, filename, file_path, status, uploaded_at)
    select 'v' || n, 'pitch.mp4', '/pitch.mp4', 'completed', now() - n * interval '1 minute'
    from generate_series(1, :count) as n
""")
MORE = "These are the 3 newest: `pitchquest status --all` shows all."


@pytest.fixture
def five(store: Store) -> Store:
    """A store with five videos, v1 the newest."""
    store.transaction(lambda connection: connection.execute(INSERT, {"count": 5}))
    return store


def test_the_newest_videos_are_shown_the_newest_last_with_a_hint_at_the_others(
    five: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    print_status(five, None, as_json=False, newest=3)
    shown = capsys.readouterr().out
    places = [shown.index(f"v{number} ") for number in (3, 2, 1)]
    assert places == sorted(places)
    assert "v4" not in shown
    assert shown.splitlines()[-1] == MORE


@pytest.mark.parametrize("newest", [5, None])
def test_there_is_no_hint_when_all_are_shown(
    five: Store, capsys: pytest.CaptureFixture[str], newest: int | None
) -> None:
    print_status(five, None, as_json=False, newest=newest)
    shown = capsys.readouterr().out
    assert all(f"v{number} " in shown for number in range(1, 6))
    assert "--all" not in shown


def test_one_video_is_shown_however_old_it_is(
    five: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    print_status(five, "v5", as_json=False, newest=3)
    shown = capsys.readouterr().out
    assert "v5" in shown
    assert "--all" not in shown


def test_json_has_all(five: Store, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(five, None, as_json=True)
    assert [row["video_id"] for row in json.loads(capsys.readouterr().out)] == [
        "v5",
        "v4",
        "v3",
        "v2",
        "v1",
    ]


def test_status_loads_neither_dagster_nor_an_engine() -> None:
    code = "import sys, pitchquest_assets.cli.show; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"dagster", "av", "pitchquest_assets.cli.doctor.engines"} & set(done.stdout.split())
