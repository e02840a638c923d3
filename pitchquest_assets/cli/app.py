"""The command `pitchquest`."""

import atexit
import gc
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pitchquest_assets.errors import Interrupted, InvalidInput, PitchQuestError

if TYPE_CHECKING:
    from pitchquest_assets.store.store import Store

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
# What `status` shows without --all.
NEWEST = 20
# New objects before a garbage collection; Python's default of 700 costs 0.1 s of CPU per video.
GARBAGE_OBJECTS = 20_000

app = typer.Typer(
    help="Analyses a video of a startup pitch: a score with the evidence for it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="The model files: show and fetch them.", no_args_is_help=True)
app.add_typer(models_app, name="models")

VideoId = Annotated[str, typer.Argument(help="As `pitchquest status` shows it.")]


def main() -> None:
    """Run the command; our errors are one sentence on stderr, and exit 2 for bad input, else 1."""
    # Imported modules live to the end; collecting garbage among them costs a second of CPU.
    gc.disable()
    # More NumPy threads would only wait for work, and burn CPU doing so.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # It would look for plugins in each installed package, in every process.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Videos, results and reports are nobody else's business.
    os.umask(0o077)
    # SIGTERM and SIGHUP end it like Ctrl-C, so that no row stays in 'processing'.
    for polite in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(polite) is not signal.SIG_IGN:  # as under nohup
            signal.signal(polite, signal.default_int_handler)
    from sqlalchemy.exc import DBAPIError

    try:
        app()
    except Interrupted as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # do not wait for the thread, whose work goes on
    except PitchQuestError as error:
        _fail(str(error), BAD_INPUT if isinstance(error, InvalidInput) else FAILED)
    except OSError as error:
        _fail(f"{error.filename or 'A file'}: {(error.strerror or str(error)).lower()}.", FAILED)
    except DBAPIError as error:
        from pitchquest_assets.store.postgres.database import why_unanswered

        _fail(why_unanswered(error), FAILED)


def _fail(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(code)


@app.command(epilog="Example: pitchquest analyze my_pitch.mp4 --captions my_pitch.vtt")
def analyze(
    paths: Annotated[list[Path], typer.Argument(help="Videos or folders.", show_default=False)],
    captions: Annotated[
        Path | None, typer.Option(help=".vtt, .srt, .sbv, .ttml, .ass or .txt.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result; - for stdout.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Where the HTML report goes.")] = None,
    video_id: Annotated[str | None, typer.Option(help="Default: from the file's name.")] = None,
) -> None:
    """Analyse videos: score, evidence, HTML report, rows in the database."""
    from pitchquest_assets.cli.analyze import analyze_all
    from pitchquest_assets.registration import videos_in

    paths = videos_in(paths)
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    gc.enable()
    _check_single(paths, {"--captions": captions, "--report": report, "--video-id": video_id})
    code = analyze_all(
        paths, captions=captions, json_file=json_file, report=report, video_id=video_id
    )
    _leave(code)


@app.command(epilog="Example: pitchquest judge my_script.txt")
def judge(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The words, as plain text.")],
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the levels; - for stdout.")
    ] = None,
) -> None:
    """Judge a script before it is recorded: what it shows, and what is missing."""
    from pitchquest_assets.cli.judge import judge_script
    from pitchquest_assets.settings import load_settings

    judge_script(path, load_settings(), json_file)


def _leave(code: int) -> NoReturn:
    """Exit without tearing down the modules, which takes half a second of CPU."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@app.command(epilog="Example: pitchquest up --port 3000")
def up(
    port: Annotated[int, typer.Option(help="Port of Dagit.", min=1, max=65535)] = 3000,
    host: Annotated[str, typer.Option(help="Another address needs --insecure.")] = "127.0.0.1",
    allow_host: Annotated[list[str] | None, typer.Option(help="A name that a proxy uses.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Open Dagit to everybody.")] = False,
) -> None:
    """Analyse whatever is uploaded: runs database, Dagit and daemon until Ctrl-C."""
    from pitchquest_assets.cli.address import Address
    from pitchquest_assets.cli.service import up as run_until_interrupted
    from pitchquest_assets.settings import load_settings

    gc.freeze()
    gc.enable()
    run_until_interrupted(
        load_settings(),
        Address(host, port, tuple(allow_host or ()), insecure),
        lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )


@app.command(epilog="Example: pitchquest worker --queue gpu --concurrency 1")
def worker(
    queue: Annotated[str, typer.Option(help="cpu, gpu, or another name.")] = "cpu",
    concurrency: Annotated[int | None, typer.Option(help="Default: one per core.", min=1)] = None,
) -> None:
    """Analyse on this machine what `pitchquest up` on another one hands out, until Ctrl-C."""
    from pitchquest_assets.cli.worker import work
    from pitchquest_assets.settings import load_settings

    gc.freeze()
    gc.enable()
    work(
        load_settings(),
        queue,
        concurrency or os.cpu_count() or 1,
        lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )


@app.command(epilog="Example: pitchquest submit *.mp4")
def submit(
    paths: Annotated[list[Path], typer.Argument(help="Videos or folders.", show_default=False)],
    captions: Annotated[
        Path | None, typer.Option(help=".vtt, .srt, .sbv, .ttml, .ass or .txt.")
    ] = None,
    video_id: Annotated[str | None, typer.Option(help="Default: from the file's name.")] = None,
) -> None:
    """Register uploads for `pitchquest up` to analyse; prints a video id per line."""
    from pitchquest_assets.registration import register, video_id_of, videos_in
    from pitchquest_assets.settings import load_settings

    paths = videos_in(paths)
    _check_single(paths, {"--captions": captions, "--video-id": video_id})
    store, settings, code = _store(), load_settings(), 0
    store.check_storage()
    for path in paths:
        try:
            if not path.is_file():
                raise InvalidInput(f"{path} is not a file: check the path.")
            row = register(store, settings, path, video_id or video_id_of(path), captions)
            print(row.video_id)
        except InvalidInput as error:
            print(error, file=sys.stderr)
            code = BAD_INPUT
    raise typer.Exit(code)


@app.command(epilog="Example: pitchquest recover")
def recover() -> None:
    """Store the results that are waiting in the spool folder for the database."""
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store import spool

    recovered, problems = spool.recover_all(_store(), load_settings())
    for one in recovered:
        print(one)
    if problems:
        _fail("\n".join(problems), FAILED)
    print("The spool folder is empty.")


@app.command(epilog="Example: pitchquest status my_pitch-1a2b3c4d --json")
def status(
    video_id: Annotated[
        str | None, typer.Argument(help=f"One video; default: the {NEWEST} newest.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All videos.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of all videos.")] = False,
) -> None:
    """Show what the backend sees: status, job, attempts, error, progress."""
    from pitchquest_assets.cli.show import print_status

    store = _store()
    newest = None if every or as_json else NEWEST
    print_status(store, video_id, as_json=as_json, newest=newest)


@app.command(epilog="Example: pitchquest results my_pitch-1a2b3c4d > result.json")
def results(video_id: VideoId) -> None:
    """Print the result of a completed video as JSON."""
    from pitchquest_assets.store.rows import results as stored
    from pitchquest_assets.store.rows import videos

    store = _store()
    row = videos.get(store, video_id)
    result = stored.get_result(store, video_id)
    if result is None:
        _fail(f"{video_id} has no result yet: its status is {row.status}.", FAILED)
    print(result.model_dump_json(indent=2))


@app.command(epilog="Example: pitchquest schema > result.schema.json")
def schema() -> None:
    """Print the JSON Schema of a result, with its version."""
    from pitchquest_assets.cli.schema import SCHEMA_FILE

    print(SCHEMA_FILE.read_text("utf-8"), end="")


@app.command(epilog="Example: pitchquest report my_pitch-1a2b3c4d")
def report(video_id: VideoId) -> None:
    """Print the path of a video's HTML report."""
    from pitchquest_assets.cli.show import save_report
    from pitchquest_assets.model import Report
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.rows import videos
    from pitchquest_assets.store.rows.asset_values import Address, ValueMissing, load_value

    store = _store()
    row = videos.get(store, video_id)
    try:
        found = load_value(store, Address("feedback_report", video_id), Report)
    except ValueMissing:
        _fail(f"{video_id} has no report yet: its status is {row.status}.", FAILED)
    print(save_report(found, load_settings()))


@app.command(epilog="Example: pitchquest retry my_pitch-1a2b3c4d")
def retry(video_ids: Annotated[list[str], typer.Argument(help="Videos to analyse again.")]) -> None:
    """Put videos back to 'uploaded', to be analysed again."""
    from pitchquest_assets.store.rows import videos

    store = _store()
    for video_id in video_ids:
        row = videos.retry(store, video_id)
        print(f"{video_id} is 'uploaded' again: `pitchquest up` analyses {row.file_path}.")


@app.command(epilog="Example: pitchquest delete my_pitch-1a2b3c4d --dry-run")
def delete(
    video_ids: Annotated[
        list[str], typer.Argument(help="Videos to erase; the beginning of an id is enough.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase videos: rows, results, objects, uploads, and what Dagster knows of them."""
    from pitchquest_assets.cli.delete import delete as erase
    from pitchquest_assets.settings import load_settings

    erase(_store(), load_settings(), video_ids, dry_run=dry_run, yes=yes)


@app.command(epilog="Example: pitchquest migrate")
def migrate() -> None:
    """Bring the database's schema up to date."""
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.postgres.migrate import migrate as apply
    from pitchquest_assets.store.store import open_engine

    applied = apply(open_engine(load_settings()))
    print("\n".join(f"applied {version}" for version in applied) or "The schema is up to date.")


@app.command(epilog="Example: pitchquest doctor")
def doctor() -> None:
    """Try everything that must work: ok, failed or not configured; exit 1 on a failure."""
    from pitchquest_assets.cli.doctor.examine import examine
    from pitchquest_assets.cli.show import print_findings
    from pitchquest_assets.settings import load_settings

    findings = examine(load_settings())
    print_findings(findings)
    raise typer.Exit(FAILED if any(one.state == "failed" for one in findings) else 0)


@app.command(epilog='Example: psql "$(pitchquest env DATABASE_URL)"')
def env(
    name: Annotated[str | None, typer.Argument(help="One variable; default: all.")] = None,
) -> None:
    """Print the settings in force as shell lines, secrets masked."""
    from pitchquest_assets.cli.environment import MASK, database_url, in_force
    from pitchquest_assets.settings import load_settings, variables

    settings = load_settings()
    if name == "DATABASE_URL":
        print(database_url(settings))
        return
    values = in_force(settings)
    if name is None:
        print(f"# DATABASE_URL={MASK if settings.database_url else database_url(settings)}")
        for key, value in values.items():
            print(f"# {key}={value}" if value == MASK else f"export {key}={shlex.quote(value)}")
    elif name in values or name in variables():
        print(values.get(name, ""))
    else:
        _fail(f"{name} is not a setting; `pitchquest env` lists them.", BAD_INPUT)


@app.command(epilog="Example: pitchquest down")
def down() -> None:
    """Stop `pitchquest up`, if it is running, and the embedded database."""
    from pitchquest_assets.cli.service import stop_running
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.postgres.embedded import stop

    home = load_settings().home_path
    if stop_running(home):
        print("`pitchquest up` is stopped.")
    print("The database is stopped." if stop(home) else "The database was not running.")


@models_app.command("list", epilog="Example: pitchquest models list")
def models_list() -> None:
    """Show the models: source, size, licence, checksum, and which are here."""
    from pitchquest_assets.cli.show import print_models

    print_models()


@models_app.command("pull", epilog="Example: pitchquest models pull yunet whisper-tiny.en")
def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Default: yunet and what `auto` may use.")
    ] = None,
) -> None:
    """Fetch models at their pinned revisions and check them."""
    from pitchquest_assets.cli.show import pull_models

    pull_models(names or [])


def _check_single(paths: list[Path], options: dict[str, Path | str | None]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if len(paths) > 1 and given:
        raise typer.BadParameter(f"{' and '.join(given)}: for one video only.")


def _store() -> "Store":
    from pitchquest_assets.settings import load_settings
    from pitchquest_assets.store.store import open_store

    return open_store(load_settings())
