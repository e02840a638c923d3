"""Chooses the thresholds of the head on held-out texts, and measures how well they do on others."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from metrics import LEVELS, agreement, levels_of
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.head import probability
from pitchquest_assets.analysis.content.reading import (
    PITCH,
    Reading,
    by_output,
    gate_features,
    reading_of,
    shown_of,
)

OUTPUTS = (*FACTS, *(f"{item}.{fact}" for item in FACTS for fact in FACTS[item]), PITCH)
# The corpus sets more traps than life does: on texts that resemble real pitches, the precision at
# the same threshold is about 0.05 higher.
PRECISION = 0.90
ITEM_GRID = np.arange(0.08, 0.9, 0.01).round(2)
FACT_GRID = np.arange(0.08, 0.5, 0.03).round(2)


def tune(held: Sequence[Any], mode: str) -> dict[str, Any]:
    """Return the thresholds by item, of items and of facts, and the gate.

    Args:
        held: texts that were not trained on, with their log odds.
        mode: `words` or `vectors`, by which log odds.
    """
    gate = _gate(held, mode)
    pitches = [one for one in held if one.text.kind == "pitch"]
    wanted = [levels_of(one.text.lines) for one in pitches]
    settings: dict[str, Any] = {
        "gate": gate,
        "items": {item: _item_threshold(item, pitches, wanted, mode) for item in FACTS},
        "facts": dict.fromkeys(FACTS, 0.2),
    }
    for item in FACTS:
        settings["facts"][item] = max(
            FACT_GRID.tolist(), key=_kappa_at(item, pitches, wanted, mode, settings)
        )
    return settings


def _item_threshold(item: str, pitches: Any, wanted: Any, mode: str) -> float:
    """The threshold that finds most of an item at the precision that is wanted."""
    at = OUTPUTS.index(item)
    highest = np.array([probability(getattr(one, mode)[:, at]).max() for one in pitches])
    there = np.array([levels[item] > 0 for levels in wanted])

    def worth(threshold: float) -> float:
        found = highest >= threshold
        precision = (found & there).sum() / max(1, found.sum())
        recall = (found & there).sum() / there.sum()
        return float(recall - 10 * max(0.0, PRECISION - precision))

    return float(max(ITEM_GRID.tolist(), key=worth))


def _kappa_at(
    item: str, pitches: Any, wanted: Any, mode: str, settings: dict[str, Any]
) -> Callable[[float], float]:
    labels = [levels[item] for levels in wanted]
    # Only a solution's level depends on another item: on whether a problem was described.
    described = [levels["problem_clarity"] > 1 for levels in wanted]
    probabilities = [by_output(getattr(one, mode), OUTPUTS) for one in pitches]

    def kappa(threshold: float) -> float:
        tried = settings | {"facts": settings["facts"] | {item: threshold}}
        shown = [shown_of(item, one, tried) for one in probabilities]
        found = [
            level_of(item, [one.facts for one in some], described=known)
            for some, known in zip(shown, described, strict=True)
        ]
        return float(cohen_kappa_score(labels, found, labels=LEVELS, weights="linear"))

    return kappa


def _gate(held: Sequence[Any], mode: str) -> dict[str, Any]:
    """Fit what tells pitches and parts of them from other texts and from nonsense."""
    features = [gate_features(getattr(one, mode), OUTPUTS) for one in held]
    is_pitch = [one.text.kind in ("pitch", "fragment") for one in held]
    solved = LogisticRegression(C=100.0).fit(features, is_pitch)
    return {
        "weights": solved.coef_[0].round(3).tolist(),
        "bias": round(float(solved.intercept_[0]), 3),
    }


def read_held(one: Any, mode: str, settings: dict[str, Any]) -> Reading:
    """Return how a held-out text is read with the settings."""
    return reading_of(getattr(one, mode), OUTPUTS, settings)


def measure(folds: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the figures of each fold, its thresholds chosen on the other folds, averaged."""
    report: dict[str, Any] = {}
    for mode in ("words", "vectors"):
        by_version: dict[str, list[dict[str, float]]] = {"as written": [], "no punctuation": []}
        gates = []
        for fold in range(len(folds)):
            others = [one for at, some in enumerate(folds) if at != fold for one in some]
            settings = tune(others, mode)
            gates.append(_gate_figures(folds[fold], mode, settings))
            for version, some in zip(
                by_version, (folds[fold][::2], folds[fold][1::2]), strict=True
            ):
                pairs = [
                    (one.lines, read_held(one, mode, settings))
                    for one in some
                    if one.text.kind == "pitch"
                ]
                by_version[version].append(agreement(pairs))
        report[mode] = {name: _mean(figures) for name, figures in by_version.items()}
        report[mode]["gate"] = _mean(gates)
    return report


def _gate_figures(held: Sequence[Any], mode: str, settings: dict[str, Any]) -> dict[str, float]:
    """The share of texts of each kind that the gate takes for a pitch, as written."""
    kinds: dict[str, list[bool]] = {}
    for one in held[::2]:
        passed = read_held(one, mode, settings).pitch_probability >= 0.5
        kinds.setdefault(one.text.kind, []).append(passed)
    return {f"{kind} taken for a pitch": float(np.mean(taken)) for kind, taken in kinds.items()}


def _mean(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for one in figures for name in one}, key=list(figures[0]).index)
    return {
        name: round(float(np.mean([one[name] for one in figures if name in one])), 3)
        for name in names
    }
