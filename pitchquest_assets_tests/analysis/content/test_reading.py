import numpy as np
import pytest

from pitchquest_assets.analysis.content.head import load_head
from pitchquest_assets.analysis.content.reading import reading_of


@pytest.mark.parametrize(("above", "doubted"), [(0.5, True), (-0.5, False), (None, False)])
def test_nonsense_is_doubted_and_refused_by_nothing(above: float | None, doubted: bool) -> None:
    head = load_head()
    settings, outputs = head.settings["meaning"], head.sentences.outputs
    sense = None if above is None else settings["senseless"] + above
    reading = reading_of(np.full((3, len(outputs)), 2.0), outputs, settings, 9.0, sense)
    assert reading.may_be_nonsense is doubted
    assert reading.is_pitch is True
