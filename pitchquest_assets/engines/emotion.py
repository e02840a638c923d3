"""Vocal arousal by wav2vec2-large-robust-12-ft-emotion-msp-dim (Wagner et al. 2023, IEEE TPAMI).

The architecture follows its model card: mono sound at 16 kHz with zero mean and unit variance,
wav2vec2, the mean of the last hidden states over time, dense, tanh, out_proj; three linear outputs
in the order arousal, dominance, valence. It is built here and filled strictly, tensor by tensor,
because transformers' own class for audio classification leaves this model's head random, with only
a warning.
"""

import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pitchquest_assets.analysis.delivery.energy import OFF, Turn, VocalEnergy, speaking_turns
from pitchquest_assets.engines.weights import files as weights
from pitchquest_assets.engines.weights.devices import Device, choose_device, computing_on
from pitchquest_assets.engines.weights.pinned import WAV2VEC2_EMOTION
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.media.sound import read_floats
from pitchquest_assets.media.voice import Span, voice_of
from pitchquest_assets.model import Audio
from pitchquest_assets.settings import Settings

if TYPE_CHECKING:
    import torch

LABELS = ("arousal", "dominance", "valence")
WEIGHTS_FILE = "model.safetensors"
# On a CPU, a batch costs more than its turns one by one (benchmarks/engines.py).
TURNS_AT_ONCE: dict[Device, int] = {"cpu": 1, "cuda": 8}
# The value that the model's own preprocessor uses.
VARIANCE_FLOOR = 1e-7
# How older files name the two parts of the weight-normalised convolution.
RENAMED = {
    "conv.weight_g": "conv.parametrizations.weight.original0",
    "conv.weight_v": "conv.parametrizations.weight.original1",
}

Precision = Literal["float32", "bfloat16", "int8"]
Samples = npt.NDArray[np.float32]


