"""Sentence vectors by all-MiniLM-L6-v2: sentences of similar meaning get vectors that are close.

The weights are int8, run by onnxruntime on one CPU thread; `wordpieces.txt` is the vocabulary of
BERT uncased (Google, Apache-2.0), with which the model was trained.
"""

import ctypes
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from pitchquest_assets.analysis.content.head import States
from pitchquest_assets.engines.weights.fetch import fetch
from pitchquest_assets.engines.weights.pinned import MINILM
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.settings import Settings

# The model knows 512; what follows in a longer sentence hardly changes its mean.
MAX_TOKENS = 128


class SentenceEncoder:
    """The model, loaded once."""

    def __init__(self, path: Path) -> None:
        """Load the weights, about 100 MB of memory."""
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer

        with resources.as_file(resources.files(__package__) / "wordpieces.txt") as words:
            self._tokenizer: Any = BertWordPieceTokenizer(str(words), lowercase=True)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        # The same sentence must give the same vector, however many cores there are.
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        _give_memory_back()

    def states(self, sentences: Sequence[str]) -> list[States]:
        """Return the model's output for the tokens of each sentence, float32 (tokens, 384)."""
        return [self._states(sentence) for sentence in sentences]

    def _states(self, sentence: str) -> States:
        ids = np.array([self._tokenizer.encode(sentence).ids], np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {one.name for one in self._session.get_inputs()}
        states: States = self._session.run(None, {k: v for k, v in inputs.items() if k in wanted})[
            0
        ][0]
        return states


def fetch_encoder(settings: Settings, progress: Progress) -> SentenceEncoder | None:
    """Return the encoder, its weights fetched if needed; None if they are not available."""
    path = fetch(MINILM.name, settings, progress)
    return SentenceEncoder(path) if path else None


def _give_memory_back() -> None:
    """Return what loading used and freed, about 60 MB, which glibc would keep."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
