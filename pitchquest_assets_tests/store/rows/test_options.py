"""What the column `videos.options` takes, whoever writes it."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pitchquest_assets.resources import OPTIONS
from pitchquest_assets.store.rows import videos
from pitchquest_assets.store.store import Store


def choose(store: Store, options: object) -> None:
    videos.register(store, "pitch", "/in/pitch.mp4")
    statement = text("update videos set options = cast(:options as jsonb)")
    store.transaction(lambda c: c.execute(statement, {"options": json.dumps(options)}))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"language": "de"},
        {"transcriber": "whisper", "whisper_model": "small.en", "judge": "rules"},
        {"judge_samples": 9, "max_frames": 1},
        dict(zip(OPTIONS, ("off", "large-v3", "gemini", 3, "en", 500), strict=True)),
    ],
)
def test_known_options_are_kept(store: Store, options: dict[str, object]) -> None:
    choose(store, options)
    assert videos.get(store, "pitch").options == options


@pytest.mark.parametrize(
    "options",
    [
        [],
        "language",
        None,
        {"speed": 2},
        {"transcriber": "shout"},
        {"transcriber": None},
        {"whisper_model": "../../etc"},
        {"whisper_model": ""},
        {"judge": ["rules"]},
        {"judge_samples": 0},
        {"judge_samples": "3"},
        {"judge_samples": 2.5},
        {"max_frames": -1},
        {"max_frames": 1000},
        {"max_frames": True},
        {"language": "english"},
        {"language": 1},
    ],
)
def test_anything_else_is_refused(store: Store, options: object) -> None:
    with pytest.raises(IntegrityError, match="videos_options_are_known"):
        choose(store, options)
