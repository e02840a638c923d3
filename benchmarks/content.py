"""Compares a judge of the content with labels: python benchmarks/content.py --against labels.json.

The labels are a JSON object: text name → {"kind": "pitch" or anything else, "items": {item:
{"level": 0–5, "quotes": [...]}}}; clarity, which has no quotes, may be one of them. NAME.txt lies
beside them. The judge is that of the settings (PITCHQUEST_JUDGE).
"""

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.features import tokens_of
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.cli.judge import words_of
from pitchquest_assets.engines.judges.content import judge_content
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.model import ContentAnalysis, Transcript
from pitchquest_assets.settings import Settings

# A quote is right where it shares this much of its runs of three words with a labelled one.
MIN_SHARED = 0.4


def judged(text: str, caller: Caller) -> ContentAnalysis:
    """Return the judgement of a text, spoken at 135 words a minute."""
    words = words_of(text)
    transcript = Transcript(text=text, words=words, language="en", engine="captions", trusted=True)
    return judge_content(transcript, load_rubric(), caller)


def is_quoted(item: Any, quotes: Sequence[str]) -> bool:
    """Whether the first quote of an item is, in good part, one that a person marked."""
    given = _runs(item.evidence[0].quote or "")
    return any(
        len(given & _runs(quote)) >= MIN_SHARED * max(1, min(len(given), len(_runs(quote))))
        for quote in quotes
    )


def _runs(text: str) -> set[tuple[str, ...]]:
    words = tokens_of(text)
    return set(zip(words, words[1:], words[2:], strict=False))


def without_punctuation(text: str) -> str:
    """Return the text as captions have it: lower case, no punctuation."""
    return re.sub(r"[^\w\s'$€£₹%]", " ", text.lower().replace("’", "'"))


def compare(folder: Path, labels: dict[str, Any], caller: Caller, bare: bool) -> dict[str, Any]:
    """Return the figures of one judge on the labelled texts."""
    pairs: list[tuple[int, int]] = []
    totals: list[tuple[int, int]] = []
    quotes, others, clear = [], [], []
    by_item: dict[str, list[tuple[int, int]]] = {item: [] for item in FACTS}
    started = time.process_time()
    for name, label in labels.items():
        text = (folder / f"{name}.txt").read_text("utf-8")
        items = {
            one.name: one
            for one in judged(without_punctuation(text) if bare else text, caller).items
        }
        levels = {item: items[item].score or 0 for item in FACTS}
        if label["kind"] != "pitch":
            others.append(any(levels.values()))
            continue
        for item in FACTS:
            wanted = label["items"][item]
            by_item[item].append((wanted["level"], levels[item]))
            if wanted["level"] and levels[item]:
                quotes.append(is_quoted(items[item], wanted["quotes"]))
        if clarity := label["items"].get("clarity"):
            clear.append((clarity["level"], items["clarity"].score or 0))
        pairs += [by_item[item][-1] for item in FACTS]
        totals.append((sum(w for w, _ in pairs[-9:]), sum(g for _, g in pairs[-9:])))
    seconds = time.process_time() - started
    wanted_levels, given_levels = zip(*pairs, strict=True)
    return {
        **_presence(pairs),
        "quotes": float(np.mean(quotes)),
        **{
            f"kappa_{weights}": float(
                cohen_kappa_score(wanted_levels, given_levels, labels=range(6), weights=weights)
            )
            for weights in ("linear", "quadratic")
        },
        "spearman": float(spearmanr(*zip(*totals, strict=True))[0]),
        **_clarity(clear),
        "others with an item": f"{sum(others)} of {len(others)}",
        "cpu_seconds_a_text": seconds / len(labels),
        "recall by item": {item: _presence(some)["recall"] for item, some in by_item.items()},
    }


def _clarity(pairs: Sequence[tuple[int, int]]) -> dict[str, float]:
    """The figures of clarity, where it is labelled."""
    if not pairs:
        return {}
    labels, given = np.array(pairs).T
    return {
        "clarity correlation": float(np.corrcoef(labels, given)[0, 1]),
        "clarity mean error": float(np.abs(labels - given).mean()),
    }


def _presence(pairs: Sequence[tuple[int, int]]) -> dict[str, float]:
    both = sum(w > 0 and g > 0 for w, g in pairs)
    return {
        "recall": both / max(1, sum(w > 0 for w, _ in pairs)),
        "precision": both / max(1, sum(g > 0 for _, g in pairs)),
    }


def main() -> None:
    """Print the figures, with the punctuation of the texts and without."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, required=True, metavar="LABELS.json")
    path = parser.parse_args().against
    labels = json.loads(path.read_text("utf-8"))
    caller = Caller(Settings(), announce=print)
    for bare in (False, True):
        figures = compare(path.parent, labels, caller, bare)
        print("without punctuation" if bare else "as written")
        print(json.dumps(figures, indent=1, default=float))


if __name__ == "__main__":
    main()
