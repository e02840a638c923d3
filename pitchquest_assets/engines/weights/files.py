"""Model files that are not in the package: which are here, and what is known about them."""

from dataclasses import dataclass
from pathlib import Path

from pitchquest_assets.engines.weights.checked import has_size, is_pinned
from pitchquest_assets.engines.weights.pinned import MODELS, Model
from pitchquest_assets.errors import EngineUnavailable

# A loader may read these beside the files that it is known to need.
LOADED_SUFFIXES = {".json", ".txt", ".bin"}


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
        verdict = "checksum ok" if self.checksum_ok else "not the pinned files, so it is not used"
        place = f"here: {self.path} ({verdict})" if self.path else "not here"
        return [
            f"{model.name}: {model.purpose}, {megabytes(model.size_bytes)}, {model.licence}",
            f"  {place}",
            *([f"  fetched from {self.came_from}"] if self.came_from else []),
            *([f"  {model.notice}"] if model.notice else []),
            *_sources(model),
            *(f"  sha256 {file.sha256}  {file.name}" for file in model.files),
        ]


def find(name: str, folder: Path) -> Path | None:
    """Return the model's file or folder; None if it is missing or not the pinned one.

    Reads the files once, at 1.4 GB a second.

    Raises:
        EngineUnavailable: there is no model of that name.
    """
    model = model_named(name)
    there = (inside for inside in model.folders if _is_pinned(model, folder / inside))
    return next((model.path_in(folder, inside) for inside in there), None)


def refused(name: str, folder: Path) -> Path | None:
    """Return the file or folder that has the model's names and sizes, but not its checksums."""
    model = model_named(name)
    if find(name, folder):
        return None
    there = (inside for inside in model.folders if _has_sizes(model, folder / inside))
    return next((model.path_in(folder, inside) for inside in there), None)


def list_models(folder: Path) -> list[ModelRow]:
    """Return a row per pinned model; computes the checksums of those in the folder."""
    rows = []
    for model in MODELS.values():
        path, other = find(model.name, folder), refused(model.name, folder)
        checksum_ok = path is not None if path or other else None
        came_from = provenance(model.name, folder) if checksum_ok else None
        rows.append(ModelRow(model, path or other, checksum_ok, came_from))
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


def _has_sizes(model: Model, place: Path) -> bool:
    return all(has_size(place / file.name, file) for file in model.files)


def _is_pinned(model: Model, place: Path) -> bool:
    pinned = all(is_pinned(place / file.name, file) for file in model.files)
    return pinned and foreign_file(model, place) is None


def foreign_file(model: Model, place: Path) -> Path | None:
    """Return a file beside those of the model that a loader might read too."""
    names = {file.name for file in model.files}
    if len(names) == 1:  # loaded by its path
        return None
    others = (one for one in sorted(place.iterdir()) if one.name not in names)
    return next((one for one in others if one.suffix in LOADED_SUFFIXES), None)


def megabytes(size_bytes: int) -> str:
    """A size in words."""
    return f"{size_bytes / 1e6:.1f} MB"
