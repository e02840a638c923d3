"""The Supabase project that the settings name, and checks of those settings."""

from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings
from pitchquest_assets.store.postgres.database import in_transaction
from pitchquest_assets.store.supabase.keys import check_key
from pitchquest_assets.store.supabase.storage import OBJECTS, VIDEOS, SupabaseStorage


@dataclass(frozen=True)
class Project:
    """URL, key and database of a Supabase project; its repr hides the secrets."""

    url: str
    key: str = field(repr=False)
    database_url: str = field(repr=False)

    def storage(self, attempts: int | None = None) -> SupabaseStorage:
        """Return a connection to its Storage, which makes each call at most `attempts` times."""
        return SupabaseStorage(self.url, self.key, attempts)


def project_of(settings: Settings) -> Project | None:
    """Return the project; None if the embedded database is used.

    Raises:
        SettingsError: some but not all of the variables are set, the URL is invalid, or the key is
            not the secret one.
    """
    variables = {
        "SUPABASE_URL": settings.supabase_url,
        "SUPABASE_KEY": settings.supabase_key,
        "DATABASE_URL": settings.database_url,
    }
    missing = [name for name, value in variables.items() if not value]
    if len(missing) == len(variables):
        return None
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} must be set too, or none of {', '.join(variables)}: "
            "without them the embedded database is used."
        )
    assert settings.supabase_url is not None
    assert settings.supabase_key is not None
    assert settings.database_url is not None
    key = settings.supabase_key.get_secret_value().strip()
    check_key(key)
    url = settings.supabase_url.strip().rstrip("/")
    _check_url(url)
    return Project(url, key, settings.database_url.get_secret_value().strip())


def _check_url(url: str) -> None:
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.path != "/":
        raise SettingsError(
            "SUPABASE_URL is not of the form https://<project>.supabase.co: take it from the "
            "project's settings, Data API."
        )


def check_buckets(storage: SupabaseStorage, engine: Engine) -> None:
    """Check that Storage has the two buckets; for a wrong key it lists none, without an error.

    Raises:
        SettingsError: a bucket does not exist, or the key can read nothing.
        StoreUnavailable: Storage does not answer.
    """
    found = {bucket.id for bucket in storage.call("the buckets", lambda it: it.list_buckets())}
    missing = [name for name in (VIDEOS, OBJECTS) if name not in found]
    if not missing:
        return
    if not found and _has_buckets(engine):
        raise SettingsError(
            "SUPABASE_KEY cannot read the project that DATABASE_URL names: take the secret "
            "key and the URL of that project."
        )
    raise SettingsError(
        f"The bucket {missing[0]!r} does not exist in the Supabase project: make it in the "
        "dashboard, private; or SUPABASE_URL and DATABASE_URL belong to two projects."
    )


def _has_buckets(engine: Engine) -> bool:
    """Whether the database has any; it is not subject to row level security."""
    return in_transaction(
        engine,
        lambda c: (
            bool(c.scalar(text("select to_regclass('storage.buckets') is not null")))
            and bool(c.scalar(text("select exists (select from storage.buckets)")))
        ),
    )
