"""HDR is shown as SDR: paper stays white, lightness is kept, highlights do not clip."""

import numpy as np
import pytest

from pitchquest_assets.media.hdr import HLG, PQ, to_sdr


def hlg(light: float) -> float:
    """The signal for a linear light, 1 being the brightest (ITU-R BT.2100)."""
    if light <= 1 / 12:
        return float(np.sqrt(3 * light))
    return float(0.17883277 * np.log(12 * light - 0.28466892) + 0.55991073)


def pq(nits: float) -> float:
    """The signal for a luminance in cd/m² (SMPTE ST 2084)."""
    power = (nits / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


SIGNALS = {
    HLG: [hlg(light) for light in (0.0, 0.02, 0.1, 0.265, 0.6, 1.0)],
    PQ: [pq(nits) for nits in (0, 15, 77, 203, 460, 1000)],
}


def shown(signal: float, transfer: int) -> int:
    grey = np.full((2, 2, 3), round(signal * 65535), np.uint16)
    pixels = to_sdr(grey, transfer)
    assert np.ptp(pixels) <= 1  # grey stays grey
    return int(pixels[0, 0, 0])


@pytest.mark.parametrize("transfer", [HLG, PQ])
def test_lightness_rises_from_black_over_paper_to_white(transfer: int) -> None:
    steps = [shown(signal, transfer) for signal in SIGNALS[transfer]]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert 225 <= steps[3] < 255  # paper
    assert steps[5] >= 250


def test_both_curves_show_the_same_light_alike() -> None:
    for one, other in zip(SIGNALS[HLG], SIGNALS[PQ], strict=True):
        assert shown(one, HLG) == pytest.approx(shown(other, PQ), abs=6)


def test_colours_come_out_in_the_order_of_opencv_and_more_vivid_than_in_a_wider_space() -> None:
    red = np.array([[[0.5, 0.3, 0.3]]]) * 65535
    blue_shown, green_shown, red_shown = to_sdr(red.astype(np.uint16), HLG)[0, 0].tolist()
    assert red_shown > 1.6 * green_shown
    assert green_shown == pytest.approx(blue_shown, abs=25)
