from importlib import resources
from pathlib import Path

import numpy as np

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.head import (
    FILE,
    TokenModel,
    load_head,
    save_head,
)
from pitchquest_assets.analysis.content.reading import OF_TEXTS

MOST_BYTES = 2_000_000


def test_the_head_is_small_and_holds_no_code() -> None:
    file = resources.files("pitchquest_assets.analysis.content") / FILE
    assert len(file.read_bytes()) < MOST_BYTES
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)


def test_the_head_knows_every_item_and_fact() -> None:
    outputs = load_head().sentences.outputs
    facts = {f"{item}.{fact}" for item, facts in FACTS.items() for fact in facts}
    assert set(outputs) == set(FACTS) | facts | set(OF_TEXTS)


def test_a_head_that_is_saved_again_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        save_head(load_head(), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_unknown_words_leave_a_sentence_at_its_rarity() -> None:
    head = load_head()
    logits = head.sentences.logits([{"xqzt"}])
    assert np.allclose(logits[0], head.sentences.biases)


def test_one_telling_token_is_heard_in_a_long_sentence() -> None:
    size, units = 4, 1
    weights = np.zeros((2 * units + 3 * size, 1))
    weights[0] = 1.0
    model = TokenModel(np.eye(size)[:, :units], np.zeros(units), weights, np.zeros(1))
    telling, other = np.eye(size, dtype=np.float32)[:2]
    short, long = np.stack([telling, other]), np.stack([telling, *[other] * 40])
    assert np.allclose(model.logits([short, long])[:, 0], 1.0)
    assert np.allclose(model.logits([long[1:]])[:, 0], 0.0)
