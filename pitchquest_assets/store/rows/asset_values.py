"""The rows of `asset_values`: any JSON-able value; bytes, if any, are in an object beside it."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from pitchquest_assets.errors import PitchQuestError, StoreCorrupt
from pitchquest_assets.model import BlobValue
from pitchquest_assets.store.store import Store


class ValueMissing(PitchQuestError, FileNotFoundError):
    """Nothing was stored under that key."""


class ValueNotStorable(PitchQuestError, ValueError):
    """The value cannot be written as JSON."""


class WrongType(StoreCorrupt, TypeError):
    """What is stored is not of the type that the reader wants."""


class ObjectGone(StoreCorrupt, FileNotFoundError):
    """The row is there, the object that it names is not."""


class Address(NamedTuple):
    """Where a value is kept; the partition is '' for an asset without partitions."""

    asset_key: str
    partition_key: str

    def __str__(self) -> str:
        return f"{self.asset_key}[{self.partition_key}]" if self.partition_key else self.asset_key


class Stored(NamedTuple):
    """What writing a value came to."""

    size_bytes: int
    object_path: str | None


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
# Writers of one key go one after the other, so each sees the object that it replaces.
_LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended(:asset_key || '/' || :partition_key, 0))"
)


def save_value(
    store: Store, address: Address, value: object, *, run_id: str, code_version: str | None
) -> Stored:
    """Store a value under its key: the object first, the row last, then the replaced object goes.

    Every write has an object path of its own, so whatever a row names is whole.

    Raises:
        ValueNotStorable: NaN, infinity, or a type that JSON does not know.
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
    except ValueNotStorable:
        if path:
            store.objects.delete(path)
        raise
    for old in replaced - {None, path}:
        store.objects.delete(str(old))
    return Stored(len(document) if payload is None else len(payload), path)


def load_value(store: Store, address: Address, expected: Any) -> Any:
    """The value of a key as the type `expected` (any annotation; `Any` gives plain JSON).

    Raises:
        ValueMissing: nothing is stored there.
        WrongType: what is stored there is something else.
        ObjectGone: its object is missing. StoreCorrupt: its object has another checksum.
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
            return load_value(store, address, expected)  # replaced since the row was read
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


def to_json(what: object, value: object) -> str:
    """The value as a JSON text without NaN and infinity; `what` names it in the error.

    Raises:
        ValueNotStorable: NaN, infinity, or a type that JSON does not know.
    """
    try:
        return json.dumps(to_jsonable_python(value), allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueNotStorable(f"{what} cannot be stored as JSON ({error}).") from error


@contextmanager
def storable(what: object) -> Iterator[None]:
    """Turns PostgreSQL's refusal of a text (a zero character, half a surrogate) into a sentence."""
    try:
        yield
    except DataError as error:
        reason = str(error.orig).splitlines()[0]
        raise ValueNotStorable(f"{what} cannot be stored in PostgreSQL ({reason}).") from error


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
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
            # Strict, because otherwise the text "5" would pass for the number 5.
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
    # A part of chance: a retried step writes the same bytes in the same run.
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
