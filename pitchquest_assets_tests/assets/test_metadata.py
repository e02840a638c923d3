"""What Dagit shows beside a value."""

import dagster as dg

from pitchquest_assets.assets.metadata import result_metadata
from pitchquest_assets_tests.support import factories


def test_the_improvements_are_listed_with_their_points() -> None:
    shown = result_metadata(factories.pitch_result())["improvements"]
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert "| Say why now | +5 points | no sentence about timing was found |" in (shown.value or "")


def test_strengths_are_listed_with_what_they_rest_on() -> None:
    shown = result_metadata(factories.pitch_result())["strengths"]
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert "| You are easy to see |  | a face in 94 % of 50 frames |" in (shown.value or "")
