"""Model files by the command, from a hub on this machine that has YuNet only."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.data_wheels import only_index

YUNET = "face_detection_yunet_2026may.onnx"


@pytest.fixture(scope="module")
def hub(shared_models: Path) -> Iterator[str]:
    """The address of the hub."""
    content = (shared_models / YUNET).read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            found = self.path.endswith(YUNET)
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content) if found else 0))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            if self.path.endswith(YUNET):
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_model_is_pulled_and_listed(pitchquest: Command, hub: str, tmp_path: Path) -> None:
    variables = {"PITCHQUEST_MODEL_HUB": hub, "PITCHQUEST_MODELS": str(tmp_path)}
    assert "not here" in pitchquest("models", "list", **variables).out
    pulled = pitchquest("models", "pull", "yunet", **variables)
    assert (pulled.code, pulled.err) == (0, "")
    assert Path(pulled.out.strip().removeprefix("yunet: ")).name == YUNET
    listed = pitchquest("models", "list", **variables).out
    assert f"here: {tmp_path / YUNET} (checksum ok)" in listed
    assert "0.2 MB, MIT" in listed


def test_a_model_that_the_hub_lacks_is_told_in_one_sentence(
    pitchquest: Command, hub: str, tmp_path: Path
) -> None:
    done = pitchquest(
        "models",
        "pull",
        "whisper-base.en",
        PITCHQUEST_MODEL_HUB=hub,
        PITCHQUEST_MODELS=str(tmp_path),
    )
    assert done.code == 1
    assert len(done.err.strip().splitlines()) == 1
    assert "whisper-base.en could not be fetched" in done.err


def test_a_model_is_fetched_at_first_need_and_announced(
    pitchquest: Command, hub: str, tmp_path: Path, sample: Path
) -> None:
    done = pitchquest(
        "analyze",
        sample,
        *("--video-id", "fetching", "--json", "-"),
        PITCHQUEST_DOWNLOADS="on",
        PITCHQUEST_MODEL_HUB=hub,
        PITCHQUEST_MODELS=str(tmp_path),
        **only_index(tmp_path),
    )
    assert done.code == 0, done.err
    (told,) = [line for line in done.err.splitlines() if line.startswith("Fetching yunet")]
    assert "MIT" in told
    visual = done.json()["results"]["visual_analysis"]
    assert visual["scores"]["camera_facing"]["value"] == 10
    # The sample's speaker is a photograph.
    assert "within the error of measuring it" in visual["measurements"]["smile_share"]["reason"]


def test_vocal_energy_without_its_weights_fails_the_video_with_a_sentence(
    pitchquest: Command, sample: Path, tmp_path: Path
) -> None:
    done = pitchquest(
        *("analyze", sample, "--video-id", "energetic"),
        PITCHQUEST_EMOTION="on",
        PITCHQUEST_MODELS=str(tmp_path),
    )
    assert done.code == 1
    told = "run `pitchquest models pull wav2vec2-emotion`, or set it to off."
    assert told in done.err
    row = pitchquest.rows()["energetic"]
    assert row.status == "failed"
    assert (row.error or "").endswith(told)


def test_a_status_shows_square_brackets_as_they_are(pitchquest: Command, tmp_path: Path) -> None:
    path = tmp_path / "a[bold]b.mp4"
    path.write_text("no video")
    assert pitchquest("analyze", path, "--video-id", "brackets").code == 2
    assert "a[bold]b.mp4" in pitchquest("status", "brackets", COLUMNS="400").out
