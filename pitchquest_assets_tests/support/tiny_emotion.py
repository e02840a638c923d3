"""The emotion model with tiny random weights in the real format, and a plain reference for it."""

import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import Wav2Vec2Config, Wav2Vec2Model

# The real model's shape, narrower: seven layers of convolution with normalisation over channels,
# and a stable-layer-norm transformer.
TINY = {
    "vocab_size": None,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": [16] * 7,
    "conv_bias": True,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "mask_time_prob": 0.05,
    "id2label": {0: "arousal", 1: "dominance", 2: "valence"},
}


def write_tiny_emotion(folder: Path, **changed: Any) -> Path:
    """A folder with config.json and model.safetensors, named as in the published file."""
    folder.mkdir(parents=True, exist_ok=True)
    config = Wav2Vec2Config(**(TINY | changed))
    config.to_json_file(folder / "config.json")
    torch.manual_seed(0)
    size = config.hidden_size
    tensors = {f"wav2vec2.{k}": v for k, v in Wav2Vec2Model(config).state_dict().items()}
    # Small, so that the three figures are within 0–1 and nothing is clipped.
    for name, outputs, scale in (("dense", size, 1.0), ("out_proj", 3, 0.2)):
        tensors[f"classifier.{name}.weight"] = scale * torch.randn(outputs, size) / size**0.5
        tensors[f"classifier.{name}.bias"] = torch.full((outputs,), 0.5)
    convolution = "wav2vec2.encoder.pos_conv_embed.conv."
    for now, published in (("original0", "weight_g"), ("original1", "weight_v")):
        tensors[convolution + published] = tensors.pop(
            f"{convolution}parametrizations.weight.{now}"
        )
    save_file(
        {name: value.contiguous() for name, value in tensors.items()}, folder / "model.safetensors"
    )
    return folder


def real_weights() -> Path | None:
    """Return the folder of the real model, if PITCHQUEST_TEST_WEIGHTS has it."""
    folder = os.environ.get("PITCHQUEST_TEST_WEIGHTS")
    for name in ("wav2vec2-emotion", "wav2vec2-large-robust-12-ft-emotion-msp-dim"):
        if folder and (Path(folder) / name / "model.safetensors").is_file():
            return Path(folder) / name
    return None


def reference(folder: Path, sound: torch.Tensor) -> torch.Tensor:
    """Arousal, dominance, valence of one sound, (samples,), by plain tensor operations."""
    config = Wav2Vec2Config.from_json_file(folder / "config.json")
    weights = load_file(folder / "model.safetensors")

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return functional.layer_norm(x, weight.shape, weight, bias, 1e-5)

    x = (sound - sound.mean()) / (sound.var(correction=0) + 1e-7).sqrt()
    x = x[None, None]
    for index, stride in enumerate(config.conv_stride):
        name = f"wav2vec2.feature_extractor.conv_layers.{index}"
        x = functional.conv1d(
            x, weights[f"{name}.conv.weight"], weights[f"{name}.conv.bias"], stride
        )
        x = functional.gelu(norm(x.mT, f"{name}.layer_norm").mT)
    x = x[0].T
    x = norm(x, "wav2vec2.feature_projection.layer_norm")
    x = linear(x, "wav2vec2.feature_projection.projection")
    x = x + _positions(x, weights, config)
    heads = config.num_attention_heads
    for index in range(config.num_hidden_layers):
        name = f"wav2vec2.encoder.layers.{index}"
        y = norm(x, f"{name}.layer_norm")
        query, key, value = (
            linear(y, f"{name}.attention.{part}_proj").unflatten(-1, (heads, -1)).transpose(0, 1)
            for part in "qkv"
        )
        scores = query @ key.mT / query.shape[-1] ** 0.5
        mixed = (scores.softmax(-1) @ value).transpose(0, 1).flatten(1)
        x = x + linear(mixed, f"{name}.attention.out_proj")
        y = norm(x, f"{name}.final_layer_norm")
        y = functional.gelu(linear(y, f"{name}.feed_forward.intermediate_dense"))
        x = x + linear(y, f"{name}.feed_forward.output_dense")
    pooled = norm(x, "wav2vec2.encoder.layer_norm").mean(0)
    heard = linear(torch.tanh(linear(pooled, "classifier.dense")), "classifier.out_proj")
    return heard.clamp(0, 1)


def _positions(
    x: torch.Tensor, weights: dict[str, torch.Tensor], config: Wav2Vec2Config
) -> torch.Tensor:
    """The weight-normalised convolution that encodes the position of a frame."""
    name = "wav2vec2.encoder.pos_conv_embed.conv"
    direction, length = weights[f"{name}.weight_v"], weights[f"{name}.weight_g"]
    kernel = length * direction / direction.norm(dim=(0, 1), keepdim=True)
    width = config.num_conv_pos_embeddings
    y = functional.conv1d(
        x.T[None],
        kernel,
        weights[f"{name}.bias"],
        padding=width // 2,
        groups=config.num_conv_pos_embedding_groups,
    )
    y = y[0].T[: len(x)]
    return functional.gelu(y)
