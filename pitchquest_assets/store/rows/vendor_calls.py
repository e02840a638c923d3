"""The ledger of a run's calls to vendors: `api_cost` rows, and answers in `vendor_answers`."""

import json
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.store import Store
from pitchquest_assets.vendor_calls import Call, Purpose, Reply, Spent

# The budget of a video covers all of its runs within this time.
VIDEO_BUDGET_SPAN = timedelta(hours=24)

_FIND = text("select answer from vendor_answers where key = :key")
# A commit whose answer was lost is repeated, but the call must be recorded only once.
_RECORD = text("""
    insert into monitoring_metrics (metric_type, metric_value)
    select 'api_cost', cast(:value as jsonb)
    where not exists (
      select from monitoring_metrics
      where metric_type = 'api_cost' and "timestamp" > now() - interval '1 hour'
        and metric_value ->> 'call_id' = :call_id
    )
""")
_KEEP = text("""
    insert into vendor_answers (key, vendor, model, purpose, video_id, answer)
    values (:key, :vendor, :model, :purpose, :video_id, cast(:answer as jsonb))
    on conflict (key) do update set answer = excluded.answer, created_at = now()
""")
_SUM = """
    select coalesce(sum((metric_value ->> 'cost_usd')::float8), 0) from monitoring_metrics
    where metric_type = 'api_cost' and "timestamp" >= :since
"""
_SPENT = text(_SUM)
_SPENT_ON_VIDEO = text(f"{_SUM} and metric_value ->> 'video_id' = :video_id")
_PAID = text(
    f"{_SUM} and metric_value ->> 'run_id' = :run_id and metric_value ->> 'purpose' = :purpose"
)


class CallLedger:
    """A `vendor_calls.Ledger` for one run of one video, in the database."""

    def __init__(self, store: Store, video_id: str, run_id: str) -> None:
        self._store = store
        self._video_id = video_id
        self._run_id = run_id

    def find(self, key: str) -> Reply | None:
        """Return the answer kept under this key, whatever the video; None if there is none."""
        found = self._store.transaction(lambda c: c.scalar(_FIND, {"key": key}))
        return None if found is None else Reply.model_validate(found)

    def spent(self) -> Spent:
        """Return the costs of this video within 24 hours, and of all calls of the day (UTC)."""
        since = datetime.now(UTC) - VIDEO_BUDGET_SPAN
        of_video = {"since": since, "video_id": self._video_id}
        return self._store.transaction(
            lambda c: Spent(video_usd=c.scalar(_SPENT_ON_VIDEO, of_video), today_usd=spent_today(c))
        )

    def record(self, call: Call, reply: Reply, cost_usd: float | None) -> None:
        """Record a call as an `api_cost` row."""
        call_id = str(uuid.uuid4())
        value = {
            "call_id": call_id,
            "vendor": call.vendor,
            "model": reply.model,
            "purpose": call.purpose,
            "video_id": self._video_id,
            "run_id": self._run_id,
            "usage": reply.usage.model_dump(),
            "cost_usd": cost_usd,
        }
        row = {"call_id": call_id, "value": json.dumps(value)}
        self._store.transaction(lambda c: c.execute(_RECORD, row))

    def keep(self, call: Call, reply: Reply) -> None:
        """Keep a usable answer."""
        row = {
            "key": call.key,
            "vendor": call.vendor,
            "model": reply.model,
            "purpose": call.purpose,
            "video_id": self._video_id,
            "answer": reply.model_dump_json(),
        }
        self._store.transaction(lambda c: c.execute(_KEEP, row))

    def refused(self, message: str) -> None:
        """Raise the alert of the daily budget, once a day."""
        key = f"budget:{datetime.now(UTC):%Y-%m-%d}"
        self._store.transaction(lambda c: raise_alert(c, "budget", key, message))

    def paid(self, purpose: Purpose) -> float:
        """Return the US dollars that this run has paid for the purpose, including failed tries."""
        since = datetime.now(UTC) - VIDEO_BUDGET_SPAN
        row = {"since": since, "run_id": self._run_id, "purpose": purpose}
        return self._store.transaction(lambda c: float(c.scalar(_PAID, row)))


def spent_today(connection: Connection) -> float:
    """Return the US dollars that all calls have cost since midnight UTC."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return float(connection.scalar(_SPENT, {"since": midnight}) or 0.0)
