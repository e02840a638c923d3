"""The changes that the Storage server and a client make to a project's database."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from pitchquest_assets.store.rows import queue, videos
from pitchquest_assets.store.rows.system_health import record_health
from pitchquest_assets.store.rows.videos import VideoRow
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.people import ALICE
from pitchquest_assets_tests.support.storage.objects import ALLOW_DELETE, Object, ObjectsTable

FILE = bytes(2_500)


# `Uploader.canUpload` checks the permission so before anything is uploaded, and rolls back.
ASK = text("""
    insert into storage.objects (name, owner, owner_id, bucket_id, version)
    values (:name, :owner, :owner_id, :bucket, '1')
    on conflict (name, bucket_id) do update set
      metadata = excluded.metadata, version = excluded.version,
      owner = excluded.owner, owner_id = excluded.owner_id
""")


class Storage:
    """The database statements of the Storage server."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def upload(self, name: str, owner: UUID | None = ALICE, bucket: str = "videos") -> None:
        """Check the permission, receive the file, and insert its row."""
        with self.engine.connect() as connection:
            if owner:
                act_as(connection, owner)
            row = {"name": name, "owner": owner, "owner_id": owner and str(owner), "bucket": bucket}
            connection.execute(ASK, row)
            connection.rollback()
        now = datetime.now(UTC)
        ObjectsTable(self.engine).upload(
            Object(bucket, name, FILE, "video/mp4", owner and str(owner), now, now)
        )

    def move(self, name: str, target: str) -> None:
        """`ObjectStorage.moveObject` renames the row, and gives it another version."""
        statement = text("""
            update storage.objects set name = :target, version = gen_random_uuid()
            where bucket_id = 'videos' and name = :name
        """)
        with self.engine.begin() as connection:
            connection.execute(statement, {"name": name, "target": target})

    def remove(self, name: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(ALLOW_DELETE)
            connection.execute(text("delete from storage.objects where name = :n"), {"n": name})


def act_as(connection: Connection, user: UUID) -> None:
    claims = json.dumps({"sub": str(user), "role": "authenticated"})
    connection.execute(text("select set_config('request.jwt.claims', :c, true)"), {"c": claims})
    connection.execute(text("set local role authenticated"))


def insert_as(
    store: Store, user: UUID, video_id: str, file_path: str, captions_path: str | None = None
) -> None:
    """Insert a row as a web page does through REST."""
    with store.engine.begin() as connection:
        act_as(connection, user)
        connection.execute(
            text(
                "insert into videos (video_id, filename, file_path, captions_path)"
                " values (:video_id, 'pitch.mp4', :file_path, :captions_path)"
            ),
            {"video_id": video_id, "file_path": file_path, "captions_path": captions_path},
        )


def only_row(store: Store) -> VideoRow:
    [row] = videos.list_videos(store)
    return row


def finish(store: Store, status: str = "completed") -> None:
    """End the run of the only row."""
    row = queue.claim(store, only_row(store).video_id, "run-1", attempt=None)
    videos.update(store, row.video_id, "status = :status", status=status)


def queue_depth(store: Store) -> int:
    measured = record_health(store, 1, timedelta(minutes=30), None)
    return int(measured["queue_depth"])
