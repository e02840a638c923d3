"""The models that are not in the package, each pinned by revision, size and sha256."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelFile:
    """One file of a model."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Model:
    """One pinned model; `folders` are where its files may be, the first where they go."""

    name: str
    purpose: str
    licence: str
    source: str
    revision: str
    url: str
    files: tuple[ModelFile, ...]
    folders: tuple[str, ...] = (".",)
    accepts: str | None = None

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)

    def path_in(self, folder: Path, files_folder: str) -> Path:
        """The file of a model that is one file, else the folder with its files."""
        inside = folder / files_folder
        return inside / self.files[0].name if len(self.files) == 1 else inside


YUNET = Model(
    name="yunet",
    purpose="face landmarks: facing the camera, smiles",
    licence="MIT",
    source="https://github.com/opencv/opencv_zoo",
    revision="47534e27c9851bb1128ccc0102f1145e27f23f98",
    url="https://media.githubusercontent.com/media/opencv/opencv_zoo/"
    "47534e27c9851bb1128ccc0102f1145e27f23f98/models/face_detection_yunet",
    files=(
        ModelFile(
            "face_detection_yunet_2026may.onnx",
            229_738,
            "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
        ),
    ),
    accepts="face_detection_yunet*.onnx",
)
WHISPER_BASE_EN = Model(
    name="whisper-base.en",
    purpose="speech recognition, English",
    licence="MIT",
    source="https://huggingface.co/Systran/faster-whisper-base.en",
    revision="3d3d5dee26484f91867d81cb899cfcf72b96be6c",
    url="https://huggingface.co/Systran/faster-whisper-base.en/resolve/"
    "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
    files=(
        ModelFile(
            "config.json",
            2_227,
            "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
        ),
        ModelFile(
            "vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        ),
        ModelFile(
            "tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        ),
        ModelFile(
            "model.bin",
            145_216_508,
            "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
        ),
    ),
    folders=("whisper-base.en", "faster-whisper-base.en"),
)
MODELS = {model.name: model for model in (YUNET, WHISPER_BASE_EN)}
