"""What the drift check reads, and the episodes of drift that it opens and closes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, text

from pitchquest_assets.store.rows.alerts import raise_alert
from pitchquest_assets.store.store import Store

Event = Literal["opened", "closed"]


def _object_of(prefix: str, source: str) -> str:
    return f"(select jsonb_object_agg('{prefix}.' || key, value) from ({source}) as named)"


def _values(column: str, path: str = "value") -> str:
    return f"select key, value -> '{path}' as value from jsonb_each({column})"


# A result is about 200 kB with its transcript: jsonb_to_record unpacks each document once, and only
# the figures are transferred.
_FIGURES = {
    "parts": _values("metadata.parts", "score"),
    "content": "select item ->> 'name' as key, item -> 'score' as value"
    " from jsonb_array_elements(content.items) as item",
    "delivery.scores": _values("delivery.scores"),
    "delivery.measurements": _values("delivery.measurements"),
    "visual.scores": _values("visual.scores"),
    "visual.measurements": _values("visual.measurements"),
}
_EMPTY = "'{}'::jsonb"
_NEWEST = text(f"""
    select newest.created_at,
      jsonb_build_object('overall_score', newest.overall_score)
        || {" || ".join(f"coalesce({_object_of(*one)}, {_EMPTY})" for one in _FIGURES.items())}
        as figures,
      coalesce(metadata.engine_versions, {_EMPTY}) || coalesce(metadata.models_used, {_EMPTY})
        || jsonb_build_object(
          'rubric', (metadata.rubric ->> 'name') || ' ' || (metadata.rubric ->> 'version')
        )
        as made_with
    from (
        select * from analysis_results where overall_score is not null
        order by created_at desc, id desc limit :limit
      ) as newest,
      jsonb_to_record(newest.metadata)
        as metadata (parts jsonb, models_used jsonb, engine_versions jsonb, rubric jsonb),
      jsonb_to_record(newest.content_analysis) as content (items jsonb),
      jsonb_to_record(newest.delivery_analysis) as delivery (scores jsonb, measurements jsonb),
      jsonb_to_record(newest.visual_analysis) as visual (scores jsonb, measurements jsonb)
    order by newest.created_at, newest.id
""")
# A new result has a new id, a replaced one has another job.
_WINDOW = text("""
    select count(*) as results,
      coalesce(md5(string_agg(id || ' ' || job_id, ',' order by id)), '') as fingerprint
    from (
      select id, job_id from analysis_results where overall_score is not null
      order by created_at desc, id desc limit :limit
    ) as newest
""")
_LAST_EVENT = text("""
    select metric_value from monitoring_metrics
    where metric_type = 'drift' and metric_value ->> 'scope' = :scope
      and metric_value ->> 'event' is not null
    order by id desc limit 1
""")
_LOCK = text("select pg_advisory_xact_lock(hashtext('pitchquest drift'))")
_RECORD = text("""
    insert into monitoring_metrics (metric_type, metric_value)
    values ('drift', cast(:figures as jsonb)) returning id
""")


@dataclass(frozen=True)
class Window:
    """The newest results that have a score: how many, and a value that changes when they do."""

    results: int
    fingerprint: str


def window_of(store: Store, limit: int) -> Window:
    """Describe the last `limit` results that have a score, without reading their documents."""
    return store.transaction(
        lambda connection: Window(**connection.execute(_WINDOW, {"limit": limit}).mappings().one())
    )


def newest_figures(store: Store, limit: int) -> list[Mapping[str, Any]]:
    """Read the last `limit` results that have a score, oldest first.

    Returns:
        For each: created_at, figures by name (null if not measured), and made_with, which has the
        engine of each job, the version of each package, and the rubric.
    """
    return store.transaction(
        lambda connection: [
            dict(row) for row in connection.execute(_NEWEST, {"limit": limit}).mappings()
        ]
    )


def open_episode(store: Store, scope: str) -> dict[str, Any] | None:
    """Return the figures with which the open episode of this scope began; None if none is open."""
    return store.transaction(lambda connection: _open_episode(connection, scope))


def record(
    store: Store, scope: str, figures: Mapping[str, Any], *, passed: bool, message: str
) -> Event | None:
    """Store the figures of one check, as a `drift` row of `monitoring_metrics`.

    The first failing check opens an episode, with one alert; the first pass closes it. Such a row
    has the key `event`, which is null in all others: they are pruned by age.

    Args:
        scope: which results are compared; each scope has its own episodes.
        message: the text of the alert.

    Returns:
        Whether an episode was opened or closed; None if neither.
    """

    def work(connection: Connection) -> Event | None:
        # Runs that check at the same moment take turns, so that only one opens the episode.
        connection.execute(_LOCK)
        event: Event | None = None
        if passed != (_open_episode(connection, scope) is None):
            event = "closed" if passed else "opened"
        row = json.dumps({"event": event, "scope": scope, **figures})
        metric_id = connection.scalar(_RECORD, {"figures": row})
        if event == "opened":
            raise_alert(connection, "drift", f"drift:{metric_id}", message)
        return event

    return store.transaction(work)


def _open_episode(connection: Connection, scope: str) -> dict[str, Any] | None:
    last: dict[str, Any] | None = connection.scalar(_LAST_EVENT, {"scope": scope})
    return last if last and last["event"] == "opened" else None
