"""The trained part of the local judge: linear models over features, read from `head.npz`.

`make train` writes the file from the labelled corpus in training/content; docs/content_judge.md
says how well it does. It holds numbers and names only, so loading it runs no code.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pitchquest_assets.analysis.content.features import features_of, text_features

FILE = "head.npz"

# Makes the vectors of whole sentences weigh about as much as the pooled tokens.
MEANING = 4.0

Floats = npt.NDArray[np.float64]
# The states of the tokens of one sentence, (tokens, size).
States = npt.NDArray[np.float32]


class LinearModel(NamedTuple):
    """Logistic regressions that share their features; the rows are scaled to unit length."""

    places: dict[str, int]
    weight_of_feature: Floats
    weights: npt.NDArray[np.int8]
    scales: Floats
    biases: Floats
    outputs: tuple[str, ...]

    def logits(self, rows: Sequence[Iterable[str]]) -> Floats:
        """Return the log odds, float (rows, outputs), of rows given as sets of features."""
        found = np.zeros((len(rows), len(self.outputs)))
        for at, row in enumerate(rows):
            known = sorted(self.places[feature] for feature in row if feature in self.places)
            if known:
                values = self.weight_of_feature[known]
                found[at] = values @ self.weights[known] / np.linalg.norm(values)
        logits: Floats = found * self.scales + self.biases
        return logits


class TokenModel(NamedTuple):
    """A network of one layer on the states of a sentence's tokens, pooled, beside its neighbours.

    The highest of all tokens lets a short clause be heard in a long sentence.
    """

    inner_weights: Floats
    inner_biases: Floats
    weights: Floats
    biases: Floats

    def logits(self, states: Sequence[States]) -> Floats:
        """Return the log odds, float (sentences, outputs), of the token states of a text."""
        pooled = np.stack([self._pooled(one) for one in states])
        meaning = MEANING * with_neighbours(unit_means(states))
        found: Floats = np.c_[pooled, meaning] @ self.weights + self.biases
        return found

    def _pooled(self, tokens: States) -> Floats:
        units = np.maximum(tokens @ self.inner_weights + self.inner_biases, 0.0)
        pooled: Floats = np.r_[units.max(axis=0), units.mean(axis=0)]
        return pooled


def unit_means(states: Sequence[States]) -> npt.NDArray[np.float32]:
    """Return the mean of each sentence's tokens, of unit length, float32 (sentences, size)."""
    means = np.stack([one.mean(axis=0, dtype=np.float32) for one in states])
    unit: npt.NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def with_neighbours(vectors: npt.NDArray[np.float32]) -> Floats:
    """Return each vector with half of the one before and half of the one after it."""
    none = np.zeros((1, vectors.shape[1]))
    before, after = np.r_[none, vectors[:-1]], np.r_[vectors[1:], none]
    joined: Floats = np.c_[vectors, 0.5 * before, 0.5 * after]
    return joined


class Head(NamedTuple):
    """All that was trained: the models, and what was chosen for them.

    `gaps` says where thoughts end, `gate` whether a whole text is a pitch. `settings` holds the
    thresholds and the weights of clarity, for the words alone as `words`, for words and meaning as
    `meaning`.
    """

    sentences: LinearModel
    tokens: TokenModel
    gaps: LinearModel
    gate: LinearModel
    settings: dict[str, Any]

    def logits(self, texts: Sequence[str], states: Sequence[States] | None = None) -> Floats:
        """Return the log odds, float (sentences, outputs), of the sentences of a text.

        Args:
            states: of the tokens of the same sentences; without them, words decide alone.
        """
        by_words = self.sentences.logits(features_of(texts))
        if states is None or not len(texts):
            return by_words
        return (by_words + self.tokens.logits(states)) / 2

    def gate_logit(self, texts: Sequence[str]) -> float:
        """Return the log odds that the sentences are those of a pitch, or of a part of one."""
        return float(self.gate.logits([text_features(texts)])[0, 0])


@cache
def load_head() -> Head:
    """Load the trained head of the package."""
    with (resources.files(__package__) / FILE).open("rb") as file, np.load(file) as arrays:
        settings = json.loads(arrays["settings"].tobytes())
        tokens = TokenModel(
            *(arrays[f"tokens_{name}"].astype(np.float64) for name in TokenModel._fields)
        )
        sentences, gaps, gate = (_model(name, arrays) for name in ("sentences", "gaps", "gate"))
        return Head(sentences, tokens, gaps, gate, settings)


def save_head(head: Head, path: Path) -> None:
    """Write the file that `load_head` reads; the same head gives the same bytes."""
    arrays: dict[str, Any] = {
        "settings": _bytes(json.dumps(head.settings, sort_keys=True)),
        **{f"tokens_{k}": v.astype(np.float16) for k, v in head.tokens._asdict().items()},
        **_arrays(head.sentences, "sentences"),
        **_arrays(head.gaps, "gaps"),
        **_arrays(head.gate, "gate"),
    }
    np.savez_compressed(path, **arrays)


def _arrays(model: LinearModel, name: str) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{name}_features": _bytes("\n".join(model.places)),
        f"{name}_outputs": _bytes("\n".join(model.outputs)),
        f"{name}_weight_of_feature": model.weight_of_feature.astype(np.float16),
        f"{name}_weights": model.weights,
        f"{name}_scales": model.scales.astype(np.float32),
        f"{name}_biases": model.biases.astype(np.float32),
    }


def probability(logits: Floats) -> Floats:
    """Return the probabilities of log odds."""
    result: Floats = 1 / (1 + np.exp(-logits))
    return result


def _model(name: str, arrays: Any) -> LinearModel:
    def lines(key: str) -> list[str]:
        return str(arrays[f"{name}_{key}"].tobytes(), "utf-8").split("\n")

    return LinearModel(
        {feature: at for at, feature in enumerate(lines("features"))},
        arrays[f"{name}_weight_of_feature"].astype(np.float64),
        arrays[f"{name}_weights"],
        arrays[f"{name}_scales"].astype(np.float64),
        arrays[f"{name}_biases"].astype(np.float64),
        tuple(lines("outputs")),
    )


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)
