"""How `doctor` checks a Supabase project: key, REST, buckets, uploads, limits, clock."""

import secrets
import time
from collections.abc import Callable
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import httpx
from sqlalchemy import Engine, make_url, text

from pitchquest_assets.errors import PitchQuestError, SettingsError, StoreUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.objects import ObjectStore
from pitchquest_assets.store.postgres.database import in_transaction
from pitchquest_assets.store.rows.system_health import WITHOUT_ROW
from pitchquest_assets.store.store import open_engine
from pitchquest_assets.store.supabase.objects import SupabaseObjects
from pitchquest_assets.store.supabase.project import Project, check_buckets, project_of
from pitchquest_assets.store.supabase.storage import OBJECTS, VIDEOS, SupabaseStorage
from pitchquest_assets.store.supabase.video_bucket import MEDIA_TYPES, VideoBucket

if TYPE_CHECKING:
    from storage3._sync.file_api import SyncBucket

State = Literal["ok", "failed", "not configured"]
Verdict = tuple[State, str]

MAX_CLOCK_SKEW_SECONDS = 30
# Do not wait for something that is down to come back.
ATTEMPTS = 2
SHOWN_FILES = 5

REPORTS = "pitchquest: users read their reports"
POLICIES = (
    "pitchquest: users upload",
    "pitchquest: users read their uploads",
    "pitchquest: users replace their uploads",
    REPORTS,
)
PUBLISHED = ("videos", "analysis_results")
_WIRING = text("""
    select
      exists (
        select from pg_catalog.pg_trigger
        where tgname = 'pitchquest_note_stored_object'
          and tgrelid = to_regclass('storage.objects') and tgenabled <> 'D'
      ) as trigger,
      array(select cast(policyname as text) from pg_catalog.pg_policies
        where schemaname = 'storage' and tablename = 'objects') as policies,
      array(select cast(tablename as text) from pg_catalog.pg_publication_tables
        where pubname = 'supabase_realtime' and schemaname = 'public') as published
""")
# Run by a role with the permission, the file does what is left to do.
_BY_HAND = "run supabase/migrations/{} in the dashboard's SQL editor"
_STORAGE = "20260301000100_storage.sql"


def tries() -> dict[str, Callable[[Settings], Verdict]]:
    """Return the checks for settings that name a project, by name."""
    return {
        "REST": lambda settings: _rest(_project(settings), open_engine(settings)),
        "buckets": lambda settings: _buckets(_project(settings), open_engine(settings)),
        "uploads": lambda settings: _uploads(_project(settings)),
        "upload rows": lambda settings: _wiring(open_engine(settings)),
        "files": lambda settings: _files(open_engine(settings)),
        "limits": lambda settings: _limits(_project(settings), settings),
        "clock": lambda settings: _clock(_project(settings)),
    }


def supabase(settings: Settings) -> Verdict:
    """Check that the three variables are set and fit together, as far as they show that."""
    project = project_of(settings)
    if project is None:
        return "not configured", "SUPABASE_URL, SUPABASE_KEY and DATABASE_URL lead to a project."
    return "ok", f"{project.url} with a secret key, {connection_kind(project.database_url)}"


def connection_kind(database_url: str) -> str:
    """Return the kind of connection of DATABASE_URL; the transaction pooler was refused before."""
    host = make_url(database_url).host or ""
    if host.endswith(".pooler.supabase.com"):
        return "session pooler"
    return "direct connection" if host.endswith(".supabase.co") else "own connection"


def probe_objects(objects: ObjectStore, name: str) -> Verdict:
    """Write, read and remove one object of the IO manager."""
    # A random name, so that two runs of `doctor` do not collide.
    path = f"doctor/{secrets.token_hex(4)}.txt"
    objects.put(path, b"probe", "text/plain")
    read = objects.get(path)
    objects.delete(path)
    if read != b"probe":
        return "failed", f"{name} returns other bytes than were written."
    return "ok", name


def _project(settings: Settings) -> Project:
    project = project_of(settings)
    if project is None:
        raise SettingsError("SUPABASE_URL, SUPABASE_KEY and DATABASE_URL are not set.")
    return project


def _rest(project: Project, engine: Engine) -> Verdict:
    """Write a row through REST, read it from the database, remove it through REST."""
    # A random key, so that two runs of `doctor` do not collide; retention removes leftovers.
    key = {"asset_key": "doctor", "partition_key": secrets.token_hex(4)}
    nonce = secrets.token_hex(8)
    _ask(project, "POST", {}, {**key, "run_id": "doctor", "value": nonce})
    found = in_transaction(
        engine,
        lambda c: c.scalar(
            text(
                "select value #>> '{}' from asset_values"
                " where asset_key = :asset_key and partition_key = :partition_key"
            ),
            key,
        ),
    )
    removed = _ask(project, "DELETE", {name: f"eq.{value}" for name, value in key.items()}, None)
    if found != nonce:
        return "failed", "SUPABASE_URL and DATABASE_URL belong to two projects: take both from one."
    if len(removed) != 1:
        return "failed", "a row that was written could not be removed: check the key's role."
    return "ok", "a row was written and removed as service_role"


