"""The rows of `alerts`: what a person should be told, and whether it was."""

from typing import Literal

from sqlalchemy import Connection, text

Kind = Literal["failed_video", "drift", "stuck_queue", "budget"]

_RAISE = text("""
    insert into alerts (kind, event_key, message) values (:kind, :event_key, :message)
    on conflict (event_key) do nothing
""")


def raise_alert(connection: Connection, kind: Kind, event_key: str, message: str) -> bool:
    """Have a person told, in the transaction of `connection`; once per `event_key`.

    Returns:
        False where that event was told of already.
    """
    row = {"kind": kind, "event_key": event_key, "message": message}
    return connection.execute(_RAISE, row).rowcount == 1
