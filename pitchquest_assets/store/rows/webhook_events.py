"""The rows of `webhook_events`: what a backend is to be told, and whether it was told."""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.store import Store

GIVEN_UP_AFTER_DAYS = 3
# Longer than a try takes, so that nobody takes an event that is being sent.
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3_600
LONGEST_ERROR = 500

_NEWEST_ERROR = "(array_agg(error order by tried_at desc) filter (where error is not null))[1]"
# A little random, so that the events of an outage don't all come back at once.
_CLAIM = text(f"""
    with due as (
      select id from webhook_events
      where delivered_at is null and given_up_at is null and next_try_at <= now()
        and created_at > now() - interval '{GIVEN_UP_AFTER_DAYS} days'
      order by next_try_at, id limit 1 for update skip locked
    )
    update webhook_events as event set
      tries = tries + 1, tried_at = now(),
      next_try_at = now() + (0.9 + 0.2 * random()) * interval '1 second'
        * least({FIRST_PAUSE_SECONDS} * power(2, least(tries, 30)), {LONGEST_PAUSE_SECONDS})
    from due where event.id = due.id
    returning event.id, event.event_id, cast(event.payload as text)
""")
_DELIVERED = text("""
    update webhook_events set delivered_at = now(), error = null
    where id = :id and delivered_at is null
""")
_FAILED = text("""
    update webhook_events set error = :error where id = :id and delivered_at is null
""")
_GIVE_UP = text(f"""
    with given_up as (
      update webhook_events set given_up_at = now()
      where delivered_at is null and given_up_at is null
        and created_at <= now() - interval '{GIVEN_UP_AFTER_DAYS} days'
      returning tried_at, error
    )
    select count(*), {_NEWEST_ERROR} from given_up
""")
_STANDING = text(f"""
    select count(*) filter (where given_up_at is null) as waiting,
      count(*) filter (where given_up_at is not null) as given_up,
      coalesce(max(tries), 0) as tries, {_NEWEST_ERROR} as error
    from webhook_events where delivered_at is null and (tries > 0 or given_up_at is not null)
""")


class Event(NamedTuple):
    """One event to send now; the body is the same for every try."""

    id: int
    event_id: str
    body: str


class Standing(NamedTuple):
    """The undelivered events: waiting and given up, the most tries of one, the last error."""

    waiting: int
    given_up: int
    tries: int
    error: str | None


def claim_event(store: Store) -> Event | None:
    """Take the event that has been due the longest; None if none is due.

    Nobody else takes it meanwhile. If it isn't delivered or the process dies, it is due again after
    30 s, 1, 2, 4, … minutes, at most an hour, until it is 3 days old.
    """
    row = store.transaction(lambda connection: connection.execute(_CLAIM).one_or_none())
    return Event(*row) if row else None


def note_delivered(store: Store, event: Event) -> None:
    """Record that the receiver has accepted the event."""
    store.transaction(lambda connection: connection.execute(_DELIVERED, {"id": event.id}))


def note_failed(store: Store, event: Event, error: str) -> None:
    """Record why the event was not accepted this time."""
    values = {"id": event.id, "error": error[:LONGEST_ERROR]}
    store.transaction(lambda connection: connection.execute(_FAILED, values))


def give_up_old(store: Store, *, is_told: bool) -> int:
    """Give up the events that have not been accepted within 3 days; return how many.

    Args:
        is_told: raise one alert about them. Without a receiver nobody misses them.
    """

    def work(connection: Connection) -> int:
        count, error = connection.execute(_GIVE_UP).one()
        if count and is_told:
            why = f"The last reason: {error}" if error else "They were never sent."
            message = (
                f"{count} event{'' if count == 1 else 's'} for PITCHQUEST_WEBHOOK_URL could not "
                f"be delivered within {GIVEN_UP_AFTER_DAYS} days, and no more tries are made. "
                f"{why} See `pitchquest doctor`."
            )
            key = f"webhook:{datetime.now(UTC).isoformat()}"
            raise_alert(connection, "webhook", key, message)
        return int(count)

    return store.transaction(work)


def undelivered(store: Store) -> Standing:
    """Return how things stand with the events that were tried or given up, and not accepted."""
    return Standing(*store.transaction(lambda connection: connection.execute(_STANDING).one()))