def _ask(project: Project, method: str, filters: dict[str, str], row: object) -> list[Any]:
    """Make one request to asset_values; return the rows that it touched."""
    storage = project.storage(ATTEMPTS)
    headers = storage.headers | {"Prefer": "return=representation,resolution=merge-duplicates"}
    try:
        response = storage.http.request(
            method,
            f"{project.url}/rest/v1/asset_values",
            params=filters,
            json=row,
            headers=headers,
        )
    except httpx.TransportError as error:
        raise StoreUnavailable(
            f"REST does not answer ({error}): check SUPABASE_URL and the project's status."
        ) from error
    finally:
        storage.close()
    if response.is_success:
        try:
            return list(response.json())
        except ValueError:
            raise SettingsError(
                "SUPABASE_URL leads to something that is not a REST interface: take it from the "
                "project's settings, Data API."
            ) from None
    raise PitchQuestError(f"REST answers {response.status_code}: {_reason(response)}.")


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["message"])[:200].rstrip(".")
    except (ValueError, KeyError, TypeError):
        return "no reason was given"


def _buckets(project: Project, engine: Engine) -> Verdict:
    with closing(project.storage(ATTEMPTS)) as storage:
        check_buckets(storage, engine)
        public = [name for name in (VIDEOS, OBJECTS) if _bucket(storage, name).public]
        if public:
            return "failed", f"{' and '.join(public)} can be read by anyone: make it private."
        return probe_objects(SupabaseObjects(storage), f"{VIDEOS} and {OBJECTS}")


def _uploads(project: Project) -> Verdict:
    """Upload a file to the bucket of the videos, read it back, and remove it."""
    path = f"pitchquest/doctor/{secrets.token_hex(4)}.mp4"
    with closing(project.storage(ATTEMPTS)) as storage:
        bucket = VideoBucket(storage)
        with TemporaryDirectory() as folder:
            given, taken = Path(folder) / "given", Path(folder) / "taken"
            given.write_bytes(b"probe")
            bucket.upload(given, path)
            bucket.download(path, taken, max_size_mb=1)
            bucket.remove(path)
            if taken.read_bytes() != b"probe":
                return "failed", f"{VIDEOS} returns other bytes than were uploaded."
    return "ok", f"uploaded to {VIDEOS}, read back, removed"


def _wiring(engine: Engine) -> Verdict:
    """Whether what Supabase may refuse to migrations is in place."""
    row = in_transaction(engine, lambda c: c.execute(_WIRING).mappings().one())
    if refused := [name for name in POLICIES if name not in row["policies"]]:
        names = ", ".join(f'"{name}"' for name in refused)
        file = "20260308000400_report_policy_closed.sql" if refused == [REPORTS] else _STORAGE
        by_hand = _BY_HAND.format(file)
        return "failed", f"policies on storage.objects are missing ({names}): {by_hand}."
    noticed = "uploads become rows at once"
    if not row["trigger"]:
        noticed = "`missed_uploads` finds uploads within 30 s, because the trigger is missing"
    if silent := [name for name in PUBLISHED if name not in row["published"]]:
        lacking = f"Realtime does not publish {' and '.join(silent)}: {_BY_HAND.format(_STORAGE)}"
        return "not configured", f"{noticed}; {lacking}."
    return "ok", f"{noticed}, and Realtime publishes them"


def _files(engine: Engine) -> Verdict:
    """Name the files that get no row; users put them there, so this is not a failure."""
    names = in_transaction(engine, lambda c: list(c.scalars(WITHOUT_ROW, {"most": None})))
    if not names:
        return "ok", f"every video in {VIDEOS} has a row"
    shown = ", ".join(names[:SHOWN_FILES]) + (", …" if len(names) > SHOWN_FILES else "")
    endings = ", ".join(ending for ending, kind in MEDIA_TYPES.items() if kind.startswith("video/"))
    return "ok", f"{len(names)} files in {VIDEOS} have no row ({shown}): only {endings} get one"


def _limits(project: Project, settings: Settings) -> Verdict:
    with closing(project.storage(ATTEMPTS)) as storage:
        bucket = _bucket(storage, VIDEOS)
    allowed = bucket.allowed_mime_types or []
    missing = [kind for kind in dict.fromkeys(MEDIA_TYPES.values()) if not _allows(allowed, kind)]
    if missing:
        return "failed", f"{VIDEOS} does not accept {', '.join(missing)}: allow them."
    ours = f"PITCHQUEST_MAX_SIZE_MB is {settings.max_size_mb:g}"
    if bucket.file_size_limit is None:
        return "ok", f"{VIDEOS} accepts what the project's upload limit allows; {ours}"
    return "ok", f"{VIDEOS} accepts up to {bucket.file_size_limit / 1e6:g} MB; {ours}"


def _allows(allowed: list[str], kind: str) -> bool:
    return not allowed or kind in allowed or kind.partition("/")[0] + "/*" in allowed


def _clock(project: Project) -> Verdict:
    """Compare this machine's clock with the server's, which decides when tokens expire."""
    with closing(project.storage(ATTEMPTS)) as storage:
        sent = time.time()
        try:
            date = storage.http.get(f"{storage.url}bucket", headers=storage.headers).headers["Date"]
        except (httpx.TransportError, KeyError) as error:
            raise StoreUnavailable("Supabase Storage sends no date.") from error
        took = time.time() - sent
    # The header is in whole seconds.
    skew = sent + took / 2 - parsedate_to_datetime(date).timestamp() - 0.5
    if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
        ahead = "ahead of" if skew > 0 else "behind"
        # A slow answer makes the last digit uncertain.
        about = f"about {round(abs(skew), -1):.0f} s"
        return "failed", f"this machine is {about} {ahead} Supabase: set its clock."
    return "ok", f"{abs(skew):.0f} s off Supabase's clock"


def _bucket(storage: SupabaseStorage, name: str) -> "SyncBucket":
    return storage.call(f"{name}/", lambda client: client.get_bucket(name))
