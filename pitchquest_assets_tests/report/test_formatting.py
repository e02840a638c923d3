"""Times, figures and names as the report words them."""

import pytest

from pitchquest_assets.report import formatting as wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00"),
        (9.99, "0:09"),
        (61, "1:01"),
        (3599.9, "59:59"),
        (3600, "1:00:00"),
        (-0.1, "0:00"),
    ],
)
def test_times_are_minutes_and_seconds(seconds: float, words: str) -> None:
    assert wording.clock(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (0.004, "0.4 %"),
        (0.034, "3.4 %"),
        (0.1, "10 %"),
        (0.946, "95 %"),
        (0.999, ">\u00a099 %"),
        (1, "100 %"),
        (-0.05, "−5 %"),
    ],
)
def test_shares_are_percent(share: float, words: str) -> None:
    assert wording.percent(share) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (149.53, "wpm", "150 wpm"),
        (0.193, "PVQ", "0.19 PVQ"),
        (-3.25, "semitones", "−3.25 semitones"),
        (0.31, "share of the picture's height", "31 % of the picture's height"),
        (118.0, "0–255", "118 (0–255)"),
        (12345.6, "1/min", "12\u202f346 per minute"),
        (-0.001, "dB", "0 dB"),
    ],
)
def test_quantities_carry_their_unit(value: float, unit: str, words: str) -> None:
    assert wording.quantity(value, unit) == words


@pytest.mark.parametrize(
    ("reference", "unit", "words"),
    [
        ("110–160", "wpm", "110–160"),
        ("at least 0.9", "share of the pictures", "at least 90 %"),
        ("0.10–0.30", "share of time", "10–30 %"),
        ("-0.17–0.17", "share of the picture's width", "−17–17 %"),
    ],
)
def test_references_are_in_the_unit_of_the_value(reference: str, unit: str, words: str) -> None:
    assert wording.usual(reference, unit) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [("pitch_sd", "Pitch SD"), ("face lost", "Face lost"), ("camera_facing", "Facing the camera")],
)
def test_keys_become_names(key: str, words: str) -> None:
    assert wording.name_of(key) == words


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (None, ""),
        (12.4, "+12 points"),
        (1.2, "+1 point"),
        (0.96, "+1 point"),
        (0.44, "+0.4 points"),
        (0.02, "+0.1 points"),
    ],
)
def test_points_to_gain_are_as_exact_as_they_matter(points: float | None, words: str) -> None:
    assert wording.gain(points) == words
