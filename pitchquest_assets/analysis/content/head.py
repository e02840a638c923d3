"""The trained part of the local judge: linear models over features, read from `head.npz`.

`make train` writes the file from the labelled corpus in training/content; docs/content_judge.md says how
well it does. It holds numbers and names only, so loading it runs no code.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FILE = "head.npz"

Floats = npt.NDArray[np.float64]


class LinearModel(NamedTuple):
    """Logistic regressions that share their features; the rows are scaled to unit length."""

    index: dict[str, int]
    weight_of_feature: Floats
    weights: npt.NDArray[np.int8]
    scales: Floats
    biases: Floats
    outputs: tuple[str, ...]

    def logits(self, rows: Sequence[Iterable[str]]) -> Floats:
        """Return the log odds, float (rows, outputs), of rows that are given as sets of features."""
        found = np.zeros((len(rows), len(self.outputs)))
        for at, row in enumerate(rows):
            known = sorted(self.index[feature] for feature in row if feature in self.index)
            if known:
                values = self.weight_of_feature[known]
                found[at] = values @ self.weights[known] / np.linalg.norm(values)
        return found * self.scales + self.biases


class Head(NamedTuple):
    """All that was trained: the models, and the thresholds that belong to them."""

    sentences: LinearModel
    gaps: LinearModel
    settings: dict[str, Any]


@cache
def load_head() -> Head:
    """Load the trained head of the package."""
    with (resources.files(__package__) / FILE).open("rb") as file, np.load(file) as arrays:
        settings = json.loads(arrays["settings"].tobytes())
        return Head(_model("sentences", arrays), _model("gaps", arrays), settings)


def pack(model: LinearModel, name: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the file that make up the model, for `load_head`."""
    return {
        f"{name}_features": _bytes("\n".join(model.index)),
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
