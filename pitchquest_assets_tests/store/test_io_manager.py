import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import pytest
from sqlalchemy import text

from pitchquest_assets.errors import InvalidVideoId, StoreCorrupt, UnknownVideo
from pitchquest_assets.model import BlobValue, Frame, Frames, PitchResult, Transcript, Value, Word
from pitchquest_assets.partitions import videos_partitions
from pitchquest_assets.store.io_manager import SupabaseIOManager
from pitchquest_assets.store.resource import StoreResource
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.rows.asset_values import (
    Address,
    ObjectGone,
    ValueMissing,
    ValueNotStorable,
    WrongType,
    load_value,
    save_value,
)
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.wiring import store_resource

FRAMES = Frames(
    frames=[Frame(time_seconds=0.5, name="1.jpg")],
    width_px=640,
    height_px=360,
    spacing_seconds=1.0,
    method="keyframes",
    payload=b"PK\x05\x06" + bytes(18),
)
WORD = Word(text="we", start_seconds=0.1, end_seconds=0.3, probability=0.9)


class Sound(BlobValue):
    media_type: ClassVar[str] = "audio/flac"
    suffix: ClassVar[str] = ".flac"


@pytest.fixture
def instance(store: Store) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def materialize(
    instance: dg.DagsterInstance, *assets: dg.AssetsDefinition, partition_key: str | None = None
) -> dg.ExecuteInProcessResult:
    if partition_key is not None:
        instance.add_dynamic_partitions("videos", [partition_key])
    return dg.materialize(
        assets,
        instance=instance,
        partition_key=partition_key,
        resources={
            "io_manager": SupabaseIOManager(store=store_resource()),
            "store": store_resource(),
        },
    )


def holding(
    value: object, annotation: Any = None, *, partitioned: bool = True, **options: Any
) -> dg.AssetsDefinition:
    """The asset `upstream` that returns this value."""

    def upstream() -> Any:
        return value

    upstream.__annotations__["return"] = Any if annotation is None else annotation
    return dg.asset(upstream, partitions_def=videos_partitions if partitioned else None, **options)


def reading(
    annotation: Any, seen: list[Any], *, partitioned: bool = True, **options: Any
) -> dg.AssetsDefinition:
    """The asset `downstream` that takes `upstream` by this annotation."""

    def downstream(upstream: Any) -> None:
        seen.append(upstream)

    if annotation is None:
        del downstream.__annotations__["upstream"]
    else:
        downstream.__annotations__["upstream"] = annotation
    ins = {"upstream": dg.AssetIn(**options)} if options else None
    return dg.asset(downstream, ins=ins, partitions_def=videos_partitions if partitioned else None)


def objects_of(store: Store) -> list[Path]:
    root = store.objects.root
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _no_objects(store: Store) -> None:
    for path in objects_of(store):
        path.unlink()


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        *[(falsy, None) for falsy in (0, "", [], {}, False, 0.0)],
        (None, int | None),
        (5, int | None),
        (WORD, Word),
        ([WORD], list[Word]),
        ({"b": [1, 2.5, None], "a": {"x": "ü\u2028"}}, dict[str, Any]),
        ({3: (1.0, 2.0)}, dict[int, tuple[float, float]]),
        (datetime(2026, 1, 2, 3, 4, 5), datetime),
        (1e300, float),
        (7, float),
        (FRAMES, Frames),
        (FRAMES, Frames | None),
        (None, Frames | None),
        (factories.transcript_value(), Transcript),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("partitioned", [True, False])
def test_a_value_comes_back_as_it_was(
    instance: dg.DagsterInstance, value: object, annotation: Any, partitioned: bool
) -> None:
    seen: list[Any] = []
    result = materialize(
        instance,
        holding(value, partitioned=partitioned),
        reading(annotation, seen, partitioned=partitioned),
        partition_key="pitch" if partitioned else None,
    )
    assert result.success
    assert seen == [value]
    assert type(seen[0]) is (float if annotation is float else type(value))


def test_a_value_without_annotation_comes_back_as_plain_json(instance: dg.DagsterInstance) -> None:
    seen: list[Any] = []
    materialize(instance, holding(WORD), reading(None, seen), partition_key="pitch")
    assert seen == [WORD.model_dump()]


def test_row_and_metadata_tell_run_version_size_and_path(
    instance: dg.DagsterInstance, store: Store
) -> None:
    result = materialize(instance, holding(FRAMES, code_version="v7"), partition_key="pitch")
    with store.engine.connect() as connection:
        row = connection.execute(text("select * from asset_values")).one()
    assert (row.asset_key, row.partition_key, row.run_id, row.code_version) == (
        "upstream",
        "pitch",
        result.run_id,
        "v7",
    )
    assert row.value == FRAMES.model_dump(mode="json")
    assert row.object_path.isascii()
    assert row.object_path.startswith(f"upstream/pitch/{result.run_id}-")
    assert row.object_path.endswith(".zip")
    assert store.objects.get(row.object_path) == FRAMES.payload
    metadata = result.asset_materializations_for_node("upstream")[0].metadata
    assert metadata["size_bytes"].value == len(FRAMES.payload)
    assert metadata["path"].value == row.object_path


