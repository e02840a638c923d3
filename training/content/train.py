"""Trains the head of the local judge, and measures it on what was held out: `make train`."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
from corpus import Line, Text, mistake_in, read_texts
from network import fit_tokens
from tuning import OUTPUTS, PARTS, measure, shows, tune

from pitchquest_assets.analysis.content.boundaries import cut, gap_features
from pitchquest_assets.analysis.content.features import features_of, text_features
from pitchquest_assets.analysis.content.head import (
    FILE,
    Head,
    LinearModel,
    States,
    save_head,
    unit_means,
    with_neighbours,
)
from pitchquest_assets.engines.judges.sentence_vectors import SentenceEncoder, fetch_encoder
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.settings import Settings

ROOT = Path(__file__).parents[2]
HEAD = ROOT / "pitchquest_assets" / "analysis" / "content" / FILE
MEASURED = Path(__file__).parent / "measured.json"

MAX_FEATURES = {"sentences": 26_000, "gaps": 6_000, "gate": 12_000}
# Each line is read twice, with its punctuation and without.
MIN_ROWS_OF_FEATURE = 8
SENTENCE_C, GAP_C, GATE_C = 10.0, 1.0, 30.0
# How exact the coefficients are: roughly where they only choose features.
ROUGH, EXACT = 0.1, 1e-4
FOLDS = 3
PART_LINES = 6
# A cut piece shows what a line shows if it holds at least half of the line, or is mostly the line.
SHARE_OF_LINE, SHARE_OF_PIECE = 0.5, 0.6


def fit_gaps(texts: Sequence[Text]) -> LinearModel:
    """Train where thoughts end: at the ends of lines, and at full stops within them."""
    rows, ends = [], []
    for text in texts:
        words, boundaries = bare_words(text.lines)
        rows += gap_features(words)
        ends += [[at in boundaries] for at in range(1, len(words))]
    return fit_linear(rows, np.array(ends), ("end",), "gaps", GAP_C)


def bare_words(lines: Iterable[Line]) -> tuple[list[str], set[int]]:
    """Return all words without punctuation, and the indices before which a thought ends."""
    words: list[str] = []
    boundaries: set[int] = set()
    for line in lines:
        for part in re.split(r"(?<=[.!?])\s+", line.text):
            boundaries.add(len(words))
            words += bare(part)
    return words, boundaries


def bare(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return re.sub(r"[^\w\s'$€£₹%]", " ", text.lower().replace("’", "'")).split()


def labels_of(line: Line, kind: str) -> list[bool]:
    """Return the wanted outputs of a line in a text of a kind, in the order of OUTPUTS."""
    of_text = {"text.pitch": kind != "nonpitch", "text.nonsense": kind == "nonsense"}
    return [of_text[name] if name in of_text else shows(line, name) for name in OUTPUTS]


def without_punctuation(lines: Sequence[Line], gaps: LinearModel) -> list[Line]:
    """Return the text as it is cut where there is no punctuation, its labels carried over."""
    words = [(word, at) for at, line in enumerate(lines) for word in bare(line.text)]
    sizes = Counter(at for _, at in words)
    pieces = []
    for first, end in cut([word for word, _ in words], [0.0] * (len(words) - 1), gaps):
        held = Counter(at for _, at in words[first:end])
        piece = Line(" ".join(word for word, _ in words[first:end]))
        for at, count in held.items():
            if count >= SHARE_OF_LINE * sizes[at] or count >= SHARE_OF_PIECE * (end - first):
                for item, facts in lines[at].facts.items():
                    piece.facts.setdefault(item, set()).update(facts)
        pieces.append(piece)
    return pieces


def fit_linear(
    rows: Sequence[set[str]], labels: np.ndarray, outputs: Sequence[str], name: str, strength: float
) -> LinearModel:
    """Fit a logistic regression for each output, on the features that carry most weight."""
    counts = Counter(feature for row in rows for feature in row)
    features = sorted(f for f, count in counts.items() if count >= MIN_ROWS_OF_FEATURE)
    kept = MAX_FEATURES[name]
    if len(features) > kept:
        _, weights, _ = _solve(rows, labels, features, counts, strength, ROUGH)
        matter = np.abs(weights).max(axis=1) * np.sqrt([counts[f] for f in features])
        features = sorted(features[at] for at in np.argsort(-matter, kind="stable")[:kept])
    inverse, weights, biases = _solve(rows, labels, features, counts, strength, EXACT)
    scales = np.abs(weights).max(axis=0) / 127
    return LinearModel(
        {feature: at for at, feature in enumerate(features)},
        inverse.astype(np.float16).astype(float),
        np.rint(weights / scales).astype(np.int8),
        scales.astype(np.float32).astype(float),
        biases.astype(np.float32).astype(float),
        tuple(outputs),
    )


def _solve(
    rows: Sequence[set[str]],
    labels: np.ndarray,
    features: Sequence[str],
    counts: Counter[str],
    strength: float,
    tolerance: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The features' own weights (rare ones weigh more), the coefficients and the biases."""
    inverse = np.log((1 + len(rows)) / (1 + np.array([counts[f] for f in features]))) + 1
    matrix = design(rows, {feature: at for at, feature in enumerate(features)}, inverse)
    columns, biases = [], []
    for output in labels.T:
        model = LogisticRegression(C=strength, tol=tolerance, solver="liblinear")
        solved = model.fit(matrix, output)
        columns.append(solved.coef_[0])
        biases.append(solved.intercept_[0])
    return inverse, np.stack(columns, axis=1), np.array(biases)


