"""The rows of `alerts`: what a person should be told, and whether it was."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection, text

from pitchquest_assets.store.store import Store

Kind = Literal["failed_video", "drift", "stuck_queue", "budget"]

GIVEN_UP_AFTER_HOURS = 24
LONGEST_PAUSE_MINUTES = 60
# Between two messages of one kind: a minute, less what a tick may come early.
QUIET_SECONDS = 50

# Any number will do that no other lock of this database has.
_CLAIMING = 7_205_759_403_792_794
_RAISE = text("""
    insert into alerts (kind, event_key, message) values (:kind, :event_key, :message)
    on conflict (event_key) do nothing
""")
_LOCK = text("select pg_advisory_xact_lock(:key)")
_CLAIM = text(f"""
    with due as (
      select id from alerts
      where delivered_at is null
        and created_at > now() - interval '{GIVEN_UP_AFTER_HOURS} hours'
        and coalesce(
          tried_at + least(power(2, tries - 1), {LONGEST_PAUSE_MINUTES}) * interval '1 minute',
          created_at
        ) <= now()
        and kind not in (
          select kind from alerts where tried_at > now() - interval '{QUIET_SECONDS} seconds'
        )
    ), claimed as (
      update alerts set tries = tries + 1, tried_at = now() from due where alerts.id = due.id
      returning alerts.id, kind, message, delivered_to
    )
    select * from claimed order by id
""")
_TOOK = text("""
    update alerts set delivered_to = array_append(delivered_to, :recipient)
    where id = any(:ids) and not :recipient = any(delivered_to)
""")
_DONE = text("""
    update alerts set delivered_at = now()
    where id = any(:ids) and delivered_at is null
      and delivered_to @> cast(:recipients as text[])
""")


class Alert(NamedTuple):
    """One alert that is to be delivered now."""

    id: int
    kind: Kind
    message: str
    delivered_to: list[str]


def raise_alert(connection: Connection, kind: Kind, event_key: str, message: str) -> bool:
    """Have a person told, in the transaction of `connection`; once per `event_key`.

    Failed videos need no call: a trigger raises theirs, whoever sets the status, but for those that
    a person has cancelled.

    Returns:
        False where that event was told of already.
    """
    row = {"kind": kind, "event_key": event_key, "message": message}
    return connection.execute(_RAISE, row).rowcount == 1


def claim_alerts(store: Store) -> list[Alert]:
    """Take the alerts that are due, oldest first; each counts as tried from now on.

    So nobody else takes them, and one whose delivery fails, or whose process dies, is due again
    after a pause of 1, 2, 4, … minutes, an hour at most, until it is 24 hours old. An alert waits
    while one of its kind was tried within the last minute.
    """

    def work(connection: Connection) -> list[Alert]:
        connection.execute(_LOCK, {"key": _CLAIMING})
        return [Alert(*row) for row in connection.execute(_CLAIM)]

    return store.transaction(work)


def note_delivery(store: Store, alerts: Sequence[Alert], recipient: str) -> None:
    """Note that one recipient has these alerts, and is not to get them again."""
    values = {"ids": [alert.id for alert in alerts], "recipient": recipient}
    store.transaction(lambda connection: connection.execute(_TOOK, values))


def close_delivered(store: Store, alerts: Sequence[Alert], recipients: Collection[str]) -> int:
    """Set those to delivered that every recipient has; their number."""
    values = {"ids": [alert.id for alert in alerts], "recipients": list(recipients)}
    return store.transaction(lambda connection: connection.execute(_DONE, values).rowcount)
