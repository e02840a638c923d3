"""`pitchquest doctor`: tries everything that must work, and says what to do about failures."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pitchquest_assets.cli.doctor import engines as doctor_engines
from pitchquest_assets.cli.doctor import supabase as doctor_supabase
from pitchquest_assets.distributed.readiness import check_machines, lacking_places
from pitchquest_assets.errors import PitchQuestError, SettingsError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store import spool
from pitchquest_assets.store.home import make_home
from pitchquest_assets.store.objects import FolderObjects
from pitchquest_assets.store.postgres.database import in_transaction
from pitchquest_assets.store.postgres.migrate import pending
from pitchquest_assets.store.rows import run_workers
from pitchquest_assets.store.rows.webhook_events import GIVEN_UP_AFTER_DAYS, undelivered
from pitchquest_assets.store.store import open_engine, open_store

MIN_FREE_GB = 1.0
DAEMON_SILENT_AFTER_SECONDS = 120

SEND_AGAIN = "docs/operator.md says how to send them again"
MIGRATE = "migrations are missing: `pitchquest migrate`"

State = Literal["ok", "failed", "not configured"]
Try = Callable[[Settings], tuple[State, str]]
Tries = dict[str, Try]


@dataclass(frozen=True)
class Finding:
    """What was tried, and how it went."""

    what: str
    state: State
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Try everything independently; changes nothing that `analyze` would not change.

    If migrations are missing it stops there, because the rest would only fail for that reason.
    """
    basics: Tries = {
        "Supabase": doctor_supabase.supabase,
        "database": _database,
        "schema": _schema,
    }
    found = [_try(what, attempt, settings) for what, attempt in basics.items()]
    if any(MIGRATE in one.detail for one in found):
        return found
    tries: Tries = {
        **(doctor_supabase.tries() if settings.supabase_url else {"objects": _objects}),
        "disk": _disk,
        **doctor_engines.tries(),
        "Dagster": _dagster,
        "daemon": _daemon,
        **({"workers": _workers} if settings.broker_url else {}),
        "inbox": _inbox,
        "alerts": _alerts,
        "webhook": _webhook,
        "spool": _spool,
    }
    return found + [_try(what, attempt, settings) for what, attempt in tries.items()]


def _try(what: str, attempt: Try, settings: Settings) -> Finding:
    try:
        return Finding(what, *attempt(settings))
    except PitchQuestError as error:
        return Finding(what, "failed", str(error))
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        sentence = f"The database refuses ({reason}): check DATABASE_URL's role."
        return Finding(what, "failed", sentence)


def _database(settings: Settings) -> tuple[State, str]:
    engine = open_engine(settings)
    version = in_transaction(engine, lambda c: c.scalar(text("show server_version")))
    kind = "from DATABASE_URL" if settings.database_url else f"embedded in {settings.home_path}"
    return "ok", f"PostgreSQL {version}, {kind}"


def _schema(settings: Settings) -> tuple[State, str]:
    missing = pending(open_engine(settings))
    if missing:
        return "failed", f"{len(missing)} {MIGRATE}."
    return "ok", "up to date"


def _objects(settings: Settings) -> tuple[State, str]:
    objects = FolderObjects(settings.home_path / "objects")
    return doctor_supabase.probe_objects(objects, str(objects.root))


def _disk(settings: Settings) -> tuple[State, str]:
    make_home(settings.home_path)
    free_gb = shutil.disk_usage(settings.home_path).free / 1e9
    free = f"{free_gb:.1f} GB free under {settings.home_path}"
    if free_gb < MIN_FREE_GB:
        return "failed", f"{free}: make room, or lower RETENTION_DAYS."
    return "ok", free


def _dagster(settings: Settings) -> tuple[State, str]:
    from pitchquest_assets.cli.dagster_instance import open_instance
    from pitchquest_assets.partitions import videos_partitions

    instance = open_instance(settings)
    keys = len(instance.get_dynamic_partitions(str(videos_partitions.name)))
    return "ok", f"{instance.get_runs_count()} runs, {keys} videos in Dagit"


def _daemon(settings: Settings) -> tuple[State, str]:
    from pitchquest_assets.cli.dagster_instance import open_instance

    beats = open_instance(settings).get_daemon_statuses().values()
    newest = max((s.last_heartbeat.timestamp for s in beats if s.last_heartbeat), default=0.0)
    age = time.time() - newest
    if age < DAEMON_SILENT_AFTER_SECONDS:
        return "ok", f"last heard of {age:.0f} s ago"
    return "not configured", "not running: uploads wait until `pitchquest up`."


def _workers(settings: Settings) -> tuple[State, str]:
    check_machines(settings)
    found = run_workers.living(open_store(settings))
    if sentence := lacking_places(settings, found):
        return "failed", sentence
    full = [one.host for one in found if (one.disk_free_bytes or 0) / 1e9 < MIN_FREE_GB]
    if full:
        return "failed", f"The disk of {', '.join(full)} is nearly full: make room there."
    return "ok", ", ".join(f"{one.host}: {one.slots} × {one.queue}" for one in found)


def _inbox(settings: Settings) -> tuple[State, str]:
    if settings.inbox is None:
        return "not configured", "PITCHQUEST_INBOX names a folder to watch."
    folder = settings.inbox.expanduser().absolute()
    if not folder.is_dir():
        return "failed", f"{folder} is not a folder: make it."
    return "ok", str(folder)


def _alerts(settings: Settings) -> tuple[State, str]:
    if settings.alert_urls is None:
        return "not configured", "ALERT_URLS says where to send alerts of failures and drift."
    from apprise import Apprise

    urls = settings.alert_urls.get_secret_value().split()
    bad = [number for number, url in enumerate(urls, 1) if not Apprise().add(url)]
    if bad:
        raise SettingsError(f"ALERT_URLS: number {bad[0]} of {len(urls)} is not an Apprise URL.")
    return "ok", f"alerts go to {len(urls)} URL{'s' if len(urls) > 1 else ''}"


def _webhook(settings: Settings) -> tuple[State, str]:
    from pitchquest_assets.automation.webhook_receiver import receiver_of

    receiver = receiver_of(settings)
    if receiver is None:
        return "not configured", "PITCHQUEST_WEBHOOK_URL is told when a video is done."
    with receiver:
        receiver.check_address()
    waiting, given_up, tries, error = undelivered(open_store(settings))
    standing = [f"events that wait: {waiting}, tried up to {tries} times"] if waiting else []
    if given_up:
        standing.append(f"given up after {GIVEN_UP_AFTER_DAYS} days: {given_up} ({SEND_AGAIN})")
    if standing:
        return "failed", f"{'; '.join(standing)}; {error or 'never sent.'}"
    return "ok", f"events go to {receiver.host}"


def _spool(settings: Settings) -> tuple[State, str]:
    waiting = len(spool.waiting(settings))
    if waiting:
        return "failed", f"{waiting} results wait in the spool folder: `pitchquest recover`."
    return "ok", "empty"
