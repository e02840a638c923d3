"""Model files that are not in the package: which are here, and what is known about them."""

from dataclasses import dataclass
from pathlib import Path

from pitchquest_assets.engines.weights.checked import has_size, is_pinned
from pitchquest_assets.engines.weights.pinned import MODELS, Model
from pitchquest_assets.errors import EngineUnavailable

# A smaller file is not a model but, for example, a Git LFS pointer.
MIN_MODEL_BYTES = 10_000


@dataclass(frozen=True)
class ModelRow:
    """What `pitchquest models list` shows about one model."""

    model: Model
    path: Path | None
    checksum_ok: bool | None
    came_from: str | None = None

    def lines(self) -> list[str]:
        """Return lines of text: name, purpose, size, licence, where it is, sources, checksums."""
        model = self.model
        verdict = {True: "checksum ok", False: "wrong checksum", None: "not the pinned file"}
        place = f"here: {self.path} ({verdict[self.checksum_ok]})" if self.path else "not here"
        return [
            f"{model.name}: {model.purpose}, {megabytes(model.size_bytes)}, {model.licence}",
            f"  {place}",
            *([f"  fetched from {self.came_from}"] if self.came_from else []),
            *([f"  {model.notice}"] if model.notice else []),
            *_sources(model),
            *(f"  sha256 {file.sha256}  {file.name}" for file in model.files),
        ]


def find(name: str, folder: Path) -> Path | None:
    """Return the model's file or folder; None if it is missing, incomplete or of the wrong size.

    Raises:
        EngineUnavailable: there is no model of that name.
    """
    model = model_named(name)
    for inside in model.folders:
        if all(has_size(folder / inside / file.name, file) for file in model.files):
            return model.path_in(folder, inside)
    if model.accepts and folder.is_dir():
        others = (path for path in folder.glob(model.accepts) if _is_other(path, model))
        return max(others, key=lambda path: path.name, default=None)
    return None


def list_models(folder: Path) -> list[ModelRow]:
    """Return a row per pinned model; computes the checksums of those in the folder."""
    rows = []
    for model in MODELS.values():
        path = find(model.name, folder)
        checksum_ok = _checksum_ok(model, path) if path else None
        came_from = provenance(model.name, folder) if checksum_ok else None
        rows.append(ModelRow(model, path, checksum_ok, came_from))
    return rows


def provenance(name: str, folder: Path) -> str | None:
    """Return where the model in the folder was fetched from; None if a person put it there."""
    note = note_of(name, folder)
    return note.read_text("utf-8") if note.is_file() and find(name, folder) else None


def note_of(name: str, folder: Path) -> Path:
    """Return the path of the file that says where a model was fetched from."""
    return folder / f".{name}.source"


def model_named(name: str) -> Model:
    """Return the pinned model of that name.

    Raises:
        EngineUnavailable: there is none.
    """
    if name not in MODELS:
        raise EngineUnavailable(f"There is no model named {name!r}; known are {', '.join(MODELS)}.")
    return MODELS[name]


def _sources(model: Model) -> list[str]:
    """Where the files are published."""
    index = [f"from the package index: {model.wheel_names}"] if model.wheels else []
    if not model.url:
        return [f"  a conversion of {model.source}", *(f"  {one}" for one in index)]
    hub = f"  from {model.source} at revision {model.revision}"
    return [hub, *(f"  or {one}" for one in index)]


def _is_other(path: Path, model: Model) -> bool:
    """Whether this is another version of a one-file model, judged by its size."""
    named_as_pinned = path.name == model.files[0].name
    return not named_as_pinned and path.is_file() and path.stat().st_size >= MIN_MODEL_BYTES


def _checksum_ok(model: Model, path: Path) -> bool | None:
    """Whether the checksums match; None for a file that is not the pinned version."""
    if len(model.files) == 1:
        pinned = path.name == model.files[0].name
        return is_pinned(path, model.files[0]) if pinned else None
    return all(is_pinned(path / file.name, file) for file in model.files)


def megabytes(size_bytes: int) -> str:
    """A size in words."""
    return f"{size_bytes / 1e6:.1f} MB"
