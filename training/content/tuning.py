"""Chooses the thresholds of the head on held-out texts, and measures how well they do on others."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from clarity import clarity_figures, fit_clarity
from metrics import LEVELS, agreement, levels_of, reliability
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.head import probability
from pitchquest_assets.analysis.content.reading import (
    LEAST_SHOWN_OF_NONSENSE,
    OF_TEXTS,
    Reading,
    by_output,
    calibrated,
    gate_features,
    nonsense_logit,
    reading_of,
    shown_of,
)

OUTPUTS = (*FACTS, *(f"{item}.{fact}" for item in FACTS for fact in FACTS[item]), *OF_TEXTS)
# By words alone, the last points cost many items.
PRECISION = {"words": 0.92, "meaning": 0.946}
ITEM_GRID = np.arange(0.08, 0.9, 0.01).round(2)
# Lower thresholds find facts in boasts, too.
FACT_GRID = np.arange(0.1, 0.8, 0.04).round(2)
# Words alone find a little of every fact of a solution in any boast.
LEAST_OF_A_SOLUTION = {"words": 0.2, "meaning": 0.0}
# How many right items one wrong item may cost.
COSTS = np.arange(1.0, 30.0, 0.5)
MIN_RECALL = 0.8
PARTS = ("pitch", "fragment")
# Held-out pitches that may be refused: fewer by words alone, which tell a vague pitch from another
# text less well. And other texts that may pass without a warning. The pitches of other authors
# that this was tried on get 0.99 and more, above both.
LOST_PITCHES = {"words": 0.04, "meaning": 0.05}
SURE_OTHERS = {"words": 0.005, "meaning": 0.04}
# Held-out pitches that may be told that they sound like nonsense; and, of those that show much,
# that may be refused for it, with a margin for other authors in the log odds.
DOUBTED_PITCHES, REFUSED_PITCHES = 0.01, 0.001
NONSENSE_MARGIN = {"words": 0.8, "meaning": 0.4}


def tune(held: Sequence[Any], mode: str) -> dict[str, Any]:
    """Return the thresholds by item, of items and of facts, and the weights of clarity.

    Args:
        held: texts that were not trained on, with their log odds.
        mode: `words` or `meaning`, by which log odds.
    """
    pitches = [one for one in held if one.text.kind == "pitch"]
    wanted = [levels_of(one.text.lines) for one in pitches]
    settings: dict[str, Any] = _calibration(pitches, mode)
    logits = [calibrated(getattr(one, mode), settings) for one in pitches]
    settings |= {
        "gate": _gate(held, mode, settings),
        "items": _item_thresholds(logits, wanted, mode),
        "facts": dict.fromkeys(FACTS, 0.3),
    }
    for item in FACTS:
        least = LEAST_OF_A_SOLUTION[mode] if item == "solution_fit" else 0.0
        tried = [threshold for threshold in FACT_GRID.tolist() if threshold >= least]
        kappa_at = _kappa_at(item, logits, wanted, settings)
        settings["facts"][item] = max(tried, key=kappa_at)
    settings["clarity"] = fit_clarity(
        pitches, mode, lambda one, logits: reading_of(logits, OUTPUTS, settings, one.gate)
    )
    return settings


def _calibration(pitches: Sequence[Any], mode: str) -> dict[str, list[float]]:
    """The slope and the shift of each output; those of whole texts are left as they are."""
    lines = [line for one in pitches for line in one.lines]
    given = np.concatenate([getattr(one, mode) for one in pitches])
    slopes, shifts = [], []
    for at, output in enumerate(OUTPUTS):
        slope, shift = 1.0, 0.0
        if output not in OF_TEXTS:
            solved = LogisticRegression().fit(
                given[:, [at]], [shows(line, output) for line in lines]
            )
            slope, shift = float(solved.coef_[0, 0]), float(solved.intercept_[0])
        slopes.append(round(slope, 3))
        shifts.append(round(shift, 3))
    return {"slopes": slopes, "shifts": shifts}


def _item_thresholds(logits: Sequence[Any], wanted: Any, mode: str) -> dict[str, float]:
    """The thresholds that find most items of all, at the precision that is wanted of all."""
    for cost in COSTS:
        chosen = {item: _cheapest(item, logits, wanted, cost) for item in FACTS}
        right = sum(one[1] for one in chosen.values())
        wrong = sum(one[2] for one in chosen.values())
        if right >= PRECISION[mode] * (right + wrong):
            break
    return {item: one[0] for item, one in chosen.items()}


def _cheapest(item: str, logits: Sequence[Any], wanted: Any, cost: float) -> tuple[float, int, int]:
    """The threshold at which the items found, less the cost of wrong ones, are most; and both.

    It finds at least a share of MIN_RECALL of the item, whatever that costs.
    """
    at = OUTPUTS.index(item)
    highest = np.array([probability(one[:, at]).max() for one in logits])
    there = np.array([levels[item] > 0 for levels in wanted])

    def counts(threshold: float) -> tuple[float, int, int]:
        found = highest >= threshold
        return threshold, int((found & there).sum()), int((found & ~there).sum())

    tried = [counts(threshold) for threshold in ITEM_GRID.tolist()]
    enough = [one for one in tried if one[1] >= MIN_RECALL * there.sum()] or tried[:1]
    return max(enough, key=lambda one: one[1] - cost * one[2])


def _kappa_at(
    item: str, logits: Sequence[Any], wanted: Any, settings: dict[str, Any]
) -> Callable[[float], float]:
    labels = [levels[item] for levels in wanted]
    # Only a solution's level depends on another item: on whether a problem was described.
    described = [levels["problem_clarity"] > 1 for levels in wanted]
    probabilities = [by_output(one, OUTPUTS) for one in logits]

    def kappa(threshold: float) -> float:
        tried = settings | {"facts": settings["facts"] | {item: threshold}}
        shown = [shown_of(item, one, tried) for one in probabilities]
        found = [
            level_of(item, [one.facts for one in some], described=known)
            for some, known in zip(shown, described, strict=True)
        ]
        return float(cohen_kappa_score(labels, found, labels=LEVELS, weights="linear"))

    return kappa


def _gate(held: Sequence[Any], mode: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Fit what tells pitches and their parts from other texts, and where doubt begins and ends."""
    held = [one for one in held if one.text.kind != "nonsense"]
    logits = [calibrated(getattr(one, mode), settings) for one in held]
    features = [
        gate_features(some, OUTPUTS, one.gate) for some, one in zip(logits, held, strict=True)
    ]
    solved = LogisticRegression(C=100.0).fit(features, [one.text.kind in PARTS for one in held])
    likely = solved.predict_proba(features)[:, 1]
    pitches = [p for p, one in zip(likely, held, strict=True) if one.text.kind == "pitch"]
    others = [p for p, one in zip(likely, held, strict=True) if one.text.kind not in PARTS]
    absurd = [
        (nonsense_logit(some, OUTPUTS), shown)
        for one, some, (_, shown, _) in zip(held, logits, features, strict=True)
        if one.text.kind == "pitch"
    ]
    full = [logit for logit, shown in absurd if shown >= LEAST_SHOWN_OF_NONSENSE]
    most = float(np.quantile(full, 1 - REFUSED_PITCHES))
    return {
        "weights": solved.coef_[0].round(3).tolist(),
        "bias": round(float(solved.intercept_[0]), 3),
        "no_pitch": round(float(np.quantile(pitches, LOST_PITCHES[mode])), 2),
        "sure": round(float(np.quantile(others, 1 - SURE_OTHERS[mode])), 2),
        "nonsense": round(float(np.quantile([one[0] for one in absurd], 1 - DOUBTED_PITCHES)), 2),
        "surely_nonsense": round(most + NONSENSE_MARGIN[mode], 2),
    }


