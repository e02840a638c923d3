"""How well readings agree with labels: recall, precision, quotes, levels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from corpus import Line
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.reading import Reading, carrier

LEVELS = list(range(6))
# Upper ends of the bins of the reliability table.
BINS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def levels_of(lines: Sequence[Line]) -> dict[str, int]:
    """Return the level of each item that the labels of a text's lines make."""
    stated = {item: [line.facts[item] for line in lines if item in line.facts] for item in FACTS}
    described = any("what" in facts for facts in stated["problem_clarity"])
    return {item: level_of(item, stated[item], described=described) for item in FACTS}


def agreement(pairs: Sequence[tuple[Sequence[Line], Reading]]) -> dict[str, float]:
    """Return the figures of the pitches: their labelled lines and the readings of these lines.

    `recall` and `precision` are of the items that are there at all; `quotes` is the share of those
    found whose carrying sentence is labelled with the item; `kappa_linear` and `kappa_quadratic`
    are of the levels 0 to 5; `spearman` is of the sums of the levels.
    """
    wanted = [levels_of(lines) for lines, _ in pairs]
    given = [reading.levels for _, reading in pairs]
    figures = _presence(wanted, given, FACTS)
    quoted = [
        item in lines[carrier(reading.shown[item]).sentence].facts
        for (lines, reading), labels in zip(pairs, wanted, strict=True)
        for item in FACTS
        if labels[item] and reading.levels[item]
    ]
    flat_wanted = [levels[item] for levels in wanted for item in FACTS]
    flat_given = [levels[item] for levels in given for item in FACTS]
    figures["quotes"] = float(np.mean(quoted))
    for weights in ("linear", "quadratic"):
        figures[f"kappa_{weights}"] = float(
            cohen_kappa_score(flat_wanted, flat_given, labels=LEVELS, weights=weights)
        )
    totals = [[sum(levels.values()) for levels in side] for side in (wanted, given)]
    figures["spearman"] = float(spearmanr(*totals)[0])
    for item in FACTS:
        figures |= {f"{item} {k}": v for k, v in _presence(wanted, given, [item]).items()}
    return figures


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Return how often what was given a probability is true.

    Args:
        probabilities: of items in sentences, float (any).
        labels: whether they show the items, bool (any).

    Returns:
        `error`, the mean distance of the two over all, and `bins`: lists of the upper end of a
        bin, how many probabilities are in it, their mean, and the share that is true.
    """
    places = np.searchsorted(BINS, probabilities)
    bins = [
        (
            upper,
            int(inside.sum()),
            float(probabilities[inside].mean()),
            float(labels[inside].mean()),
        )
        for at, upper in enumerate(BINS)
        if (inside := places == at).any()
    ]
    distance = sum(count * abs(mean - share) for _, count, mean, share in bins)
    return {
        "error": round(distance / len(labels), 4),
        "bins": [
            [upper, count, round(mean, 3), round(share, 3)] for upper, count, mean, share in bins
        ],
    }


def _presence(
    wanted: Sequence[Mapping[str, int]], given: Sequence[Mapping[str, int]], items: Sequence[str]
) -> dict[str, float]:
    pairs = [(w[i] > 0, g[i] > 0) for w, g in zip(wanted, given, strict=True) for i in items]
    both = sum(w and g for w, g in pairs)
    return {
        "recall": both / max(1, sum(w for w, _ in pairs)),
        "precision": both / max(1, sum(g for _, g in pairs)),
    }
