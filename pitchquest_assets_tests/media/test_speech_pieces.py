from itertools import pairwise

import numpy as np
import pytest

from pitchquest_assets.media import speech_pieces as pieces
from pitchquest_assets.media.speech_pieces import speech_pieces
from pitchquest_assets_tests.support.sounds import RATE, audio_from

Spans = list[tuple[float, float]]


def cut(
    monkeypatch: pytest.MonkeyPatch, spans: Spans, most: float, samples: np.ndarray | None = None
) -> Spans:
    monkeypatch.setattr(pieces, "voice_of", lambda audio: tuple(spans))
    sound = np.full(round(RATE * (spans[-1][1] + 1)), 9000) if samples is None else samples
    return speech_pieces(audio_from(sound), most)


def test_pieces_are_cut_in_pauses_and_share_them(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = [(0.1, 4.0), (4.3, 8.0), (9.0, 12.0), (30.0, 31.0)]
    assert cut(monkeypatch, spans, 10) == [
        pytest.approx((0.0, 8.2)),
        pytest.approx((8.8, 12.2)),
        pytest.approx((29.8, 31.2)),
    ]
    close = cut(monkeypatch, [(0, 8), (8.3, 14)], 10)
    assert close[0][1] == close[1][0] == pytest.approx(8.15)


def test_speech_without_a_pause_is_cut_at_its_quietest_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = np.random.default_rng(0).normal(0, 5000, 26 * RATE)
    for quiet in (8.0, 16.5):
        samples[round(quiet * RATE) : round((quiet + 0.1) * RATE)] *= 0.01
    made = cut(monkeypatch, [(0, 25)], 10.4, samples)
    assert [end for _, end in made[:-1]] == [
        pytest.approx(8.05, abs=0.06),
        pytest.approx(16.55, abs=0.06),
    ]


@pytest.mark.parametrize("length", [10.1, 25.0, 61.7])
def test_no_piece_is_too_long_and_nothing_is_lost_or_doubled(
    monkeypatch: pytest.MonkeyPatch, length: float
) -> None:
    spans = [(0.0, length), (length + 0.3, length + 7), (length + 9, length + 40)]
    made = cut(monkeypatch, spans, 10)
    assert all(end - start <= 10 for start, end in made)
    assert all(before[1] <= after[0] for before, after in pairwise(made))
    for start, end in spans:
        heard = sum(max(0, min(end, e) - max(start, s)) for s, e in made)
        assert heard == pytest.approx(end - start)
