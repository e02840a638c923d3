"""Reads a text sentence by sentence: which items each shows, which facts it states."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from pitchquest_assets.analysis.content.facts import FACTS, level_of
from pitchquest_assets.analysis.content.head import Floats, States, load_head, probability

# Whether a sentence is one of a text in the form of a pitch, and one of nonsense.
OF_TEXTS = ("text.pitch", "text.nonsense")
# Nonsense that shows less gets low scores by itself, as a vague pitch does, which sounds alike.
LEAST_SHOWN_OF_NONSENSE = 4.0


class Shown(NamedTuple):
    """A sentence that shows an item: its index, the facts that it states, and how much it carries.

    `carries` is the sum of the probabilities of the item and of each of its facts.
    """

    sentence: int
    facts: frozenset[str]
    carries: float


class Reading(NamedTuple):
    """What a text shows, by item, and the probability that it is a pitch.

    `is_pitch` is False if it surely is none, None if nobody can be sure; `nonsense` says whether
    its sentences sound like nonsense in the form of a pitch, which is one reason for either.
    """

    shown: Mapping[str, list[Shown]]
    levels: Mapping[str, int]
    pitch_probability: float
    is_pitch: bool | None
    nonsense: bool = False


def read(texts: Sequence[str], states: Sequence[States] | None = None) -> Reading:
    """Read the sentences of a text, in order.

    Args:
        states: of the tokens of each sentence, float32 (tokens, size); None reads by words alone.
    """
    head = load_head()
    logits, settings = head.logits(texts, states), settings_of(states is not None)
    return reading_of(logits, head.sentences.outputs, settings, head.gate_logit(texts))


def settings_of(with_meaning: bool) -> Mapping[str, Any]:
    """Return the thresholds and weights that were chosen for words and meaning, or words alone."""
    return cast(Mapping[str, Any], load_head().settings["meaning" if with_meaning else "words"])


def reading_of(
    logits: Floats,
    outputs: Sequence[str],
    settings: Mapping[str, Any],
    gate_logit: float,
) -> Reading:
    """Return what log odds, float (sentences, outputs), say by the thresholds of the settings."""
    logits = calibrated(logits, settings)
    probabilities = by_output(logits, outputs)
    shown = {item: shown_of(item, probabilities, settings) for item in FACTS}
    described = any("what" in one.facts for one in shown["problem_clarity"])
    levels = {
        item: level_of(item, [one.facts for one in shown[item]], described=described)
        for item in FACTS
    }
    features, gate = gate_features(logits, outputs, gate_logit), settings["gate"]
    likely, nonsense = pitch_probability(features, gate), nonsense_logit(logits, outputs)
    shown_at_all = features[1]
    # A lower bar would doubt polished pitches, our own sample among them.
    surely = nonsense > gate["surely_nonsense"]
    absurd = surely and shown_at_all >= LEAST_SHOWN_OF_NONSENSE
    doubtful = surely or likely < gate["sure"]
    is_pitch = False if absurd or likely < gate["no_pitch"] else (None if doubtful else True)
    return Reading(shown, levels, likely, is_pitch, nonsense > gate["nonsense"])


def calibrated(logits: Floats, settings: Mapping[str, Any]) -> Floats:
    """Return the log odds that were as often right as they say on held-out pitches.

    A logistic regression of what is true on each output's log odds gave the slopes and shifts
    (Platt, "Probabilistic outputs for support vector machines", 1999).
    """
    slopes, shifts = np.array(settings["slopes"]), np.array(settings["shifts"])
    return cast(Floats, logits * slopes + shifts)


def gate_features(logits: Floats, outputs: Sequence[str], gate_logit: float) -> list[float]:
    """Return what tells a pitch: how the text sounds, how much it shows, how its lines sound.

    The second is the sum over the items of the highest probability that a sentence shows it; the
    third is the mean log odds of the sentences to be those of a pitch.
    """
    items = [outputs.index(item) for item in FACTS]
    shown = probability(logits[:, items]).max(axis=0, initial=0.0).sum()
    return [gate_logit, float(shown), _mean_logit(logits, outputs, "text.pitch")]


def nonsense_logit(logits: Floats, outputs: Sequence[str]) -> float:
    """Return the mean log odds of the sentences to be those of nonsense."""
    return _mean_logit(logits, outputs, "text.nonsense")


def _mean_logit(logits: Floats, outputs: Sequence[str], name: str) -> float:
    return float(logits[:, outputs.index(name)].mean()) if len(logits) else 0.0


def pitch_probability(features: Sequence[float], gate: Mapping[str, Any]) -> float:
    """Return how likely a text is a pitch, or a part of one."""
    return 1 / (1 + math.exp(-gate["bias"] - float(np.dot(gate["weights"], features))))


def carrier(shown: Sequence[Shown]) -> Shown:
    """Return the sentence that carries most of an item, the first of equal ones.

    The sentence that shows the item most surely is more often only its first mention.
    """
    return max(shown, key=lambda one: (one.carries, -one.sentence))


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
        carries = sure[at] + sum(of[at] for of in facts.values())
        shown.append(Shown(int(at), frozenset(stated or {likeliest}), float(carries)))
    return shown
