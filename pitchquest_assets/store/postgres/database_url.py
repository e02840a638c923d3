"""What DATABASE_URL may be."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from pitchquest_assets.errors import SettingsError

TRANSACTION_POOLER_PORT = 6543
# This is how Supabase's dashboard shows a URL.
PLACEHOLDER = "[YOUR-PASSWORD]"


def parse(database_url: str) -> URL:
    """Return the URL's parts, whatever driver its scheme names.

    Raises:
        SettingsError: the URL cannot be parsed, or is that of the transaction pooler.
    """
    if PLACEHOLDER in database_url:
        raise SettingsError(f"DATABASE_URL still has {PLACEHOLDER} in it: put the password there.")
    if "#" in database_url or database_url.count("@") > 1:
        # Left as they are, they would make a part of the password the host name.
        raise SettingsError(
            "DATABASE_URL has an @ or # too many: write those of the password as %40 and %23."
        )
    try:
        url = make_url(database_url)
    except (ValueError, ArgumentError):
        url = None  # the error's text may contain a part of the password
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError("DATABASE_URL is not a URL of the form postgresql://….")
    if url.port == TRANSACTION_POOLER_PORT:
        raise SettingsError(
            f"DATABASE_URL is the transaction pooler's (port {TRANSACTION_POOLER_PORT}), where "
            "session state gets lost: use the direct connection or the session pooler, port 5432."
        )
    return url
