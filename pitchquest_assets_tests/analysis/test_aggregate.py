from datetime import UTC, datetime

import pytest

from pitchquest_assets.analysis.aggregate import aggregate
from pitchquest_assets.model import ResultMetadata
from pitchquest_assets_tests import factories


def metadata_with(emotion_model: str | None) -> ResultMetadata:
    return aggregate(
        source=factories.source_video(),
        transcript=factories.transcript_value(),
        visual=factories.visual_analysis(),
        delivery=factories.delivery_analysis(emotion_model=emotion_model),
        content=factories.content_analysis(),
        job_id="job",
        timestamp=datetime.now(UTC),
        processing_time_seconds=1.0,
    ).metadata


@pytest.mark.parametrize("model", [None, "wav2vec2-emotion (float32)"])
def test_the_emotion_model_and_what_ran_it_are_named_where_it_was_used(model: str | None) -> None:
    metadata = metadata_with(model)
    assert metadata.models_used.emotion == model
    assert ("torch" in metadata.engine_versions) == (model is not None)
