from importlib import resources
from pathlib import Path

import numpy as np

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.head import FILE, load_head, save_head

MOST_BYTES = 2_000_000


def test_the_head_is_small_and_holds_no_code() -> None:
    file = resources.files("pitchquest_assets.analysis.content") / FILE
    assert len(file.read_bytes()) < MOST_BYTES
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)


def test_the_head_knows_every_item_and_fact() -> None:
    outputs = load_head().sentences.outputs
    facts = {f"{item}.{fact}" for item, facts in FACTS.items() for fact in facts}
    assert set(outputs) == set(FACTS) | facts


def test_a_head_that_is_saved_again_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        save_head(load_head(), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_unknown_words_leave_a_sentence_at_its_rarity() -> None:
    head = load_head()
    logits = head.sentences.logits([{"xqzt"}])
    assert np.allclose(logits[0], head.sentences.biases)
