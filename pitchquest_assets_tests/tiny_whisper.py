"""A Whisper with tiny random weights in CTranslate2's own format: nonsense by the real code."""

import json
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEADS, LAYERS, FEED_FORWARD, MELS, FRAMES, POSITIONS = 16, 2, 1, 32, 80, 1500, 448
SPECIAL = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nocaptions|>",
    "<|notimestamps|>",
]
TIMESTAMPS = 1501


def write_tiny_whisper(folder: Path, seed: int = 0) -> Path:
    """A folder with model.bin, config.json, vocabulary.json and tokenizer.json."""
    from ctranslate2.specs import whisper_spec
    from ctranslate2.specs.model_spec import OPTIONAL, visit_spec

    letters = _byte_level_letters()
    vocabulary = [*letters, *SPECIAL, *(f"<|{0.02 * i:.2f}|>" for i in range(TIMESTAMPS))]
    random = np.random.default_rng(seed)
    shapes = _shapes(len(vocabulary))

    def fill(layer: Any, name: str, value: Any) -> None:
        leaf = name.split("/")[-1]
        shape = next((s for end, s in shapes.items() if name.endswith(end)), None)
        is_open = value is None or (isinstance(value, str) and value == OPTIONAL)
        if is_open and shape:
            values = np.ones(shape) if leaf == "gamma" else random.normal(0, 0.3, shape)
            setattr(layer, leaf, values.astype(np.float32))

    spec = whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    visit_spec(spec, fill)
    spec.register_vocabulary(vocabulary)
    spec.config.alignment_heads = [[0, 0], [0, 1]]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = []
    spec.validate()
    spec.optimize(quantization=None)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder, letters)
    return folder


def _shapes(tokens: int) -> dict[str, tuple[int, ...]]:
    """Shapes by the end of a variable's name; the first that fits counts."""
    return {
        "conv1/weight": (WIDTH, MELS, 3),
        "conv1/bias": (WIDTH,),
        "conv2/weight": (WIDTH, WIDTH, 3),
        "conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (FRAMES, WIDTH),
        "decoder/position_encodings/encodings": (POSITIONS, WIDTH),
        "embeddings/weight": (tokens, WIDTH),
        "projection/weight": (tokens, WIDTH),
        "self_attention/linear_0/weight": (3 * WIDTH, WIDTH),
        "self_attention/linear_0/bias": (3 * WIDTH,),
        "attention/linear_0/weight": (WIDTH, WIDTH),
        "attention/linear_0/bias": (WIDTH,),
        "self_attention/linear_1/weight": (WIDTH, WIDTH),
        "self_attention/linear_1/bias": (WIDTH,),
        "attention/linear_1/weight": (2 * WIDTH, WIDTH),
        "attention/linear_1/bias": (2 * WIDTH,),
        "attention/linear_2/weight": (WIDTH, WIDTH),
        "attention/linear_2/bias": (WIDTH,),
        "ffn/linear_0/weight": (FEED_FORWARD, WIDTH),
        "ffn/linear_0/bias": (FEED_FORWARD,),
        "ffn/linear_1/weight": (WIDTH, FEED_FORWARD),
        "ffn/linear_1/bias": (WIDTH,),
        "gamma": (WIDTH,),
        "beta": (WIDTH,),
    }


def _byte_level_letters() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _write_tokenizer(folder: Path, letters: list[str]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str())))