def test_writing_again_leaves_one_row_and_one_object(
    instance: dg.DagsterInstance, store: Store
) -> None:
    for byte in (b"1", b"2", b"2"):
        materialize(instance, holding(Sound(payload=byte)), partition_key="pitch")
    assert [path.read_bytes() for path in objects_of(store)] == [b"2"]
    materialize(instance, holding(5), partition_key="pitch")
    assert objects_of(store) == []
    assert load_value(store, Address("upstream", "pitch"), int) == 5


def several(
    annotation: Any, seen: list[Any], keys: list[str], **options: Any
) -> dg.AssetsDefinition:
    mapping = dg.SpecificPartitionsPartitionMapping(keys)
    return reading(annotation, seen, partitioned=False, partition_mapping=mapping, **options)


def test_several_partitions_come_as_a_dict_by_key(instance: dg.DagsterInstance) -> None:
    for key, value in (("a", 0), ("b", None), ("c", 3)):
        materialize(instance, holding(value), partition_key=key)
    seen: list[Any] = []
    upstream = holding(0)
    for annotation in (dict[str, int | None], None):
        materialize_one(instance, upstream, several(annotation, seen, ["a", "b", "c"]))
    materialize_one(instance, upstream, several(int | None, seen, ["b"]))
    materialize_one(instance, upstream, several(int, seen, ["c"]))
    assert seen == [{"a": 0, "b": None, "c": 3}] * 2 + [None, 3]


def materialize_one(
    instance: dg.DagsterInstance, upstream: dg.AssetsDefinition, asset: dg.AssetsDefinition
) -> None:
    dg.materialize(
        [upstream.to_source_asset(), asset],
        instance=instance,
        selection=[asset],
        resources={"io_manager": SupabaseIOManager(store=store_resource())},
    )


def test_a_missing_partition_is_an_error_unless_it_may_be_missing(
    instance: dg.DagsterInstance,
) -> None:
    materialize(instance, holding(1), partition_key="a")
    instance.add_dynamic_partitions("videos", ["gone", "lost"])
    seen: list[Any] = []
    upstream = holding(0)
    allowed = {"metadata": {"allow_missing_partitions": True}}
    for keys in (["gone"], ["a", "gone"]):
        with pytest.raises(FileNotFoundError, match=r"upstream\[gone\].*materialise it first"):
            materialize_one(instance, upstream, several(None, seen, keys))
    materialize_one(instance, upstream, several(dict[str, int], seen, ["a", "gone"], **allowed))
    materialize_one(instance, upstream, several(None, seen, ["gone", "lost"], **allowed))
    materialize_one(instance, upstream, several(int | None, seen, ["gone"], **allowed))
    assert seen == [{"a": 1}, {}, None]


def test_a_missing_value_of_an_asset_without_partitions_is_an_error(
    instance: dg.DagsterInstance,
) -> None:
    upstream = holding(0, partitioned=False)
    with pytest.raises(FileNotFoundError, match="upstream has no stored value"):
        materialize_one(instance, upstream, reading(int, [], partitioned=False))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("five", int),
        ("5", int),
        (5, str),
        ([1, 2], dict[str, int]),
        (WORD, Transcript),
        (FRAMES, Sound),
        (FRAMES, Word),
        (FRAMES, None),
        (None, int),
        (WORD, Sound),
    ],
)
def test_another_type_than_expected_names_asset_partition_and_both(
    instance: dg.DagsterInstance, stored: object, expected: Any
) -> None:
    with pytest.raises(TypeError) as caught:
        materialize(instance, holding(stored), reading(expected, []), partition_key="pitch")
    sentence = str(caught.value)
    assert isinstance(caught.value, WrongType)
    assert "upstream[pitch]" in sentence
    assert getattr(expected or Any, "__name__", "").lower() in sentence.lower()
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {"deep": [1.0, float("-inf")]},
        Word.model_construct(text="x", start_seconds=float("nan"), end_seconds=1, probability=1),
        {"zero": "a\x00b"},
        "half a surrogate \ud800",
        {"what": object()},
        b"\xff\xfe",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_json_is_refused_by_name_and_leaves_nothing(
    instance: dg.DagsterInstance, store: Store, value: object
) -> None:
    with pytest.raises(ValueNotStorable, match=r"upstream\[pitch\] cannot be stored") as caught:
        materialize(instance, holding(value), partition_key="pitch")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueMissing):
        load_value(store, Address("upstream", "pitch"), Any)


def test_a_blob_whose_row_is_refused_leaves_no_object(
    instance: dg.DagsterInstance, store: Store
) -> None:
    frames = FRAMES.model_copy(update={"reason": "a\x00b"})
    with pytest.raises(ValueNotStorable):
        materialize(instance, holding(frames), partition_key="pitch")
    assert objects_of(store) == []


