"""Reads a text sentence by sentence: which items each shows, which facts it states."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.head import Floats, Head, load_head, probability


class Shown(NamedTuple):
    """A sentence that shows an item: its index, the facts that it states, and how sure that is."""

    sentence: int
    facts: frozenset[str]
    probability: float


class Reading(NamedTuple):
    """What a text shows, by item, and the probability that it is a pitch."""

    shown: Mapping[str, list[Shown]]
    levels: Mapping[str, int]
    pitch_probability: float


def read(
    texts: Sequence[str],
    vectors: npt.NDArray[np.float32] | None = None,
    head: Head | None = None,
) -> Reading:
    """Read the sentences of a text, in order.

    Args:
        vectors: of the sentences, float32 (n, size); None reads by the words alone.
        head: by default that of the package.
    """
    head = head or load_head()
    settings = head.settings["words" if vectors is None else "vectors"]
    logits = head.logits(texts, vectors)
    return reading_of(logits, head.sentences.outputs, settings, head.pitch_probability(texts))


def reading_of(
    logits: Floats,
    outputs: Sequence[str],
    settings: Mapping[str, Any],
    pitch_probability: float,
) -> Reading:
    """Return what log odds, float (sentences, outputs), say by the thresholds of the settings."""
    probabilities = by_output(logits, outputs)
    shown = {item: shown_of(item, probabilities, settings) for item in FACTS}
    described = any("what" in one.facts for one in shown["problem_clarity"])
    levels = {
        item: level_of(item, [one.facts for one in shown[item]], described=described)
        for item in FACTS
    }
    return Reading(shown, levels, pitch_probability)


def carrier(shown: Sequence[Shown]) -> Shown:
    """Return the sentence that carries the level of an item: the surest; of equals, most facts."""
    return max(shown, key=lambda one: (one.probability + 0.03 * len(one.facts), -one.sentence))


def by_output(logits: Floats, outputs: Sequence[str]) -> dict[str, Floats]:
    """Return the probabilities of all sentences, by output."""
    return dict(zip(outputs, probability(logits).T, strict=True))


def shown_of(
    item: str, probabilities: Mapping[str, Floats], settings: Mapping[str, Mapping[str, float]]
) -> list[Shown]:
    """Return the sentences that show an item, by the thresholds of the settings."""
    sure = probabilities[item]
    facts = {fact: probabilities[f"{item}.{fact}"] for fact in FACTS[item]}
    shown = []
    for at in np.flatnonzero(sure >= settings["items"][item]):
        stated = {name for name, of in facts.items() if of[at] >= settings["facts"][item]}
        likeliest = max(facts, key=lambda name: facts[name][at])
        shown.append(Shown(int(at), frozenset(stated or {likeliest}), float(sure[at])))
    return shown
