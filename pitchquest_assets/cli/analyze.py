"""What `analyze` shows: progress, a summary, the report's path."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from pitchquest_assets.cli.dagster_instance import open_instance
from pitchquest_assets.cli.mending import mend_lost
from pitchquest_assets.cli.runner import Outcome, Runner
from pitchquest_assets.cli.show import check_writable, save_report
from pitchquest_assets.errors import Interrupted, InvalidInput, PitchQuestError
from pitchquest_assets.model import PitchResult, Transcript
from pitchquest_assets.registration import register, video_id_of
from pitchquest_assets.report.formatting import gain
from pitchquest_assets.settings import load_settings
from pitchquest_assets.store import scratch
from pitchquest_assets.store.rows.progress import ASSETS
from pitchquest_assets.store.store import Store, open_store
from pitchquest_assets.worker import is_gone

OK, FAILED, BAD_INPUT = 0, 1, 2

err = Console(stderr=True)


def analyze_all(
    paths: Sequence[Path],
    *,
    captions: Path | None,
    json_file: str | None,
    report: Path | None,
    video_id: str | None,
) -> int:
    """Analyse the files one by one, and show progress and results.

    Returns:
        The exit code: OK, BAD_INPUT if files could not be analysed, FAILED if anything else failed.

    Raises:
        Interrupted: Ctrl-C or SIGTERM.
        PitchQuestError: an output file cannot be written, or the store cannot be opened.
    """
    settings = load_settings()
    for file in (report, Path(json_file) if json_file and json_file != "-" else None):
        if file:
            check_writable(file)
    store = open_store(settings)
    store.check_storage()
    instance = open_instance(settings)
    mend_lost(store, settings)
    scratch.sweep(settings, is_gone)
    terminal = _Terminal()
    runner = Runner(store, instance, settings, terminal)
    out = _json_stream(json_file)
    code = OK
    with out or nullcontext():
        for path in paths:
            outcome = _analyze(runner, terminal, store, path, captions, video_id)
            if outcome.error is not None or outcome.result is None:
                print(outcome.error, file=sys.stderr)
                code = FAILED if FAILED in (code, _code(outcome)) else BAD_INPUT
                continue
            if out:
                indent = 2 if len(paths) == 1 else None
                print(outcome.result.model_dump_json(indent=indent), file=out, flush=True)
            where = save_report(outcome.report, settings, report) if outcome.report else None
            _show(outcome.result, where, err if json_file == "-" else Console())
    return code


def _json_stream(json_file: str | None) -> TextIO | None:
    """The stream that results are written to; an existing file is overwritten."""
    if json_file == "-":
        return open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    return Path(json_file).open("w", encoding="utf-8") if json_file else None


def _code(outcome: Outcome) -> int:
    return BAD_INPUT if outcome.input_is_bad else FAILED


def _analyze(
    runner: Runner,
    terminal: "_Terminal",
    store: Store,
    path: Path,
    captions: Path | None,
    video_id: str | None,
) -> Outcome:
    video_id = video_id_of(path) if video_id is None else video_id
    try:
        register(store, load_settings(), path, video_id, captions)
        with terminal.showing(path.name):
            return runner.run(video_id)
    except Interrupted:
        raise
    except PitchQuestError as error:
        return Outcome(video_id, error=str(error), input_is_bad=isinstance(error, InvalidInput))


class _Terminal:
    """Shows progress: a moving line on a terminal; announcements of engines everywhere."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._name, self._task = "", TaskID(0)

    @contextmanager
    def showing(self, name: str) -> Iterator[None]:
        """Show the progress of this file's analysis."""
        self._name, self._task = name, self._bar.add_task(name, total=len(ASSETS))
        try:
            with self._bar:
                yield
        finally:
            self._bar.remove_task(self._task)

    def step_started(self, name: str) -> None:
        """Name the asset that is being made."""
        self._describe(name)

    def step_succeeded(self, name: str) -> None:
        """Advance by one asset."""
        self._bar.advance(self._task)

    def announce(self, sentence: str) -> None:
        """Print the sentence above the moving line."""
        err.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def downloaded(self, done_bytes: int, total_bytes: int) -> None:
        """Show the progress of the download."""
        self._describe(f"{done_bytes / 1e6:.1f} of {total_bytes / 1e6:.1f} MB")

    def _describe(self, what: str) -> None:
        self._bar.update(self._task, description=f"{self._name}: {what}")


def _show(result: PitchResult, report: Path | None, console: Console) -> None:
    metadata, scores = result.metadata, result.results
    overall = f"{scores.overall_score} / 100"
    if scores.overall_score is None:
        overall = f"no overall score: {metadata.unscored or 'nothing could be measured'}"
    table = Table(title=f"{metadata.source.filename}: {overall}", title_justify="left")
    for heading in ("part", "score", "weight", "measured"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    for name in sorted(metadata.parts, key=lambda name: -metadata.parts[name].weight):
        part = metadata.parts[name]
        shown = f"– ({part.reason})" if part.score is None else f"{part.score:.0f}"
        table.add_row(name, shown, f"{part.weight:.0f} %", f"{part.coverage:.0%}")
    console.print(table)
    for title, points in (
        ("Strengths", result.feedback.strengths),
        ("Improvements", result.feedback.improvements),
    ):
        if points:
            console.print(f"[bold]{title}[/bold]")
        for point in points:
            at = point.evidence.time_seconds
            when = "" if at is None else f" ({int(at) // 60}:{int(at) % 60:02d})"
            line = f"  • {point.title}{when} {gain(point.points)}"
            console.print(line.rstrip(), markup=False, highlight=False)
    pace = scores.delivery_analysis.measurements["speech_rate"].value
    transcript = metadata.transcript
    facts = [
        f"coverage {metadata.coverage:.0%}",
        _words_of(transcript),
        f"{pace:.0f} wpm" if pace else "pace not measured",
        f"{result.processing_time_seconds:.1f} s",
    ]
    if metadata.costs.total_usd:
        facts.append(f"${metadata.costs.total_usd:.4f}")
    console.print(" · ".join(facts), highlight=False)
    for note in [
        *metadata.warnings,
        transcript.reason,
        transcript.hint and f"Hint: {transcript.hint}",
    ]:
        if note:
            console.print(note, style="yellow", markup=False, highlight=False)
    console.print(f"Video id: {result.video_id}", highlight=False)
    if report:
        console.print(f"Report: {report}", highlight=False, soft_wrap=True)


def _words_of(transcript: Transcript) -> str:
    """Where the words come from, and how many of them are expected to be wrong."""
    expected = transcript.expected_wer
    errors = "" if expected is None else f", about {expected:.0%} of the words wrong"
    return f"transcript: {transcript.engine}{errors}"