@pytest.mark.parametrize("key", ["..", "a/b", "a\nb", "-a", "x" * 129, "a b"])
def test_a_partition_key_that_is_no_safe_name_is_refused(
    instance: dg.DagsterInstance, store: Store, key: str
) -> None:
    with pytest.raises(InvalidVideoId):
        materialize(instance, holding(FRAMES), partition_key=key)
    assert objects_of(store) == []


def test_a_row_whose_object_is_gone_says_so(instance: dg.DagsterInstance, store: Store) -> None:
    materialize(instance, holding(FRAMES), partition_key="pitch")
    for path in objects_of(store):
        path.unlink()
    sentence = r"row of upstream\[pitch\] is there, but its object .* is gone: materialise upstream"
    allowed = {"metadata": {"allow_missing_partitions": True}}
    for options in ({}, allowed):
        with pytest.raises(ObjectGone, match=sentence) as caught:
            materialize_one(instance, holding(0), several(Frames | None, [], ["pitch"], **options))
        assert isinstance(caught.value, FileNotFoundError)
        assert isinstance(caught.value, StoreCorrupt)


def test_an_object_that_was_changed_is_not_believed(
    instance: dg.DagsterInstance, store: Store
) -> None:
    materialize(instance, holding(FRAMES), partition_key="pitch")
    for path in objects_of(store):
        path.write_bytes(b"other bytes")
    with pytest.raises(StoreCorrupt, match="another checksum"):
        materialize_one(instance, holding(0), several(Frames, [], ["pitch"]))


def test_two_writers_and_a_reader_of_one_key_never_meet_a_torn_object(store: Store) -> None:
    address = Address("sound", "pitch")
    payloads = [bytes([letter]) * 200_000 for letter in b"ab"]
    save_value(store, address, Sound(payload=payloads[0]), run_id="first", code_version=None)
    failures: list[BaseException] = []

    def watched(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)
                raise

        return threading.Thread(target=run)

    def write(payload: bytes) -> None:
        for _ in range(12):
            save_value(store, address, Sound(payload=payload), run_id="same", code_version=None)

    writers = [watched(lambda payload=payload: write(payload)) for payload in payloads]

    def read() -> None:
        while any(writer.is_alive() for writer in writers):
            assert load_value(store, address, Sound).payload in payloads

    reader = watched(read)
    for thread in (*writers, reader):
        thread.start()
    for thread in (*writers, reader):
        thread.join()
    assert failures == []
    assert len(objects_of(store)) == 1
    assert load_value(store, address, Sound).payload in payloads


def test_a_result_goes_to_its_table_and_completes_the_video(
    instance: dg.DagsterInstance, store: Store
) -> None:
    result = factories.pitch_result()
    videos.register(store, result.video_id, "/in/pitch.mp4")
    seen: list[Any] = []
    materialize(
        instance,
        holding(result, PitchResult),
        reading(PitchResult, seen),
        partition_key=result.video_id,
    )
    assert seen == [result] == [results.get_result(store, result.video_id)]
    assert videos.get(store, result.video_id).status == "completed"


def test_a_result_of_another_or_unknown_video_is_refused(instance: dg.DagsterInstance) -> None:
    result = factories.pitch_result()
    with pytest.raises(ValueNotStorable, match="its own video"):
        materialize(instance, holding(result), partition_key="another")
    with pytest.raises(UnknownVideo):
        materialize(instance, holding(result), partition_key=result.video_id)


def test_a_missing_result_is_a_missing_file(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("videos", ["pitch"])
    with pytest.raises(FileNotFoundError, match="no stored result"):
        materialize_one(instance, holding(0), several(PitchResult, [], ["pitch"]))


def test_ops_hand_values_on_without_an_asset(instance: dg.DagsterInstance) -> None:
    @dg.op
    def produce() -> Word:
        return WORD

    @dg.op
    def consume(word: Word) -> str:
        return word.text

    @dg.job(resource_defs={"io_manager": SupabaseIOManager(store=store_resource())})
    def chain() -> None:
        consume(produce())

    assert chain.execute_in_process(instance=instance).output_for_node("consume") == "we"


def test_assets_reach_the_store_as_a_resource(instance: dg.DagsterInstance, store: Store) -> None:
    @dg.asset
    def count(store: StoreResource) -> int:
        return len(videos.list_videos(store.store()))

    assert materialize(instance, count).output_for_node("count") == 0


def test_values_are_plain_pydantic(store: Store) -> None:
    class Pair(Value):
        left: int
        right: tuple[str, ...] = ()

    address = Address("nested/key", "")
    save_value(store, address, Pair(left=1, right=("a",)), run_id="run", code_version=None)
    assert load_value(store, address, Pair) == Pair(left=1, right=("a",))
