import pytest

from pitchquest_assets.analysis.references import Bounds, bounds_of, side_of
from pitchquest_assets.model import Measurement


@pytest.mark.parametrize(
    ("reference", "bounds"),
    [
        ("110–160", Bounds(110, 160)),
        ("0.11–0.235 among speakers", Bounds(0.11, 0.235)),
        ("4–5.5 in English", Bounds(4, 5.5)),
        ("-0.17–0.17", Bounds(-0.17, 0.17)),
        ("-0.25–0.05", Bounds(-0.25, 0.05)),
        ("below 4; a lower bound, Whisper drops most", Bounds(high=4)),
        ("at most 2", Bounds(high=2)),
        ("above 40", Bounds(low=40)),
        ("at least 0.9", Bounds(low=0.9)),
        ("10 or more", Bounds(low=10)),
        ("compare with yourself only", Bounds()),
        (None, Bounds()),
    ],
)
def test_a_reference_is_read_as_a_range(reference: str | None, bounds: Bounds) -> None:
    assert bounds_of(reference) == bounds


@pytest.mark.parametrize(
    ("value", "side"), [(109.9, "below"), (110, None), (160, None), (160.1, "above")]
)
def test_a_measurement_lies_inside_or_on_one_side(value: float, side: str | None) -> None:
    assert side_of(Measurement(value=value, unit="wpm", reference="110–160")) == side


def test_what_was_not_measured_lies_on_no_side() -> None:
    missing = Measurement(value=None, unit="wpm", reference="110–160", reason="no sound")
    assert side_of(missing) is None
