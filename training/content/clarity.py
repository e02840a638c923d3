"""Fits and measures the level of clarity on what was measured in held-out pitches."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from corpus import SECOND, read_texts
from metrics import LEVELS
from sklearn.linear_model import LinearRegression
from sklearn.metrics import cohen_kappa_score
from structure import spoken

from pitchquest_assets.analysis.content.reading import Reading
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.content.structure import level_by, measurements

# Whether more of it makes a pitch clearer: a fit by chance cannot turn that round.
SIGNS = {
    "levels": 1,
    "to_the_point": 1,
    "in_order": 1,
    "goes_back": -1,
    "fillers": -1,
    "jargon": -1,
}
# What a pitch loses if its lines are shuffled, said twice, or followed by another pitch. Nobody
# labelled those copies, so each weighs less than a pitch.
LOSS, WEIGHT = 1.0, 0.5


class Said(NamedTuple):
    """A pitch as it is, or an altered copy: its lines, their log odds, its clarity."""

    lines: Sequence[Any]
    logits: np.ndarray
    clarity: float


def second_labels() -> dict[str, int]:
    """Return the clarity of pitches by the second labelling, made from the guide alone."""
    return {one.id: one.clarity for one in read_texts([SECOND]) if one.clarity is not None}


def fit_clarity(
    pitches: Sequence[Any], mode: str, read: Callable[[Any, np.ndarray], Reading]
) -> dict[str, float]:
    """Return the weights of the measurements, and the bias.

    The first labels give the weights. The bias makes the mean that of the second labels, whose
    reader did not know what each pitch was written to lack.

    Args:
        read: returns the reading of a held-out text by log odds of its lines.
    """
    own = [Said(one.lines, getattr(one, mode), one.text.clarity) for one in pitches]
    altered = [_altered(at, own) for at in range(len(own))]
    measured = [
        measured_in(said.lines, read(one, said.logits))
        for one, said in zip([*pitches, *pitches], [*own, *altered], strict=True)
    ]
    rows = [[one[name] * sign for name, sign in SIGNS.items()] for one in measured]
    solved = LinearRegression(positive=True).fit(
        rows,
        [one.clarity for one in (*own, *altered)],
        [1.0] * len(own) + [WEIGHT] * len(altered),
    )
    second, given = second_labels(), solved.predict(rows[: len(own)])
    higher = [
        second[one.text.id] - level
        for one, level in zip(pitches, given, strict=True)
        if one.text.id in second
    ]
    weights = np.array(list(SIGNS.values())) * solved.coef_
    return {
        **{name: round(float(one), 4) for name, one in zip(SIGNS, weights, strict=True)},
        "bias": round(float(solved.intercept_ + np.mean(higher)), 4),
    }


def measured_in(lines: Sequence[Any], reading: Reading) -> dict[str, float]:
    """Return the measurements of a text's lines."""
    return measurements(load_rubric().clarity, reading, spoken([line.text for line in lines]))


def _altered(at: int, pitches: Sequence[Said]) -> Said:
    """A copy of a pitch that is less clear, in one of three ways."""
    lines, logits, clarity = pitches[at]
    other = pitches[(at + 1) % len(pitches)]
    if at % 3 == 0:
        places = random.Random(at).sample(range(len(lines)), len(lines))
        lines, logits = [lines[place] for place in places], logits[places]
    elif at % 3 == 1:
        lines, logits = [*lines, *lines], np.concatenate([logits, logits])
    else:
        lines, logits = [*lines, *other.lines], np.concatenate([logits, other.logits])
        clarity = (clarity + other.clarity) / 2
    return Said(lines, logits, max(clarity - LOSS, 0.0))


def clarity_figures(
    pairs: Sequence[tuple[Any, Reading]], weights: Mapping[str, float]
) -> dict[str, float]:
    """Return how the levels agree with the first labels, and with the second where there are some.

    Args:
        pairs: held-out pitches and their readings.
    """
    given = {one.text.id: level_by(weights, measured_in(one.lines, told)) for one, told in pairs}
    second = {id_: level for id_, level in second_labels().items() if id_ in given}
    first = {one.text.id: one.text.clarity for one, _ in pairs}
    return {
        f"clarity {name}{figure}": value
        for name, labels in (("", first), ("second ", second))
        for figure, value in _figures(list(labels.values()), [given[i] for i in labels]).items()
    }


def _figures(labels: Sequence[int], given: Sequence[int]) -> dict[str, float]:
    return {
        "correlation": float(np.corrcoef(labels, given)[0, 1]),
        "mean error": float(np.mean(np.abs(np.subtract(given, labels)))),
        "kappa_linear": float(cohen_kappa_score(labels, given, labels=LEVELS, weights="linear")),
    }
