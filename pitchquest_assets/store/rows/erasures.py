"""Erased videos: what a deletion left for the pipeline to remove, and the tombstones.

A trigger writes them when a row of `videos` is deleted. A tombstone has salted hashes of the id and
the file, times and run ids, and nothing else.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from pitchquest_assets.store.rows.videos import BYTES_PER_MB
from pitchquest_assets.store.store import Store

ERASED_AT_ONCE = 50
# A tick of a sensor that was under way may have written about a video once more.
SETTLED_SECONDS = 10

# Any number that no other lock of this database has.
_CARRYING_OUT = 7_205_759_403_792_795
_DELETE = text("delete from videos where video_id = any(:ids) returning video_id")
_UNFINISHED = text(f"""
    select id, remains ->> 'video_id' as video_id, remains ->> 'filename' as filename,
      remains ->> 'file_path' as file_path, remains ->> 'captions_path' as captions_path,
      cast(remains ->> 'owner' as uuid) as owner, remains -> 'object_paths' as object_paths,
      cast(remains ->> 'keeps_files' as boolean) as keeps_files, run_ids,
      coalesce(cleared_at < now() - interval '{SETTLED_SECONDS} seconds', false) as is_settled
    from pitchquest.erasures
    where remains is not null
      and (cast(:ids as text[]) is null or remains ->> 'video_id' = any(:ids))
    order by id limit {ERASED_AT_ONCE}
""")
_NOTE_CLEARED = text("""
    update pitchquest.erasures set cleared_at = coalesce(cleared_at, now()) where id = any(:ids)
""")
_FINISH = text("""
    with finished as (
      update pitchquest.erasures set remains = null, finished_at = now() where id = any(:ids)
    )
    delete from worker_leases where video_id = any(:video_ids)
""")
_REOPEN = text("""
    update pitchquest.erasures set cleared_at = null, finished_at = null,
      remains = jsonb_build_object(
        'video_id', cast(:video_id as text), 'filename', '', 'file_path', '',
        'object_paths', '[]'::jsonb, 'keeps_files', true
      )
    where video_digest = pitchquest.erasure_digest(:video_id) and remains is null
""")
_ERASED = text("select id from unnest(cast(:ids as text[])) as id where pitchquest.is_erased(id)")
_ERASED_FILE = text("""
    select pitchquest.is_erased_file(
      array[pitchquest.file_digest(:file_path, cast(cast(:size_mb as double precision) as text))]
    )
""")
_DIGESTS = text("""
    select pitchquest.erasure_digest(value)
    from unnest(cast(:values as text[])) with ordinality as given (value, place) order by place
""")
_NAMED = text("""
    select unnest(array[file_path, captions_path]) from videos
    where file_path = any(:paths) or captions_path = any(:paths)
""")
_COUNTS = text("""
    select
      (select count(*) from analysis_results where video_id = :video_id)
        + (select count(*) from analysis_results_history where video_id = :video_id) as results,
      (select count(*) from asset_values where partition_key = :video_id) as values,
      (select count(object_path) from asset_values where partition_key = :video_id) as objects,
      (select count(*) from vendor_answers where video_id = :video_id) as "vendor answers",
      (select count(*) from alerts where starts_with(event_key, 'failed:' || :video_id || ':'))
        as alerts
""")


class Erasure(NamedTuple):
    """What is left of a deleted video.

    `file_path` and `captions_path` are as its row had them; with `keeps_files`, these stay.
    `is_settled` says that everything was removed once, SETTLED_SECONDS ago or earlier.
    """

    id: int
    video_id: str
    filename: str
    file_path: str
    captions_path: str | None
    owner: UUID | None
    object_paths: list[str]
    keeps_files: bool
    run_ids: list[str]
    is_settled: bool


def delete_rows(store: Store, video_ids: Collection[str]) -> list[str]:
    """Delete these videos with all rows about them; return the ids of those that were there."""
    values = {"ids": list(video_ids)}
    return store.transaction(lambda c: list(c.scalars(_DELETE, values)))


@contextmanager
def alone(store: Store) -> Iterator[bool]:
    """Yield whether nobody else is carrying out erasures, and keep others out until the end.

    Otherwise one could remove what a person registered again after the other had finished.
    """
    key = {"key": _CARRYING_OUT}
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_alone = bool(connection.scalar(text("select pg_try_advisory_lock(:key)"), key))
        try:
            yield is_alone
        finally:
            if is_alone:
                connection.execute(text("select pg_advisory_unlock(:key)"), key)


def unfinished(store: Store, video_ids: Collection[str] | None = None) -> list[Erasure]:
    """Return erasures that are not finished, the oldest first, ERASED_AT_ONCE at most.

    Args:
        video_ids: only those of these videos.
    """
    values = {"ids": None if video_ids is None else list(video_ids)}
    return store.transaction(lambda c: [Erasure(*row) for row in c.execute(_UNFINISHED, values)])


def note_cleared(store: Store, erasures: Iterable[Erasure]) -> None:
    """Record that what is about these videos was removed once, while nobody worked on them."""
    values = {"ids": [erasure.id for erasure in erasures]}
    store.transaction(lambda c: c.execute(_NOTE_CLEARED, values))


def finish(store: Store, erasures: Iterable[Erasure]) -> None:
    """Forget what these erasures had to remove; only their tombstones stay."""
    found = list(erasures)
    values = {"ids": [one.id for one in found], "video_ids": [one.video_id for one in found]}
    store.transaction(lambda c: c.execute(_FINISH, values))


def reopen(store: Store, video_id: str) -> bool:
    """Have a finished erasure carried out again, because something was written about its video.

    Returns:
        Whether that video was erased.
    """
    values = {"video_id": video_id}
    return store.transaction(lambda c: c.execute(_REOPEN, values).rowcount) == 1


def erased_among(store: Store, video_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that were erased and have not been given to another upload."""
    return set(store.transaction(lambda c: list(c.scalars(_ERASED, {"ids": list(video_ids)}))))


def is_erased_file(store: Store, file_path: str, size_bytes: int) -> bool:
    """Whether this is the file of an erased video, by its path, as a row has it, and its size."""
    values = {"file_path": _text(file_path), "size_mb": size_bytes / BYTES_PER_MB}
    return store.transaction(lambda c: bool(c.scalar(_ERASED_FILE, values)))


def digests(store: Store, values: Sequence[str]) -> list[str]:
    """Return the salted hash of each of these texts, which only this database can reproduce."""
    texts = {"values": [_text(value) for value in values]}
    return store.transaction(lambda c: list(c.scalars(_DIGESTS, texts)))


def named_files(store: Store, paths: Collection[str]) -> set[str]:
    """Return the paths that rows of `videos` name, including those of `paths` that are in use."""
    return set(store.transaction(lambda c: list(c.scalars(_NAMED, {"paths": list(paths)}))))


def rows_about(store: Store, video_id: str) -> dict[str, int]:
    """Count the rows that go with a video, by what they are."""
    return store.transaction(
        lambda c: dict(c.execute(_COUNTS, {"video_id": video_id}).mappings().one())
    )


def _text(value: str) -> str:
    """As text that can be stored: the name of a file need not be text."""
    return value.encode(errors="backslashreplace").decode()
