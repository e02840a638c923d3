"""What the other commands show: tables, JSON, files; without Dagster, so they answer at once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from pitchquest_assets.cli.mending import mend_lost
from pitchquest_assets.engines.weights import fetcher
from pitchquest_assets.engines.weights.files import list_models
from pitchquest_assets.engines.weights.pinned import MODELS
from pitchquest_assets.errors import EngineUnavailable, SettingsError
from pitchquest_assets.model import Report
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.rows.progress import progress_of, queue_positions, stored_assets
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store

if TYPE_CHECKING:
    from pitchquest_assets.cli.doctor.examine import Finding


def check_writable(path: Path) -> None:
    """Make sure that a file can be written, before any work is done for it.

    Raises:
        SettingsError: its folder cannot be made or written to, or it is itself a folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError:
        writable = False
    if path.is_dir() or not writable:
        raise SettingsError(f"{path} cannot be written: name another file.")


def save_report(report: Report, settings: Settings, path: Path | None = None) -> Path:
    """Write the report to `path`, or into the folder of reports, and return its path."""
    path = path or settings.home_path / "reports" / f"{report.video_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(report.payload)
    return path.absolute()


def print_status(
    store: Store, video_id: str | None, *, as_json: bool, newest: int | None = None
) -> None:
    """Print the rows as a table or a JSON list.

    Args:
        newest: how many of the newest uploads; None prints all.

    Raises:
        UnknownVideo: no such video.
    """
    mend_lost(store, load_settings())
    rows = _rows_to_show(store, video_id, newest)
    places = queue_positions(store)
    stored = stored_assets(store, [row.job_id for row in rows if row.job_id and _is_open(row)])
    table = [
        {
            "video_id": row.video_id,
            "status": row.status,
            "job_id": row.job_id,
            "attempts": row.attempts,
            "error": row.error,
            "progress": progress_of(row, stored.get(row.job_id or "", set())),
            "queue_position": places.get(row.video_id),
        }
        for row in rows
    ]
    if as_json:
        print(json.dumps(table, indent=2))
        return
    shown = Table()
    shown.add_column("video id", overflow="fold")
    for heading in ("status", "attempts", "progress"):
        shown.add_column(heading, no_wrap=True)
    shown.add_column("error", overflow="fold")
    for entry in table:
        shown.add_row(
            *(str(entry[key] or "") for key in ("video_id", "status")),
            str(entry["attempts"]),
            _shown_progress(entry),
            Text(str(entry["error"] or "")),  # its brackets are not markup
        )
    empty = f"No videos yet in {load_settings().home_path}: `pitchquest analyze PATH` adds one."
    Console().print(shown if table else empty, soft_wrap=not table)
    if newest is not None and not video_id and videos.has_more_than(store, newest):
        print(f"These are the {newest} newest: `pitchquest status --all` shows all.")


def _rows_to_show(store: Store, video_id: str | None, newest: int | None) -> list[VideoRow]:
    if video_id:
        return [videos.get(store, video_id)]
    return videos.list_videos(store) if newest is None else videos.newest_videos(store, newest)


def _shown_progress(entry: dict[str, Any]) -> str:
    if entry["status"] != "uploaded":
        return str(entry["progress"])
    place = entry["queue_position"]
    return f"{place}. in the queue" if place else "waits for its file"


def _is_open(row: VideoRow) -> bool:
    """Whether to look up what its run has stored."""
    return row.status in ("processing", "failed")


def print_models() -> None:
    """Print all pinned models, and which of them are here."""
    for row in list_models(load_settings().models_path):
        print("\n".join(row.lines()))


def print_findings(findings: "Sequence[Finding]") -> None:
    """Print what `doctor` found, one row each."""
    colours = {"ok": "green", "failed": "red", "not configured": "yellow"}
    shown = Table("", "", "")
    for one in findings:
        state = Text(one.state, style=colours[one.state])
        shown.add_row(one.what, state, Text(one.detail, overflow="fold"))
    Console().print(shown)


def pull_models(names: Sequence[str]) -> None:
    """Fetch models, with a progress bar for each; without names, all that need no choice.

    Raises:
        EngineUnavailable: a model that was named, or every model, is not available. The others are
            fetched all the same.
    """
    settings, err = load_settings(), Console(stderr=True)
    wanted = names or [model.name for model in MODELS.values() if not model.opt_in]
    failed = []
    for name in wanted:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
            task = bar.add_task(name, total=None)

            def show(done: int, total: int, bar: Progress = bar, task: TaskID = task) -> None:
                bar.update(task, completed=done, total=total)

            try:
                path = fetcher.pull(
                    name,
                    settings.models_path,
                    progress=show,
                    hub=settings.model_hub,
                    hub_timeout_seconds=settings.model_hub_timeout_seconds,
                )
            except EngineUnavailable as error:
                failed.append(str(error))
                continue
        print(f"{name}: {path}")
        if notice := MODELS[name].notice:
            err.print(notice, soft_wrap=True)
    if failed and (names or len(failed) == len(wanted)):
        raise EngineUnavailable("\n".join(failed))
    for sentence in failed:
        err.print(sentence, soft_wrap=True, markup=False)
