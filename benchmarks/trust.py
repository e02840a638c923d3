"""How wrong transcripts are at which certainty, and what follows for trusting them.

    python benchmarks/trust.py [--models FOLDER] [--engines …] [--more FOLDER] [--cache FILE]

Recognises recordings whose words are known, as they are and spoilt in many ways, and compares the
word error rate with what the engine says of its own certainty. The curves are fitted to every other
recording of each kind (by name, with all that was made of it), where the limits for content, pace
and fillers were chosen, too. Everything else is measured on the others.

Recognitions are kept in the cache, so that fitting again takes seconds; --cached recognises nothing
that is not there. Without espeak-ng its voices are left out. MORE is a folder of more recordings,
each with its words in a .txt of the same name. The exit code is 1 if the limit for content misses
its bounds on the half held out: trusted means a word error rate of 0.2 or less in 95 % of cases,
untrusted more than 0.2 in 80 %.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.trust_cases import (  # noqa: E402
    Case,
    cases,
    checked_captions,
    recorded_elsewhere,
)
from pitchquest_assets.analysis.word_errors import MAX_EXPECTED_WER  # noqa: E402
from pitchquest_assets.engines.transcription.expected_errors import CURVES, Curve  # noqa: E402
from pitchquest_assets.settings import load_settings  # noqa: E402
from pitchquest_assets_tests.support.places import SHARED  # noqa: E402

ENGINES = ("tiny.en", "base", "pocketsphinx", "captions")
CURVE_OF = {"tiny.en": "whisper", "base": "whisper"}
MAX_WER = 0.2
MIN_RIGHT_OF_TRUSTED, MIN_WRONG_OF_UNTRUSTED = 0.95, 0.8
# A pace that is off by no more is good enough: "optimal" is 135 wpm give or take 18 %.
MAX_OFF_PACE = 0.15
# In shorter sentences, half-wrong captions can pass as right.
MIN_CHECKED_WORDS = 14
LIMITS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=load_settings().models_path)
    parser.add_argument("--engines", nargs="+", default=ENGINES, choices=ENGINES)
    parser.add_argument("--more", type=Path)
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "pitchquest-benchmarks" / "trust"
    )
    parser.add_argument("--cached", action="store_true", help="recognise nothing that is missing")
    options = parser.parse_args()
    found = [*recorded_elsewhere(SHARED / "cases" / "whisper_confidence.csv", options.engines)]
    for engine in options.engines:
        found += cases(
            engine, options.models, options.more, options.cache, recognise=not options.cached
        )
    by_whisper = [engine for engine in options.engines if engine in CURVE_OF]
    checked = [
        case
        for engine in by_whisper
        for case in checked_captions(engine, options.more, options.cache)
    ]
    console = Console(width=110)
    held_out = _held_out(found)
    for curve, of_curve in _by(found, lambda case: CURVE_OF.get(case.engine, case.engine)).items():
        _show_fit(console, curve, [case for case in of_curve if case.source not in held_out])
    tested = [case for case in found if case.source in held_out]
    chosen_on = [case for case in found if case.source not in held_out]
    console.print(_errors_table(tested))
    console.print(_kinds_table(tested))
    console.print(_limits_table(chosen_on, "the half that the limits were chosen on"))
    console.print(_limits_table(tested, "the half held out"))
    kept = _show_verdict(console, tested)
    console.print(_kinds_table(checked))
    _show_verdict(console, checked)
    console.print(f"Of these, where at least {MIN_CHECKED_WORDS} words were said:")
    _show_verdict(console, [case for case in checked if case.said >= MIN_CHECKED_WORDS])
    sys.exit(0 if kept else 1)


def _held_out(found: Iterable[Case]) -> set[str]:
    """Every second recording of each kind, by name."""
    by_kind = _by(found, lambda case: case.kind).values()
    return {source for kind in by_kind for source in sorted({case.source for case in kind})[1::2]}


def _show_fit(console: Console, name: str, chosen: Sequence[Case]) -> None:
    """Print the curve that fits best, and the one that is in the code."""
    wordful = [case for case in chosen if case.words]
    used: Curve = CURVES[name]  # type: ignore[index]

    def misfit(figures: Sequence[float]) -> float:
        curve = Curve(*figures)
        return sum(
            (
                case.wordless_share
                + (1 - case.wordless_share) * curve.at(case.mean_probability)
                - min(1.0, case.wer)
            )
            ** 2
            for case in wordful
        )

    best = minimize(misfit, used, method="Nelder-Mead").x
    figures = ", ".join(f"{figure:.2f}" for figure in best)
    console.print(f"{name}: {figures} fit {len(wordful)} cases best; in the code is {used}")


def _errors_table(tested: Sequence[Case]) -> Table:
    """The measured errors by what was expected, engine by engine."""
    table = Table(
        "engine", "expected", "cases", "WER: median", "90 % at most", "over 0.2", "off pace"
    )
    edges = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.01)
    for engine, of_engine in _by(tested, lambda case: case.engine).items():
        for low, high in pairwise(edges):
            inside = [case for case in of_engine if low <= case.expected_wer < high]
            if inside:
                rates = [case.wer for case in inside]
                table.add_row(
                    engine,
                    f"{low:.2f}–{min(high, 1):.2f}",
                    str(len(inside)),
                    f"{np.median(rates):.2f}",
                    f"{np.quantile(rates, 0.9):.2f}",
                    _share(rate > MAX_WER for rate in rates),
                    _median(case.off_pace for case in inside),
                )
    return table


def _kinds_table(tested: Sequence[Case]) -> Table:
    """The measured and the expected errors by what was done to the sound."""
    table = Table("engine", "sound", "cases", "WER: median", "expected: median", "trusted")
    limit = MAX_EXPECTED_WER["content"]
    for (engine, way), those in _by(tested, lambda case: (case.engine, case.way)).items():
        table.add_row(
            engine,
            way,
            str(len(those)),
            _median(case.wer for case in those),
            _median(case.expected_wer for case in those),
            _share(case.expected_wer <= limit for case in those),
        )
    return table


def _limits_table(tested: Sequence[Case], half: str) -> Table:
    """What would be right at which limit of the expected error rate, for each use."""
    table = Table(
        *("limit", "cases below", "of them WER ≤ 0.2", "above: WER > 0.2"),
        *("below: pace within 15 %", "below: false fillers per 100 words"),
        title=f"Limits of the expected word error rate, on {half}",
    )
    for limit in LIMITS:
        below = [case for case in tested if case.expected_wer <= limit]
        above = [case for case in tested if case.expected_wer > limit]
        paces = [case.off_pace for case in below if case.off_pace is not None]
        words = sum(case.words for case in below)
        table.add_row(
            f"{limit:.2f}",
            str(len(below)),
            _share(case.wer <= MAX_WER for case in below),
            _share(case.wer > MAX_WER for case in above),
            _share(off <= MAX_OFF_PACE for off in paces),
            f"{100 * sum(case.false_fillers for case in below) / max(words, 1):.2f}",
        )
    return table


def _show_verdict(console: Console, tested: Sequence[Case]) -> bool:
    limit, kept = MAX_EXPECTED_WER["content"], True
    groups = {"all": tested, **_by(tested, lambda case: case.engine)}
    groups |= {"real people": [case for case in tested if case.is_person]}
    for name, those in groups.items():
        trusted = [case.wer <= MAX_WER for case in those if case.expected_wer <= limit]
        untrusted = [case.wer > MAX_WER for case in those if case.expected_wer > limit]
        console.print(
            f"{name}: trusted, WER ≤ 0.2: {_share(trusted)} of {len(trusted)}; "
            f"untrusted, WER > 0.2: {_share(untrusted)} of {len(untrusted)}"
        )
        if name == "all":
            kept = bool(
                np.mean(trusted) >= MIN_RIGHT_OF_TRUSTED
                and np.mean(untrusted) >= MIN_WRONG_OF_UNTRUSTED
            )
    return kept


def _by(found: Iterable[Case], key: object) -> dict:
    groups = defaultdict(list)
    for case in found:
        groups[key(case)].append(case)
    return dict(groups)


def _share(facts: Iterator[bool] | Sequence[bool]) -> str:
    facts = list(facts)
    return f"{np.mean(facts):.0%}" if facts else "–"


def _median(figures: Iterable[float | None]) -> str:
    known = [figure for figure in figures if figure is not None]
    return f"{np.median(known):.2f}" if known else "–"


if __name__ == "__main__":
    main()
