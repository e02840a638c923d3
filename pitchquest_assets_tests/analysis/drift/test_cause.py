from datetime import UTC, datetime, timedelta

import pytest

from pitchquest_assets.analysis.drift.cause import THE_PITCHES, likely_cause, made_alike
from pitchquest_assets.analysis.drift.drift import ScoredResult

START = datetime(2026, 3, 1, tzinfo=UTC)


def results_of(**made_with) -> list[ScoredResult]:
    """One result an hour, made with these; each value is a list of the same length."""
    return [
        ScoredResult(
            created_at=START + timedelta(hours=index),
            figures={"overall_score": 60},
            made_with=dict(zip(made_with, values, strict=True)),
        )
        for index, values in enumerate(zip(*made_with.values(), strict=True))
    ]


@pytest.mark.parametrize(
    ("used", "cause"),
    [
        (["a"] * 40, THE_PITCHES),
        (["a"] * 20 + ["b"] * 20, "engine changed from a to b at 2026-03-01 20:00 UTC"),
        (["a"] * 33 + ["b"] * 7, "engine changed from a to b at 2026-03-02 09:00 UTC"),
        (
            ["a"] * 12 + ["b"] * 12 + ["a"] * 16,
            "engine changed from a to b at 2026-03-01 12:00 UTC,"
            " engine changed from b to a at 2026-03-02 00:00 UTC",
        ),
        # Videos without sound use none.
        (["a", None] * 10 + ["b", None] * 10, "engine changed from a to b at 2026-03-01 20:00 UTC"),
        ([None] * 40, THE_PITCHES),
        # Some bring captions, some do not: no change.
        (["a", "b", "a", "a", "b"] * 8, THE_PITCHES),
        (
            ["a", "a", "b", "a", "a"] * 4 + ["b", "a", "b", "b"] * 5,
            "engine b rose from 20% to 75% of the results",
        ),
    ],
)
def test_a_change_of_what_results_are_made_with_is_the_likely_cause(used, cause) -> None:
    assert likely_cause(results_of(engine=used)) == cause


def test_several_changes_are_named_and_many_are_counted() -> None:
    change = ["1"] * 10 + ["2"] * 10
    assert likely_cause(results_of(b=change, a=change)) == (
        "a changed from 1 to 2 at 2026-03-01 10:00 UTC,"
        " b changed from 1 to 2 at 2026-03-01 10:00 UTC"
    )
    many = dict.fromkeys("abcde", change)
    assert likely_cause(results_of(**many)).endswith("UTC, 2 other changes")


def test_only_results_made_with_the_newest_engines_and_rubric_are_alike() -> None:
    results = results_of(
        engine=["a", "b", "b", None, "b", None],
        rubric=["1", "1", "2", "2", "2", "2"],
    )
    assert made_alike(results) == results[2:]
