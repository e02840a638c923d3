"""Which texts of different batches share wording: python training/content/overlap.py."""

import sys
from collections import defaultdict

from corpus import Text, read_texts

from pitchquest_assets.analysis.content.features import tokens_of

WORDS = 5
# Texts that share more of their runs than this must not stand on both sides of a split.
MOST_SHARED = 0.3


def runs_of(text: Text) -> set[tuple[str, ...]]:
    """Return all runs of five words of a text."""
    words = [token for line in text.lines for token in tokens_of(line.text)]
    return set(zip(*(words[at:] for at in range(WORDS)), strict=False))


def main() -> None:
    """Print the two texts that share most; exit 1 if that is too much."""
    texts = read_texts()
    runs = {text.id: runs_of(text) for text in texts}
    batches = {text.id: text.batch for text in texts}
    holders = defaultdict(list)
    for name, some in runs.items():
        for run in some:
            holders[run].append(name)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for names in holders.values():
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                if batches[one] != batches[other]:
                    shared[one, other] += 1
    shares = {
        pair: count / max(1, min(len(runs[name]) for name in pair))
        for pair, count in shared.items()
    }
    pair, most = max(shares.items(), key=lambda one: one[1])
    print(f"{len(texts)} texts; {pair[0]} and {pair[1]} share most: {most:.0%} of their runs")
    if most > MOST_SHARED:
        sys.exit(f"more than {MOST_SHARED:.0%} is shared")


if __name__ == "__main__":
    main()
