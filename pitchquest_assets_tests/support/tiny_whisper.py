"""A Whisper with tiny random weights, from CTranslate2's converter: real code, nonsense words."""

import tempfile
from pathlib import Path
from typing import Any

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


TINY = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "init_std": 0.3,
}


def write_tiny_whisper(folder: Path, *, text_tokens: int = 256, **changed: Any) -> Path:
    """A folder with model.bin, config.json, vocabulary.json and tokenizer.json; English only.

    Args:
        text_tokens: how many; beyond the 256 bytes, they have no meaning.
        changed: another shape, as in TINY.
    """
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import (
        GenerationConfig,
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperForConditionalGeneration,
    )

    tokenizer = _byte_tokenizer(text_tokens)
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size() + TIMESTAMPS,
        **(TINY | changed),
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=1,
    )
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        suppress_tokens=[], begin_suppress_tokens=[], alignment_heads=[[0, 0], [0, 1]]
    )
    with tempfile.TemporaryDirectory() as original:
        model.save_pretrained(original)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(original)
        converter = TransformersConverter(original, copy_files=["tokenizer.json"])
        # As the published conversions are made.
        converter.convert(str(folder), quantization="float16", force=True)
    return folder


def _byte_tokenizer(text_tokens: int) -> Any:
    """Each byte is a token, then those without meaning, then the special ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    letters += [f"unused{i}" for i in range(text_tokens - len(letters))]
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    return tokenizer