class EmotionModel:
    """The model in memory, on one device and in one precision."""

    def __init__(
        self, modules: "torch.nn.ModuleDict", device: Device, precision: Precision
    ) -> None:
        self.precision = precision
        self._modules = modules
        self._device = device

    @property
    def name(self) -> str:
        """The model's name with everything that its figures depend on."""
        return f"{WAV2VEC2_EMOTION.name} ({self.precision})"

    def hear(self, turns: Sequence[Samples]) -> npt.NDArray[np.float32]:
        """Compute arousal, dominance and valence of each turn, as one batch.

        Args:
            turns: float32 (n,), mono, 16 kHz, of any lengths. Except for rounding, a turn's figures
                do not depend on the others; in int8, whose scale is that of the whole batch, the
                difference is about 1e-4.

        Returns:
            Shape (turns, 3), each figure clipped to 0–1.
        """
        import torch

        lengths = torch.tensor([len(turn) for turn in turns])
        batch = np.zeros((len(turns), int(lengths.max())), np.float32)
        for row, turn in zip(batch, turns, strict=True):
            row[: len(turn)] = _normalised(turn)
        mask = torch.arange(batch.shape[1])[None, :] < lengths[:, None]
        with torch.inference_mode(), computing_on(self._device):
            heard = self._forward(torch.from_numpy(batch), mask)
        return np.asarray(heard.clamp(0, 1).cpu().numpy(), np.float32)

    def _forward(self, batch: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
        import torch

        backbone: Any = self._modules["wav2vec2"]
        head: Any = self._modules["classifier"]
        batch = batch.to(self._device, torch.bfloat16 if self.precision == "bfloat16" else None)
        mask = mask.to(self._device)
        hidden = backbone(batch, attention_mask=mask).last_hidden_state.float()
        is_frame = backbone._get_feature_vector_attention_mask(hidden.shape[1], mask)
        frames = is_frame.to(hidden.dtype)[:, :, None]
        mean = (hidden * frames).sum(1) / frames.sum(1)
        heard: torch.Tensor = head["out_proj"](torch.tanh(head["dense"](mean)))
        return heard


def load_emotion_model(
    folder: Path, *, device: Device = "cpu", precision: Precision | None = None
) -> EmotionModel:
    """Load the model from a folder with config.json and model.safetensors.

    Args:
        precision: that of the backbone; by default the fastest that the device handles well. The
            head is always float32.

    Raises:
        EngineUnavailable: the configuration describes another model, or a weight is missing or
            superfluous.
    """
    import torch
    from safetensors.torch import load_file
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config.from_json_file(folder / "config.json")
    labels = tuple(name for _, name in sorted((config.id2label or {}).items()))
    # Only with this normalisation does padding leave a turn's figures as they are.
    if labels != LABELS or config.feat_extract_norm != "layer":
        raise _wrong(folder, "its config.json describes another model")
    size = config.hidden_size
    with torch.device("meta"):
        head = {"dense": torch.nn.Linear(size, size), "out_proj": torch.nn.Linear(size, 3)}
        modules = torch.nn.ModuleDict(
            {"wav2vec2": Wav2Vec2Model(config), "classifier": torch.nn.ModuleDict(head)}
        )
    stored = {_renamed(name): value for name, value in load_file(folder / WEIGHTS_FILE).items()}
    _fill(modules, stored, folder)
    modules.eval()
    precision = precision or best_precision(device)
    with computing_on(device):
        _lower(modules, precision)
        modules.to(device)
    return EmotionModel(modules, device, precision)


def best_precision(device: Device) -> Precision:
    """Return bfloat16 if the device has instructions for it, else int8, else float32."""
    import torch

    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        return "bfloat16"
    return "int8" if torch.cpu._is_vnni_supported() else "float32"


def hear_energy(audio: Audio, settings: Settings, progress: Progress) -> VocalEnergy:
    """Measure the arousal (0–1) of each turn of speech, if PITCHQUEST_EMOTION is on.

    Raises:
        EngineUnavailable: it is on, but the packages or the weights are missing.
    """
    if settings.emotion == "off":
        return OFF
    folder = require_emotion(settings)
    progress.announce(str(WAV2VEC2_EMOTION.notice))
    turns = speaking_turns(voice_of(audio))
    if not turns:
        return VocalEnergy(reason="there is no turn of speech of 3 s or more")
    import torch

    device = choose_device(settings.device, gpus=torch.cuda.device_count())
    model = load_emotion_model(folder, device=device)
    heard = {
        span: float(figures[LABELS.index("arousal")])
        for batch in _batches(turns, TURNS_AT_ONCE[device])
        for span, figures in zip(
            batch, model.hear([read_floats(audio, *s) for s in batch]), strict=True
        )
    }
    return VocalEnergy(
        turns=[Turn(start, end, heard[start, end]) for start, end in turns],
        model=model.name,
        warnings=[str(WAV2VEC2_EMOTION.notice)],
    )


def require_emotion(settings: Settings) -> Path:
    """Return the folder of the weights if everything that the model needs is installed.

    Raises:
        EngineUnavailable: something is missing; it is never fetched unasked.
    """
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise EngineUnavailable(
            f"PITCHQUEST_EMOTION=on needs {' and '.join(missing)}: install the extra [emotion] "
            "(`.venv/bin/pip install -c constraints.txt -e '.[emotion]'`), or set it to off."
        )
    folder = weights.find(WAV2VEC2_EMOTION.name, settings.models_path)
    if folder is None:
        raise EngineUnavailable(
            f"PITCHQUEST_EMOTION=on, but {WAV2VEC2_EMOTION.name} is not in {settings.models_path}: "
            f"run `pitchquest models pull {WAV2VEC2_EMOTION.name}`, or set it to off."
        )
    return folder


def _batches(turns: Sequence[Span], size: int) -> Iterator[Sequence[Span]]:
    """Group turns of similar length, so that little padding is computed."""
    ordered = sorted(turns, key=lambda turn: turn[1] - turn[0])
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]


def _normalised(samples: Samples) -> Samples:
    scale = np.sqrt(samples.var() + VARIANCE_FLOOR)
    normalised: Samples = ((samples - samples.mean()) / scale).astype(np.float32)
    return normalised


def _renamed(name: str) -> str:
    return next((name.replace(old, new) for old, new in RENAMED.items() if old in name), name)


def _fill(modules: "torch.nn.ModuleDict", stored: dict[str, Any], folder: Path) -> None:
    wanted = modules.state_dict()
    for what, names in (
        ("is missing", sorted(wanted.keys() - stored.keys())),
        ("is not part of the model", sorted(stored.keys() - wanted.keys())),
        (
            "has another shape",
            sorted(n for n in wanted.keys() & stored.keys() if wanted[n].shape != stored[n].shape),
        ),
    ):
        if names:
            others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise _wrong(folder, f"{names[0]} {what}{others}")
    modules.load_state_dict({name: value.float() for name, value in stored.items()}, assign=True)


def _lower(modules: "torch.nn.ModuleDict", precision: Precision) -> None:
    """Convert the backbone to a lower precision, in place."""
    import torch

    backbone: Any = modules["wav2vec2"]
    if precision == "bfloat16":
        backbone.to(torch.bfloat16)
    elif precision == "int8":
        with warnings.catch_warnings():
            # Deprecated in favour of a separate package, but still part of the release we pin.
            warnings.simplefilter("ignore")
            quantize: Any = torch.ao.quantization.quantize_dynamic
            quantize(backbone, {torch.nn.Linear}, inplace=True)


def _wrong(folder: Path, what: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"{folder} does not hold the emotion model: {what}. Remove it, then "
        f"`pitchquest models pull {WAV2VEC2_EMOTION.name}`."
    )
