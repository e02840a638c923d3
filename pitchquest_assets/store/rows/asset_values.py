"""The rows of `asset_values`: any JSON-able value, with its bytes, if any, in an object."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from pitchquest_assets.errors import PitchQuestError, StoreCorrupt, UnknownVideo
from pitchquest_assets.model import BlobValue
from pitchquest_assets.store.postgres.database import violated
from pitchquest_assets.store.store import Store


class ValueMissing(PitchQuestError, FileNotFoundError):
    """Nothing is stored under that key."""


class ValueNotStorable(PitchQuestError, ValueError):
    """The value cannot be written as JSON."""


class WrongType(StoreCorrupt, TypeError):
    """The stored value is not of the type that the reader wants."""


class ObjectGone(StoreCorrupt, FileNotFoundError):
    """The row exists, but the object that it names does not."""


class Address(NamedTuple):
    """The key of a value; the partition is '' for an asset without partitions."""

    asset_key: str
    partition_key: str

    def __str__(self) -> str:
        return f"{self.asset_key}[{self.partition_key}]" if self.partition_key else self.asset_key


class Stored(NamedTuple):
    """What was written: the size in bytes, and the object's path if there is one."""

    size_bytes: int
    object_path: str | None


# The rule of the trigger that refuses values of an erased video.
OF_ERASED_VIDEO = "asset_values_not_erased"


class _Row(NamedTuple):
    value: str
    object_path: str | None
    object_sha256: str | None


_SAVE = text("""
    insert into asset_values
      (asset_key, partition_key, run_id, code_version, value, object_path, object_sha256)
    values
      (:asset_key, :partition_key, :run_id, :code_version, cast(:value as jsonb),
       :object_path, :object_sha256)
    on conflict (asset_key, partition_key) do update set
      run_id = excluded.run_id, code_version = excluded.code_version, value = excluded.value,
      object_path = excluded.object_path, object_sha256 = excluded.object_sha256,
      created_at = now()
""")
_ROW = text("""
    select cast(value as text) as value, object_path, object_sha256 from asset_values
    where asset_key = :asset_key and partition_key = :partition_key
""")
_MADE = text("""
    select asset_key, run_id, created_at from asset_values
    where partition_key = :partition_key and asset_key = any(:asset_keys) order by asset_key
""")
# Writers of one key take turns, so that each sees the object that it replaces.
_LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended(:asset_key || '/' || :partition_key, 0))"
)


def save_value(
    store: Store, address: Address, value: object, *, run_id: str, code_version: str | None
) -> Stored:
    """Store a value under its key: the object first, then the row; then remove the old object.

    Every write has its own object path, so the object that a row names is always complete.

    Raises:
        ValueNotStorable: it contains NaN, infinity, or a type that JSON does not know.
        UnknownVideo: its video was deleted.
    """
    document = to_json(address, value)
    row = address._asdict() | {"run_id": run_id, "code_version": code_version, "value": document}
    payload = value.payload if isinstance(value, BlobValue) else None
    path = sha256 = None
    if isinstance(value, BlobValue):
        sha256 = hashlib.sha256(value.payload).hexdigest()
        path = _object_path(address, run_id, sha256, value.suffix)
        store.objects.put(path, value.payload, value.media_type)
    row |= {"object_path": path, "object_sha256": sha256}
    replaced: set[str | None] = set()

    def work(connection: Connection) -> None:
        connection.execute(_LOCK, address._asdict())
        before = connection.execute(_ROW, address._asdict()).one_or_none()
        replaced.add(before.object_path if before else None)
        connection.execute(_SAVE, row)

    try:
        with storable(address):
            store.transaction(work)
    except (ValueNotStorable, IntegrityError) as error:
        if path:
            store.objects.delete(path)
        if isinstance(error, IntegrityError) and violated(error) == OF_ERASED_VIDEO:
            raise UnknownVideo(
                f"{address.partition_key} was deleted: there is nothing to do."
            ) from error
        raise
    for old in replaced - {None, path}:
        store.objects.delete(str(old))
    return Stored(len(document) if payload is None else len(payload), path)


