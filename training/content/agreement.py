"""How well two labellings agree: python training/content/agreement.py."""

from pathlib import Path

import numpy as np
from corpus import SECOND, read_texts
from metrics import LEVELS, levels_of
from sklearn.metrics import cohen_kappa_score

from pitchquest_assets.analysis.content.facts import FACTS


def main(path: Path = SECOND) -> None:
    """Print Cohen's kappa of lines by item, and of the levels of pitches."""
    first = {text.id: text for text in read_texts()}
    pairs = [(first[text.id], text) for text in read_texts([path])]
    # A line that was mended after the second labelling is left out.
    lines = [
        (a, b)
        for one, other in pairs
        for a, b in zip(one.lines, other.lines, strict=False)
        if a.text == b.text
    ]
    print(f"{len(pairs)} texts, {len(lines)} lines, Cohen's kappa of what a line shows:")
    for item in FACTS:
        shows = [[item in line.facts for line in side] for side in zip(*lines, strict=True)]
        print(f"  {item}: {cohen_kappa_score(*shows):.2f}")
    pitches = [(a, b) for a, b in pairs if a.kind == "pitch"]
    levels = [
        [levels_of(text.lines)[item] for text in side for item in FACTS]
        for side in zip(*pitches, strict=True)
    ]
    for weights in ("linear", "quadratic"):
        kappa = cohen_kappa_score(*levels, labels=LEVELS, weights=weights)
        print(f"levels of {len(pitches)} pitches, {weights} kappa: {kappa:.2f}")
    there = np.array(levels) > 0
    both = (there[0] & there[1]).sum()
    print(f"of the first's items the second has {both / there[0].sum():.2f},", end=" ")
    print(f"of the second's the first {both / there[1].sum():.2f}")
    clarity = np.array([[text.clarity for text in pair] for pair in pitches]).T
    print(
        f"clarity: means {clarity.mean(1).round(2).tolist()}, "
        f"correlation {np.corrcoef(clarity)[0, 1]:.2f}, "
        f"mean difference {np.abs(clarity[0] - clarity[1]).mean():.2f}, "
        f"linear kappa {cohen_kappa_score(*clarity, labels=LEVELS, weights='linear'):.2f}"
    )


if __name__ == "__main__":
    main()