def design(rows: Sequence[set[str]], index: dict[str, int], inverse: np.ndarray) -> Any:
    """Return the sparse matrix of the rows, each of unit length."""
    known = [sorted(index[f] for f in row if f in index) for row in rows]
    ends = np.cumsum([0, *map(len, known)])
    columns = np.concatenate([np.array(one, int) for one in known])
    values = inverse[columns]
    lengths = np.sqrt(
        np.add.reduceat(np.append(values**2, 0.0), np.minimum(ends[:-1], len(values)))
    )
    lengths[np.diff(ends) == 0] = 1.0
    values = values / np.repeat(lengths, np.diff(ends))
    return csr_matrix((values, columns, ends), shape=(len(rows), len(index)))


class Encoded:
    """The token states of sentences, each computed once, kept in half of the precision."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Any] = {}

    def of(self, sentences: Sequence[str]) -> list[States]:
        """Return the states of the sentences, float16 (tokens, size) each."""
        for sentence in sentences:
            if sentence not in self._known:
                self._known[sentence] = self._encoder.states([sentence])[0].astype(np.float16)
        return [self._known[sentence] for sentence in sentences]


class Held(NamedTuple):
    """A text that was not trained on: its lines, and their log odds by words and by both."""

    text: Text
    lines: list[Line]
    words: np.ndarray
    meaning: np.ndarray
    gate: float


def fit_head(texts: Sequence[Text], encoded: Encoded) -> Head:
    """Train on the texts; the settings are left empty."""
    gaps = fit_gaps(texts)
    read = [(text, lines) for text in texts for lines in versions(text, gaps)]
    said = [[line.text for line in lines] for _, lines in read]
    wanted = np.array([labels_of(line, text.kind) for text, lines in read for line in lines])
    rows = [row for sentences in said for row in features_of(sentences)]
    by_words = fit_linear(rows, wanted, OUTPUTS, "sentences", SENTENCE_C)
    gate = fit_gate(texts, gaps)
    states = [encoded.of(sentences) for sentences in said]
    meaning = np.concatenate([with_neighbours(unit_means(some)) for some in states])
    by_meaning = fit_tokens([one for some in states for one in some], meaning, wanted)
    return Head(by_words, by_meaning, gaps, gate, {})


def fit_gate(texts: Sequence[Text], gaps: LinearModel) -> LinearModel:
    """Train what tells pitches and parts of them from other texts.

    Nonsense in the sentences of a pitch is left out: from it, the gate would learn to refuse those.
    """
    rows, is_pitch = [], []
    for text in (text for text in texts if text.kind != "nonsense"):
        for lines in versions(text, gaps):
            for part in (lines, *parts_of(lines)):
                rows.append(text_features([line.text for line in part]))
                is_pitch.append([text.kind in PARTS])
    return fit_linear(rows, np.array(is_pitch), ("pitch",), "gate", GATE_C)


def parts_of(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Return runs of a few lines, so that short texts are judged as well as long ones."""
    return [
        lines[at : at + PART_LINES] for at in range(0, len(lines) - PART_LINES, PART_LINES // 2)
    ]


def versions(text: Text, gaps: LinearModel) -> list[list[Line]]:
    """Return the lines as they are, and as they are cut where there is no punctuation."""
    return [text.lines, without_punctuation(text.lines, gaps)]


def read_fold(fold: int, texts: Sequence[Text], encoded: Encoded) -> list[Held]:
    """Return how a fold of batches is read by a head that was trained on the other folds."""
    batches = sorted({text.batch for text in texts})
    fold_of = {batch: at % FOLDS for at, batch in enumerate(batches)}
    head = fit_head([t for t in texts if fold_of[t.batch] != fold], encoded)
    held = [
        _held(text, lines, head, encoded)
        for text in texts
        if fold_of[text.batch] == fold
        for lines in versions(text, head.gaps)
    ]
    print(f"fold {fold + 1} of {FOLDS} is trained", flush=True)
    return held


def _held(text: Text, lines: list[Line], head: Head, encoded: Encoded) -> Held:
    said = [line.text for line in lines]
    states = encoded.of(said)
    return Held(
        text,
        lines,
        head.logits(said),
        head.logits(said, states),
        head.gate_logit(said),
    )


def main() -> None:
    """Train, measure on what was held out, and write head.npz and measured.json."""
    encoder = fetch_encoder(Settings(), log_progress(print))
    if encoder is None:
        sys.exit("Training needs the weights of minilm: run `pitchquest models pull minilm`.")
    encoded, texts = Encoded(encoder), read_texts()
    if mistake := mistake_in(texts):
        sys.exit(mistake)
    # The same bytes, however many threads there are.
    torch.set_num_threads(1)
    with threadpool_limits(1):
        folds = [read_fold(fold, texts, encoded) for fold in range(FOLDS)]
        write(folds, fit_head(texts, encoded))


def write(folds: Sequence[Sequence[Held]], head: Head) -> None:
    """Choose the settings on what was held out, measure, and write both files."""
    report = measure(folds)
    everything = [held for fold in folds for held in fold]
    settings = {mode: tune(everything, mode) for mode in ("words", "meaning")}
    save_head(head._replace(settings=settings), HEAD)
    MEASURED.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