def load_value(store: Store, address: Address, expected: Any) -> Any:
    """Load the value of a key as the type `expected` (any annotation; `Any` gives plain JSON).

    Raises:
        ValueMissing: nothing is stored there.
        WrongType: the stored value is of another type.
        ObjectGone: its object is missing.
        StoreCorrupt: its object has another checksum.
    """
    row = _read_row(store, address)
    if row.object_path is None:
        return _validate(address, expected, row.value)
    if not any(isinstance(c, type) and issubclass(c, BlobValue) for c in alternatives(expected)):
        raise WrongType(
            f"{address} has bytes in an object, and {_name(expected)} was expected: annotate the "
            "input with the type of its value."
        )
    try:
        payload = store.objects.get(row.object_path)
    except FileNotFoundError as error:
        if _read_row(store, address).object_path != row.object_path:
            return load_value(store, address, expected)  # it was replaced after the row was read
        raise ObjectGone(
            f"The row of {address} is there, but its object {row.object_path} is gone: materialise "
            f"{address.asset_key} again."
        ) from error
    if hashlib.sha256(payload).hexdigest() != row.object_sha256:
        raise StoreCorrupt(
            f"The object {row.object_path} of {address} has another checksum than its row says: "
            f"materialise {address.asset_key} again."
        )
    return _validate(address, expected, row.value, payload)


class Made(NamedTuple):
    """Which run stored a value, and when."""

    asset_key: str
    run_id: str
    at: datetime


def made(store: Store, partition_key: str, asset_keys: Sequence[str]) -> list[Made]:
    """Return which run stored each of these values of one video, except those that are absent."""
    values = {"partition_key": partition_key, "asset_keys": list(asset_keys)}
    rows = store.transaction(lambda connection: connection.execute(_MADE, values).all())
    return [Made(*row) for row in rows]


def to_json(what: object, value: object) -> str:
    """Return the value as JSON text; `what` names it in the error.

    Raises:
        ValueNotStorable: it contains NaN, infinity, or a type that JSON does not know.
    """
    try:
        return json.dumps(to_jsonable_python(value), allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueNotStorable(f"{what} cannot be stored as JSON ({error}).") from error


@contextmanager
def storable(what: object) -> Iterator[None]:
    """Turn PostgreSQL's refusal of a text (a NUL, half a surrogate pair) into ValueNotStorable."""
    try:
        yield
    except DataError as error:
        reason = str(error.orig).splitlines()[0]
        raise ValueNotStorable(f"{what} cannot be stored in PostgreSQL ({reason}).") from error


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _read_row(store: Store, address: Address) -> _Row:
    row = store.transaction(lambda c: c.execute(_ROW, address._asdict()).one_or_none())
    if row is None:
        raise ValueMissing(f"{address} has no stored value: materialise it first.")
    return _Row(*row)


def _validate(address: Address, expected: Any, document: str, payload: bytes | None = None) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(expected)
    try:
        if payload is None:
            # Strict, or else the text "5" would pass as the number 5.
            return adapter.validate_json(document, strict=True)
        return adapter.validate_python(json.loads(document) | {"payload": payload})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the value"
        raise WrongType(
            f"{address} holds {_shorten(document)}, and {_name(expected)} was expected "
            f"({where}: {first['msg']}): correct the annotation or materialise it again."
        ) from error


def _object_path(address: Address, run_id: str, sha256: str, suffix: str) -> str:
    # A random part, because a retried step writes the same bytes in the same run.
    name = f"{run_id}-{sha256[:12]}-{secrets.token_hex(4)}{suffix}"
    return f"{address.asset_key}/{address.partition_key or '_'}/{name}"


def _name(annotation: Any) -> str:
    return (
        annotation.__name__
        if isinstance(annotation, type)
        else str(annotation).replace("typing.", "")
    )


def _shorten(document: str) -> str:
    return document if len(document) <= 80 else f"{document[:80]}…"
