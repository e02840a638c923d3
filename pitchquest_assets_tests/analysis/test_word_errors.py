import pytest

from pitchquest_assets.analysis.word_errors import MAX_EXPECTED_WER, Use, why_unusable
from pitchquest_assets_tests.support import factories


@pytest.mark.parametrize("use", MAX_EXPECTED_WER)
def test_a_transcript_is_good_enough_up_to_the_limit_of_its_use(use: Use) -> None:
    limit = MAX_EXPECTED_WER[use]
    assert why_unusable(factories.transcript_value(expected_wer=limit), use) is None
    reason = why_unusable(factories.transcript_value(expected_wer=limit + 0.01), use)
    assert reason == (
        f"about {limit + 0.01:.0%} of the words are expected to be wrong or missing, and at most "
        f"{limit:.0%} may be for the {use}"
    )


def test_content_needs_more_right_words_than_fillers_and_these_more_than_the_pace() -> None:
    limits = MAX_EXPECTED_WER
    assert limits["content"] < limits["fillers"] < limits["pace"]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"trusted": True}, None),
        ({"trusted": False, "reason": "too unsure"}, "too unsure"),
        ({"trusted": False}, "the words cannot be trusted"),
    ],
)
def test_where_no_error_rate_is_known_the_transcript_is_trusted_or_not(
    overrides: dict[str, object], reason: str | None
) -> None:
    assert why_unusable(factories.transcript_value(**overrides), "pace") == reason
