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
from pitchquest_assets.analysis.content.sentences import Sentence
from pitchquest_assets.analysis.content.structure import clarity_of, measurements

RUBRIC = load_rubric().clarity
# Whether more of it makes a pitch clearer: a fit by chance cannot turn that round.
DIRECTIONS = {
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

    id: str
    lines: Sequence[Any]
    logits: np.ndarray
    clarity: float


def second_labels() -> dict[str, int]:
    """Return the clarity of pitches by the second labelling, made from the guide alone."""
    if not SECOND.exists():
        return {}
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
    own, rows = [], []
    for one in pitches:
        said = Said(one.text.id, one.lines, getattr(one, mode), one.text.clarity)
        reading = read(one, said.logits)
        if sum(level > 0 for level in reading.levels.values()) >= RUBRIC.minimum_items:
            own.append(said)
            rows.append(_row(said, reading))
    of_id, copies = {one.text.id: one for one in pitches}, altered_copies(own)
    rows += [_row(copy, read(of_id[copy.id], copy.logits)) for copy in copies]
    labels = [said.clarity for said in (*own, *copies)]
    importance = [1.0] * len(own) + [WEIGHT] * len(copies)
    model = LinearRegression(positive=True).fit(rows, labels, importance)
    second, given = second_labels(), model.predict(rows[: len(own)])
    differences = [
        second[said.id] - level for said, level in zip(own, given, strict=True) if said.id in second
    ]
    bias = model.intercept_ + (np.mean(differences) if differences else 0.0)
    weights = np.array(list(DIRECTIONS.values())) * model.coef_
    return {
        **{name: round(float(one), 4) for name, one in zip(DIRECTIONS, weights, strict=True)},
        "bias": round(float(bias), 4),
    }


def _row(said: Said, reading: Reading) -> list[float]:
    """The measurements, each so that more of it is better."""
    measured = measurements(RUBRIC, reading, _heard(said.lines))
    return [measured[name] * direction for name, direction in DIRECTIONS.items()]


def _heard(lines: Sequence[Any]) -> list[Sentence]:
    return spoken([line.text for line in lines])


def altered_copies(pitches: Sequence[Said]) -> list[Said]:
    """Return a copy of each pitch that is less clear, in one of three ways."""
    return [_altered(at, pitches) for at in range(len(pitches))]


def _altered(at: int, pitches: Sequence[Said]) -> Said:
    id_, lines, logits, clarity = pitches[at]
    after = [*pitches[at + 1 :], *pitches[:at]]
    # The neighbour is often the same pitch without punctuation.
    other = next((one for one in after if one.id != id_), None)
    if at % 3 == 0:
        places = random.Random(at).sample(range(len(lines)), len(lines))
        lines, logits = [lines[place] for place in places], logits[places]
    elif at % 3 == 1 or other is None:
        lines, logits = [*lines, *lines], np.concatenate([logits, logits])
    else:
        lines, logits = [*lines, *other.lines], np.concatenate([logits, other.logits])
        clarity = (clarity + other.clarity) / 2
    return Said(id_, lines, logits, max(clarity - LOSS, 0.0))


def clarity_figures(
    pairs: Sequence[tuple[Any, Reading]], weights: Mapping[str, float]
) -> dict[str, float]:
    """Return how the levels agree with the first labels, and with the second where there are some.

    Args:
        pairs: held-out pitches and their readings.
    """
    given = {
        one.text.id: clarity_of(RUBRIC, reading, _heard(one.lines), weights).score
        for one, reading in pairs
    }
    second = {id_: level for id_, level in second_labels().items() if id_ in given}
    first = {one.text.id: one.text.clarity for one, _ in pairs}
    return {
        f"clarity {name}{figure}": value
        for name, labels in (("", first), ("second ", second))
        for figure, value in _figures(list(labels.values()), [given[i] for i in labels]).items()
    }


def _figures(labels: Sequence[int], given: Sequence[Any]) -> dict[str, float]:
    """The figures, without those that levels which are all the same do not have."""
    if len(set(labels)) < 2 or len(set(given)) < 2:
        return {}
    return {
        "correlation": float(np.corrcoef(labels, given)[0, 1]),
        "mean error": float(np.mean(np.abs(np.subtract(given, labels)))),
        "kappa_linear": float(cohen_kappa_score(labels, given, labels=LEVELS, weights="linear")),
    }
