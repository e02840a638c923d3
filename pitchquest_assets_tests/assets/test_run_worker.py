"""A process as the worker of a run: lease, heartbeats, and the claim on the video."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import dagster as dg
import pytest
from sqlalchemy import event, text

from pitchquest_assets.assets import run_worker
from pitchquest_assets.assets.run_worker import will_complete
from pitchquest_assets.assets.video_asset import video_asset
from pitchquest_assets.definitions import resources
from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.model import Transcript
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store.rows import leases, queue, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets.worker import KEPT_BY_PARENT, this_worker
from pitchquest_assets_tests.support.factories.transcripts import transcript_value
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.wiring import job

DEADLINE_SECONDS = 60
WORDS = transcript_value()


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        found.add_dynamic_partitions("videos", ["pitch"])
        videos.register(store, "pitch", str(SAMPLE_PITCH))
        yield found


def run_of(
    instance: dg.DagsterInstance, work: Callable[[str], None], **tags: str
) -> dg.ExecuteInProcessResult:
    """A run of one asset that does this with the id of the run."""

    def transcript(context: dg.AssetExecutionContext) -> Transcript:
        work(context.run.run_id)
        return WORDS

    return dg.materialize(
        [video_asset(code_version="1", group="input", kinds=set())(transcript)],
        instance=instance,
        partition_key="pitch",
        resources=resources(load_settings()),
        tags=tags,
        raise_on_error=False,
    )


def heartbeat(store: Store) -> datetime:
    [lease] = leases.all_leases(store)
    assert lease.heartbeat_at
    return lease.heartbeat_at


def wait_for_another(store: Store) -> None:
    """Wait for the next heartbeat."""
    last, deadline = heartbeat(store), time.monotonic() + DEADLINE_SECONDS
    while heartbeat(store) == last:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("fails", [False, True])
def test_a_lease_is_held_while_a_step_works_and_released_however_it_ends(
    store: Store, instance: dg.DagsterInstance, fails: bool
) -> None:
    held = []

    def work(run_id: str) -> None:
        held.extend((one.job_id, one.worker, one.video_id) for one in leases.all_leases(store))
        if fails:
            raise InvalidVideo("No picture.")

    done = run_of(instance, work)
    assert done.success != fails
    assert held == [(done.run_id, this_worker(), "pitch")]
    assert leases.all_leases(store) == []


def test_heartbeats_go_on_after_the_database_has_refused_one(
    store: Store, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_worker, "HEARTBEAT_SECONDS", 0.05)

    def execute(statement: str) -> None:
        store.transaction(lambda connection: connection.execute(text(statement)))

    def work(run_id: str) -> None:
        wait_for_another(store)
        refused = "alter table worker_leases add constraint away check (heartbeat_at < 'epoch')"
        execute(f"{refused} not valid")
        time.sleep(5 * run_worker.HEARTBEAT_SECONDS)
        execute("alter table worker_leases drop constraint away")
        wait_for_another(store)

    assert run_of(instance, work).success


def test_a_run_in_one_process_takes_its_lease_and_its_video_once(
    store: Store, instance: dg.DagsterInstance
) -> None:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(" ".join(statement.split()))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        done = job("analyze_pitch").execute_in_process(
            instance=instance, partition_key="pitch", tags={"attempt": "0"}
        )
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    assert done.success
    of_leases = [one.split()[0] for one in statements if "worker_leases" in one]
    assert (of_leases[0], of_leases[-1]) == ("insert", "delete")
    assert set(of_leases[1:-1]) <= {"insert"}  # a heartbeat each ten seconds
    claims = [one for one in statements if one.startswith("update videos set status = 'proc")]
    assert len(claims) == 1
    assert videos.get(store, "pitch").status == "completed"


def test_a_run_that_does_not_go_on_to_the_result_leaves_the_status(
    store: Store, instance: dg.DagsterInstance
) -> None:
    before = videos.get(store, "pitch")
    done = job("analyze_pitch").execute_in_process(
        instance=instance, partition_key="pitch", asset_selection=[dg.AssetKey("source_video")]
    )
    assert done.success
    assert videos.get(store, "pitch") == before


def test_the_run_of_an_older_attempt_does_nothing(
    store: Store, instance: dg.DagsterInstance
) -> None:
    before = videos.retry(store, "pitch")
    assert not run_of(instance, lambda run_id: None, attempt="0").success
    assert videos.get(store, "pitch") == before
    assert run_of(instance, lambda run_id: None, attempt="1").success


def test_a_run_that_was_overtaken_does_not_take_its_video_back(
    store: Store, instance: dg.DagsterInstance
) -> None:
    """Its next step, in another process, sees by a tag that it had the video once."""
    made = []

    def step(context: dg.AssetExecutionContext) -> Transcript:
        made.append(context.run.run_id)
        return WORDS

    step.__name__ = "transcript"
    defs = dg.Definitions(
        [video_asset(code_version="1", group="input", kinds=set())(step)],
        resources=resources(load_settings()),
    )
    run_id = "0f4e1d2c-0000-4000-8000-000000000001"
    queue.claim(store, "pitch", "newer", attempt=None)
    before = videos.get(store, "pitch")
    done = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        partition_key="pitch",
        run_id=run_id,
        tags={"claimed_by": run_id},
        raise_on_error=False,
    )
    assert not done.success
    assert (made, videos.get(store, "pitch")) == ([], before)


RESULT = dg.AssetKey("aggregated_result")
REPORT = dg.AssetKey("feedback_report")


@pytest.mark.parametrize(
    ("facts", "completes"),
    [
        ({}, True),
        ({"asset_selection": {RESULT, REPORT}}, True),
        ({"asset_selection": {REPORT}}, False),
        ({"parent": True}, True),
        ({"parent": True, "step_keys_to_execute": ["aggregated_result"]}, True),
        ({"parent": True, "step_keys_to_execute": ["feedback_report"]}, False),
    ],
)
def test_a_run_completes_its_video_where_the_result_is_among_its_steps(
    facts: dict, completes: bool
) -> None:
    parent = "first" if facts.pop("parent", False) else None
    run = dg.DagsterRun("analyze_pitch", parent_run_id=parent, root_run_id=parent, **facts)
    assert will_complete(run) == completes


def test_a_process_whose_parent_sends_its_heartbeats_takes_no_lease_of_its_own(
    store: Store, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEPT_BY_PARENT, "1")
    held: list[leases.Lease] = []
    done = run_of(instance, lambda run_id: held.extend(leases.all_leases(store)))
    assert done.success
    assert held == []