def shows(line: Any, output: str) -> bool:
    """Return whether a labelled line shows an item, or states a fact of one."""
    item, _, fact = output.partition(".")
    return fact in line.facts.get(item, ()) if fact else item in line.facts


def read_held(one: Any, mode: str, settings: dict[str, Any]) -> Reading:
    """Return how a held-out text is read with the settings."""
    return reading_of(getattr(one, mode), OUTPUTS, settings, one.gate)


def measure(folds: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the figures of each fold, its thresholds chosen on the other folds, averaged."""
    report: dict[str, Any] = {}
    for mode in ("words", "meaning"):
        gates: list[dict[str, float]] = []
        by_version: dict[str, list[dict[str, float]]] = {"as written": [], "no punctuation": []}
        for fold in range(len(folds)):
            others = [one for at, some in enumerate(folds) if at != fold for one in some]
            settings = tune(others, mode)
            gates.append(_gate_figures(folds[fold], mode, settings))
            for version, some in zip(
                by_version, (folds[fold][::2], folds[fold][1::2]), strict=True
            ):
                pairs = [
                    (one, read_held(one, mode, settings))
                    for one in some
                    if one.text.kind == "pitch"
                ]
                by_version[version].append(
                    agreement([(one.lines, reading) for one, reading in pairs])
                    | clarity_figures(pairs, settings["clarity"])
                )
        report[mode] = {name: _mean(figures) for name, figures in by_version.items()}
        report[mode]["gate"] = _mean(gates)
        report[mode]["calibration"] = _reliability(folds, mode)
    return report


def _reliability(folds: Sequence[Sequence[Any]], mode: str) -> dict[str, Any]:
    """How often the items of held-out sentences of pitches are there, by their probability."""
    given, there = [], []
    for fold, some in enumerate(folds):
        others = [one for at, rest in enumerate(folds) if at != fold for one in rest]
        settings = _calibration([one for one in others if one.text.kind == "pitch"], mode)
        for one in (one for one in some[::2] if one.text.kind == "pitch"):
            logits = calibrated(getattr(one, mode), settings)
            given.append(probability(logits[:, : len(FACTS)]).ravel())
            there += [item in line.facts for line in one.lines for item in FACTS]
    return reliability(np.concatenate(given), np.array(there))


def _gate_figures(held: Sequence[Any], mode: str, settings: dict[str, Any]) -> dict[str, float]:
    """The share of texts of each kind that get scores at all, and without a warning, as written."""
    kinds: dict[str, list[bool | None]] = {}
    for one in held[::2]:
        kinds.setdefault(one.text.kind, []).append(read_held(one, mode, settings).is_pitch)
    return {
        f"{kind} {how}": float(np.mean([told in answers for told in given]))
        for kind, given in kinds.items()
        for how, answers in (("scored", (True, None)), ("scored without a warning", (True,)))
    }


def _mean(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in figures for name in one)
    return {
        name: round(float(np.mean([one[name] for one in figures if name in one])), 3)
        for name in names
    }
