"""`pitchquest delete`: what would go, the question, and the erasure."""

import sys
import time
from collections.abc import Sequence

import dagster as dg
import typer

from pitchquest_assets.automation.dagster_erasure import runs_about
from pitchquest_assets.automation.erasure import carry_out
from pitchquest_assets.automation.left_files import files_about, theirs
from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.errors import InvalidInput, StoreUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.postgres.rewriting import rewrite
from pitchquest_assets.store.rows import erasures, videos
from pitchquest_assets.store.rows.erasures import Erasure
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store
from pitchquest_assets.store.supabase.project import project_of
from pitchquest_assets.store.supabase.video_bucket import is_in_bucket

PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 2.0


def delete(
    store: Store, settings: Settings, given: Sequence[str], *, dry_run: bool, yes: bool
) -> None:
    """Erase videos, after a question on the terminal; also completes half-finished erasures.

    Args:
        given: video ids, or prefixes that only one id has.
        dry_run: only print what would go.
        yes: ask nothing.

    Raises:
        UnknownVideo: no such video is registered or being erased.
        InvalidInput: several videos begin with what was given, or nobody is there to ask.
        SettingsError: Storage cannot be used.
        StoreUnavailable: something could not be removed yet; the next `delete` or `up` goes on.
    """
    store.check_storage()
    begun = {one.video_id for one in erasures.unfinished(store, given)}
    rows = [videos.by_prefix(store, name) for name in dict.fromkeys(given) if name not in begun]
    instance = open_instance(settings)
    for row in rows:
        print("\n".join(_what_goes(instance, store, settings, row)))
    if dry_run:
        return
    if rows and not yes:
        _ask(len(rows))
    ours = {row.video_id: theirs(settings, _as_erasure(row)) for row in rows}
    ids = {*begun, *erasures.delete_rows(store, list(ours))}
    _wait(instance, store, settings, ids)
    if ids and project_of(settings) is None:
        rewrite(settings.home_path)
    for video_id in sorted(ids):
        print(f"{video_id} is erased.")
    for path in filter(None, ours.values()):
        print(f"{path} stays: it is your own file, not PitchQuest's copy.")


def _wait(instance: dg.DagsterInstance, store: Store, settings: Settings, ids: set[str]) -> None:
    """Carry the erasures out until they are finished."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while erasures.unfinished(store, ids):
        waiting = carry_out(instance, store, settings, ids)
        if not waiting:
            continue
        if time.monotonic() > deadline:
            raise StoreUnavailable(
                "\n".join(
                    f"The rows of {video_id} are gone, but the rest is not yet: {why}. `pitchquest "
                    f"delete {video_id}` or `pitchquest up` goes on."
                    for video_id, why in sorted(waiting.items())
                )
            )
        time.sleep(LOOK_SECONDS)


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput("Nobody is there to confirm it: add --yes.")
    what = "this video" if count == 1 else f"these {count} videos"
    if not typer.confirm(f"Erase {what} for ever?", err=True):
        raise typer.Abort


def _what_goes(
    instance: dg.DagsterInstance, store: Store, settings: Settings, row: VideoRow
) -> list[str]:
    """What an erasure removes, a line for each kind."""
    erasure = _as_erasure(row)
    counts = erasures.rows_about(store, row.video_id)
    runs = runs_about(instance, row.video_id, erasure.run_ids)
    shown = [f"{what}: {count}" for what, count in [*counts.items(), ("runs", len(runs))] if count]
    lines = [f"{row.video_id} ({row.status}): {row.filename}"]
    if shown:
        lines.append(f"  {', '.join(shown)}")
    stored = [path for path in (row.file_path, row.captions_path) if path and is_in_bucket(path)]
    lines += [f"  {path}" for path in [*stored, *files_about(settings, erasure)]]
    if path := theirs(settings, erasure):
        lines.append(f"  not {path}, which is your own file")
    return lines


def _as_erasure(row: VideoRow) -> Erasure:
    """What the deletion of this row will leave, as far as files go."""
    return Erasure(
        id=0,
        video_id=row.video_id,
        filename=row.filename,
        file_path=row.file_path,
        captions_path=row.captions_path,
        owner=row.owner,
        object_paths=[],
        keeps_files=False,
        run_ids=[row.job_id] if row.job_id else [],
        is_settled=False,
    )
