"""The rows of `alerts`: messages to people, and whether they were delivered."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import Connection, text

from pitchquest_assets.store.store import Store

Kind = Literal["failed_video", "drift", "stuck_queue", "budget", "disk", "webhook"]

GIVEN_UP_AFTER_HOURS = 24
LONGEST_PAUSE_MINUTES = 60
# The pause between two messages of one kind: a minute, less a little for ticks that come early.
QUIET_SECONDS = 50

# Any number that no other lock of this database has.
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
    """One alert to deliver now."""

    id: int
    kind: Kind
    message: str
    delivered_to: list[str]


def raise_alert(connection: Connection, kind: Kind, event_key: str, message: str) -> bool:
    """Raise an alert in the transaction of `connection`, once per `event_key`.

    Failed videos need no call: a trigger raises their alert, whoever sets the status,
    unless a person has cancelled the analysis.

    Returns:
        False if there was an alert for that event already.
    """
    row = {"kind": kind, "event_key": event_key, "message": message}
    return connection.execute(_RAISE, row).rowcount == 1


def claim_alerts(store: Store) -> list[Alert]:
    """Take the alerts that are due, oldest first; each counts as tried from now on.

    Nobody else takes them meanwhile. If delivery fails or the process dies, an alert is due again
    after 1, 2, 4, … minutes, at most an hour, until it is 24 hours old. An alert also waits if
    another one of its kind was tried within the last minute.
    """

    def work(connection: Connection) -> list[Alert]:
        connection.execute(_LOCK, {"key": _CLAIMING})
        return [Alert(*row) for row in connection.execute(_CLAIM)]

    return store.transaction(work)


def note_delivery(store: Store, alerts: Sequence[Alert], recipient: str) -> None:
    """Record that a recipient got these alerts, so that it does not get them again."""
    values = {"ids": [alert.id for alert in alerts], "recipient": recipient}
    store.transaction(lambda connection: connection.execute(_TOOK, values))


def close_delivered(store: Store, alerts: Sequence[Alert], recipients: Collection[str]) -> int:
    """Mark the alerts that every recipient got as delivered; return their number."""
    values = {"ids": [alert.id for alert in alerts], "recipients": list(recipients)}
    return store.transaction(lambda connection: connection.execute(_DONE, values).rowcount)
