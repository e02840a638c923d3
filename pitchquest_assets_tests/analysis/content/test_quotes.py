import pytest

from pitchquest_assets.analysis.content.quotes import find_quote
from pitchquest_assets_tests.support import factories

WORDS = factories.words_of()


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("We have fourteen paying growers", "We have fourteen paying growers,"),
        ("we have FOURTEEN paying growers!", "We have fourteen paying growers,"),
        ("“You know, we cost forty euros a month.”", "You know, we cost forty euros a month,"),
        # A mended ending, a dropped filler.
        ("it is a sensor of the size of a coin", "it is a sensor the size of a coin"),
        ("We built Ember. It is a sensor", "We built Ember. Um, it is a sensor"),
        (
            "Our competitors sell climate computers … it sticks on with a magnet",
            "Our competitors sell climate computers … it sticks on with a magnet.",
        ),
        ("We … have fourteen paying growers", "have fourteen paying growers,"),
    ],
)
def test_a_quote_is_given_back_in_the_words_that_were_said(quote: str, said: str) -> None:
    found = find_quote(quote, WORDS)
    assert found is not None
    assert found.quote == said
    assert found.time_seconds == factories.second_of(said.split(" … ")[0])


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "We built",
        "euros",
        "…",
        # Any claim can be put together from single words.
        "a … cost … month",
        "We have forty thousand paying growers",
        "Our revenue has doubled every month since March",
        # Both were said, the other way round.
        "it sticks on with a magnet … Our competitors sell climate computers",
        " ".join([factories.SCRIPT, "and everybody in the world buys it"] * 3),
    ],
)
def test_what_was_not_said_is_not_found(quote: str) -> None:
    assert find_quote(quote, WORDS) is None


def test_nothing_is_found_where_nothing_was_said() -> None:
    assert find_quote("We have fourteen paying growers", []) is None


def test_the_whole_pitch_may_be_quoted() -> None:
    found = find_quote(factories.SCRIPT, WORDS)
    assert found is not None
    assert found.time_seconds == WORDS[0].start_seconds


LONG = (
    "I will be honest with you, our product is not ready and we have no customers at all, we don't "
    "earn anything and we need 14 months and twenty-five thousand dollars to finish the first one"
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("is not ready", "is ready"),
        ("have no customers", "have customers"),
        ("we don't earn", "we do earn"),
        ("14 months", "40 months"),
        ("14 months", "months"),
        ("twenty-five", "twenty-nine"),
        ("the first one", "the third one"),
    ],
)
def test_a_long_quote_with_another_negation_or_number_is_not_found(said: str, told: str) -> None:
    assert find_quote(LONG.replace(said, told), factories.words_of(LONG)) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("don't earn", "dont earn"),
        ("don't earn", "do not earn"),
        ("14 months", "fourteen months"),
        ("twenty-five thousand", "25 thousand"),
        ("we need 14", "we need, um, 14"),
        ("have no", "have no no"),
        ("with you", "with all of you"),
    ],
)
def test_a_long_quote_may_write_them_otherwise(said: str, told: str) -> None:
    for quote, script in ((LONG, LONG.replace(said, told)), (LONG.replace(said, told), LONG)):
        found = find_quote(quote, factories.words_of(script))
        assert found is not None
        assert found.quote == script
