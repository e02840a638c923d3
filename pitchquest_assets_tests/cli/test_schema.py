import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text

from pitchquest_assets.cli.schema import COMMAND, current_schema, kept_schema, typescript
from pitchquest_assets.model import PitchResult, VideoEvent
from pitchquest_assets.store.rows import results, videos
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support import factories
from pitchquest_assets_tests.support.factories import odd_results
from pitchquest_assets_tests.support.places import DOCS


def problems(document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(kept_schema()).iter_errors(document)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(kept_schema())


def test_what_is_kept_is_up_to_date() -> None:
    assert kept_schema() == current_schema(kept_schema()), f"run `{COMMAND}`"
    assert (DOCS / "result.ts").read_text() == typescript(), f"run `{COMMAND}`"


@pytest.mark.parametrize(
    "make",
    [
        factories.pitch_result,
        odd_results.sound_only,
        odd_results.picture_only,
        odd_results.untrusted_transcript,
        odd_results.nothing_measurable,
    ],
)
def test_what_the_store_gives_back_fits_the_schema(
    store: Store, make: Callable[[], PitchResult]
) -> None:
    result = make()
    videos.register(store, result.video_id, "/in/pitch.mp4")
    results.save_result(store, result)
    found = results.get_result(store, result.video_id)
    assert found
    assert problems(found.model_dump(mode="json")) == []


def test_an_older_result_without_newer_fields_fits_too() -> None:
    result = factories.pitch_result().model_dump(mode="json")
    del result["metadata"]["runs"], result["results"]["content_analysis"]["rubric"]
    assert problems(result) == []


def test_a_newer_result_with_more_fields_fits_too() -> None:
    assert problems(factories.pitch_result().model_dump(mode="json") | {"added": 1}) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("results", "overall_score"), 101),
        (("results", "overall_score"), "72"),
        (("results", "delivery_analysis", "speaking_pace"), "hasty"),
        (("metadata", "coverage"), None),
        (("feedback", "strengths"), {}),
    ],
)
def test_what_is_no_result_does_not_fit(path: tuple[str, ...], value: object) -> None:
    result = factories.pitch_result().model_dump(mode="json")
    *way, last = path
    place = result
    for name in way:
        place = place[name]
    place[last] = value
    assert len(problems(result)) == 1


def without(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    """A copy without the part at this path."""
    copy = json.loads(json.dumps(schema))
    place = copy
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return dict(copy)


@pytest.mark.parametrize(
    ("before", "version"),
    [
        (lambda now: now, "3.4"),
        # What is there now was not there before.
        (lambda now: without(now, "$defs", "ResultMetadata", "properties", "runs"), "3.5"),
        (lambda now: without(now, "$defs", "Evidence"), "3.5"),
        (lambda now: without(now, "required"), "4.0"),
        (lambda now: now | {"properties": now["properties"] | {"gone": {}}}, "4.0"),
        (lambda now: now | {"properties": now["properties"] | {"job_id": {}}}, "4.0"),
        (lambda now: now | {"properties": now["properties"] | {"job_id": {"type": "null"}}}, "4.0"),
        (lambda now: now | {"description": "in other words"}, "3.5"),
    ],
)
def test_the_version_says_whether_a_reader_can_go_on(
    before: Callable[[dict[str, Any]], dict[str, Any]], version: str
) -> None:
    kept = before(current_schema(kept_schema())) | {"version": "3.4"}
    after = current_schema(kept)
    assert after["version"] == version
    assert after["$id"] == f"urn:pitchquest:result:{version}"


def test_an_event_of_the_webhook_is_what_its_type_says(store: Store) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    videos.mark_failed(store, "pitch", "It is empty.")
    payload = store.transaction(lambda c: c.scalar(text("select payload from webhook_events")))
    assert VideoEvent.model_validate(payload).data.error == "It is empty."
