"""How the local judge takes pitches that are shuffled, doubled or joined to another.

python training/content/structure.py
"""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from corpus import read_texts

from pitchquest_assets.analysis.content.reading import read, settings_of
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.content.sentences import Sentence
from pitchquest_assets.analysis.content.structure import clarity_of, second_start

SECONDS_A_WORD = 60 / 135


def spoken(lines: Sequence[str]) -> list[Sentence]:
    """Return the lines as sentences, spoken at 135 words a minute."""
    sentences, clock = [], 0.0
    for line in lines:
        count = len(line.split())
        end = clock + count * SECONDS_A_WORD
        sentences.append(
            Sentence(text=line, start_seconds=clock, end_seconds=end, word_count=count)
        )
        clock = end
    return sentences


def main() -> None:
    """Print the mean clarity of each kind, how often a second start is seen, and the signs."""
    chance, weights = random.Random(1), settings_of(False)["clarity"]
    pitches = [[line.text for line in text.lines] for text in read_texts() if text.kind == "pitch"]
    kinds = {
        "as they are": pitches,
        "shuffled": [chance.sample(lines, len(lines)) for lines in pitches],
        "said twice": [lines * 2 for lines in pitches],
        "two joined": [one + other for one, other in pairwise(pitches)],
    }
    for name, texts in kinds.items():
        clarity, seen, signs = [], [], Counter[str]()
        for lines in texts:
            reading, heard = read(lines), spoken(lines)
            judged = clarity_of(load_rubric().clarity, reading, heard, weights)
            clarity.append(judged.score)
            signs.update(judged.found)
            seen.append(second_start(reading, heard) is not None)
        print(f"{name}: clarity {np.mean(clarity):.2f}, second start in {np.mean(seen):.1%}")
        print("  signs found in:", {sign: f"{n / len(texts):.0%}" for sign, n in signs.items()})


if __name__ == "__main__":
    main()
