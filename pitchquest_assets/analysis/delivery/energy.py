"""Vocal energy: the arousal in a voice, turn by turn, as a model hears it (Wagner et al. 2023).

It is shown, never scored: the model was trained on turns of 3 to 11 s from English podcasts, and
its figures can only compare a speaker with himself or herself.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pitchquest_assets.analysis.curves import known
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Measurement, Series

MIN_TURN_SECONDS = 3.0
MAX_TURN_SECONDS = 11.0
MIN_TURNS_FOR_SPREAD = 2
MIN_TURNS_FOR_TREND = 3
UNIT = "0–1"
REFERENCE = "compare with yourself only"


@dataclass(frozen=True)
class Turn:
    """A stretch of speech and its arousal, 0 (calm) to 1 (excited)."""

    start_seconds: float
    end_seconds: float
    arousal: float


@dataclass(frozen=True)
class VocalEnergy:
    """The arousal in each turn and the model's name, or the reason why there is none."""

    turns: Sequence[Turn] = ()
    model: str | None = None
    reason: str | None = None
    warnings: Sequence[str] = ()


OFF = VocalEnergy(reason="vocal energy is switched off (PITCHQUEST_EMOTION)")


def speaking_turns(spans: Iterable[Span]) -> list[Span]:
    """Turn spans of speech into turns of 3 to 11 s, as (start, end) seconds.

    Short spans are joined to a neighbour, long ones are cut evenly. Spans that stay too short,
    because their neighbours are far away, are left out.
    """
    turns: list[Span] = []
    for start, end in spans:
        pieces = max(1, math.ceil((end - start) / MAX_TURN_SECONDS))
        bounds = np.linspace(start, end, pieces + 1).tolist()
        for piece in pairwise(bounds):
            if turns and _belong_together(turns[-1], piece):
                turns[-1] = (turns[-1][0], piece[1])
            else:
                turns.append(piece)
    return [turn for turn in turns if _seconds(turn) >= MIN_TURN_SECONDS]


def _belong_together(before: Span, after: Span) -> bool:
    is_short = min(_seconds(before), _seconds(after)) < MIN_TURN_SECONDS
    return is_short and after[1] - before[0] <= MAX_TURN_SECONDS


def _seconds(span: Span) -> float:
    return span[1] - span[0]


def measure_energy(energy: VocalEnergy, no_voice: str | None) -> dict[str, Measurement]:
    """Measure mean, spread (0–1) and trend (per minute) over the turns, weighted by their length.

    All three are null with the reason if there is no voice or no energy, spread and trend also if
    there are too few turns.
    """
    turns = energy.turns
    reason = no_voice or energy.reason
    weights = np.array([turn.end_seconds - turn.start_seconds for turn in turns])
    arousal = np.array([turn.arousal for turn in turns])
    mean = float(np.average(arousal, weights=weights)) if turns else None
    return {
        "vocal_energy": known(mean, UNIT, reason, REFERENCE),
        "vocal_energy_sd": known(
            _spread(arousal, weights),
            UNIT,
            reason or _too_few(turns, MIN_TURNS_FOR_SPREAD),
            REFERENCE,
        ),
        "vocal_energy_trend": known(
            _slope_per_minute(turns, arousal, weights),
            "per minute",
            reason or _too_few(turns, MIN_TURNS_FOR_TREND),
        ),
    }


def energy_series(energy: VocalEnergy) -> Series | None:
    """Return the arousal of each turn at its middle; None without turns."""
    if not energy.turns:
        return None
    return Series(
        unit=UNIT,
        times_seconds=[round(_middle(turn), 2) for turn in energy.turns],
        values=[round(turn.arousal, 3) for turn in energy.turns],
    )


def _too_few(turns: Sequence[Turn], needed: int) -> str | None:
    if len(turns) >= needed:
        return None
    return f"only {len(turns)} turns of {MIN_TURN_SECONDS:.0f} s or more, {needed} needed"


def _spread(arousal: np.ndarray, weights: np.ndarray) -> float | None:
    if len(arousal) < MIN_TURNS_FOR_SPREAD:
        return None
    mean = np.average(arousal, weights=weights)
    return float(np.sqrt(np.average((arousal - mean) ** 2, weights=weights)))


def _slope_per_minute(
    turns: Sequence[Turn], arousal: np.ndarray, weights: np.ndarray
) -> float | None:
    """The slope of the regression line through the turns (weighted least squares)."""
    if len(turns) < MIN_TURNS_FOR_TREND:
        return None
    minutes = np.array([_middle(turn) for turn in turns]) / 60
    minutes -= np.average(minutes, weights=weights)
    covariance = np.average(minutes * arousal, weights=weights)
    return float(covariance / np.average(minutes**2, weights=weights))


def _middle(turn: Turn) -> float:
    return (turn.start_seconds + turn.end_seconds) / 2
