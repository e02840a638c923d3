from pitchquest_assets.analysis.vad import group_spans, share_inside


def test_spans_are_joined_up_to_the_longest_stretch() -> None:
    spans = [(0.0, 4.0), (5.0, 9.0), (10.0, 14.0)]
    assert group_spans(spans, 10) == [(0.0, 9.0), (10.0, 14.0)]


def test_a_span_longer_than_the_longest_stretch_is_cut() -> None:
    assert group_spans([(0.0, 25.0)], 10) == [(0.0, 10.0), (10.0, 20.0), (20.0, 25.0)]


def test_share_inside_counts_points_in_spans() -> None:
    assert share_inside([0.5, 1.5, 2.5, 3.5], [(0.0, 1.0), (3.0, 4.0)]) == 0.5
    assert share_inside([], [(0.0, 1.0)]) is None
