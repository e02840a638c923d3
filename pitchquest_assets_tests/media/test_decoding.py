"""Whatever happens while a file is decoded, the process that asked goes on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pitchquest_assets.errors import EngineUnavailable, InvalidCaptions, InvalidVideo
from pitchquest_assets.media import decoding
from pitchquest_assets.media.caption_files import read_captions
from pitchquest_assets.media.decoding import in_child
from pitchquest_assets.media.decoding_process import CPU_GRACE_SECONDS
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, probe
from pitchquest_assets.media.sampling import sample_frames
from pitchquest_assets.media.sound_choice import extract_audio
from pitchquest_assets_tests.support.media_factory import Pictures, Sound, steady, write_media

LIMITS = Limits()
SIZES = {"max_frames": 5, "max_frames_per_second": 1.0, "width_px": 640, "limits": LIMITS}


def own_id() -> int:
    return os.getpid()


def die(how: int) -> int:
    os.kill(os.getpid(), how)
    time.sleep(60)
    return 0


def die_once(mark: Path) -> int:
    if not mark.exists():
        mark.touch()
        die(signal.SIGKILL)
    return os.getpid()


def end(status: int) -> int:
    os._exit(status)


def spin() -> int:
    while True:
        pass


def rest(seconds: float) -> int:
    time.sleep(seconds)
    return 0


def allocate(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000))


def fail() -> int:
    return 1 // 0


def write(path: Path) -> int:
    return path.write_bytes(b"x" * 10_000)


def variables() -> list[str]:
    return sorted(os.environ)


def connect(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        return type(error).__name__
    return "connected"


def can_leave_network() -> int:
    import ctypes

    return int(ctypes.CDLL(None).unshare(0x40000000))


@pytest.fixture(autouse=True)
def _end_of_the_process() -> Iterator[None]:
    yield
    decoding.stop()


def test_it_gives_the_same_as_here(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures(steady(4)), Sound([(0, 4)], [(1, 2)]))
    facts = {"video_id": "v", "filename": "a.mp4", "captions_path": None, "limits": LIMITS}
    source = in_child(probe, "a.mp4", LIMITS)(path, **facts)
    assert source == probe(path, **facts)
    video = LocalVideo(source, path)
    audio = in_child(extract_audio, "a.mp4", LIMITS)(video, limits=LIMITS)
    assert audio == extract_audio(video, limits=LIMITS)
    assert audio.payload
    frames = in_child(sample_frames, "a.mp4", LIMITS)(video, **SIZES)
    assert frames == sample_frames(video, **SIZES)
    assert len(frames.frames) == 4
    captions = tmp_path / "a.txt"
    captions.write_text("We sell bread.")
    assert in_child(read_captions, "a.txt", LIMITS)(captions) == read_captions(captions)


def test_bad_input_is_told_as_it_is_here(tmp_path: Path) -> None:
    path = tmp_path / "a.vtt"
    path.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(InvalidCaptions) as here:
        read_captions(path)
    with pytest.raises(InvalidCaptions) as there:
        in_child(read_captions, "a.vtt", LIMITS)(path)
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize("how", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS"])
def test_a_file_that_ends_the_decoder_is_refused_and_the_next_is_decoded(how: str) -> None:
    with pytest.raises(
        InvalidVideo, match=rf"a\.mp4 cannot be decoded.*\({how}\): export it again"
    ):
        in_child(die, "a.mp4", LIMITS)(getattr(signal, how))
    assert in_child(own_id, "b.mp4", LIMITS)() != os.getpid()


def test_a_decoder_that_is_killed_from_outside_is_asked_once_more(tmp_path: Path) -> None:
    before = in_child(own_id, "a.mp4", LIMITS)()
    assert in_child(die_once, "a.mp4", LIMITS)(tmp_path / "mark") != before


@pytest.mark.parametrize("is_dead_when_asked", [False, True])
@pytest.mark.parametrize("kills", [1, 2])
def test_a_decoder_that_is_killed_at_its_start_is_started_once_more(
    kills: int, is_dead_when_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding.stop()
    left, popen = iter(range(kills)), subprocess.Popen

    def killed_at_first(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        process = popen(*args, **kwargs)
        if next(left, None) is not None:
            process.kill()
            if is_dead_when_asked:
                process.wait()
        return process

    monkeypatch.setattr(subprocess, "Popen", killed_at_first)
    ask = in_child(own_id, "a.mp4", LIMITS)
    if kills == 1:
        assert ask() != os.getpid()
    else:
        with pytest.raises(EngineUnavailable, match=r"does not start \(SIGKILL\)"):
            ask()


def test_a_decoder_that_exits_is_told_with_its_status() -> None:
    with pytest.raises(InvalidVideo, match="exit status 3"):
        in_child(end, "a.mp4", LIMITS)(3)


def test_calls_share_one_process() -> None:
    ask = in_child(own_id, "a.mp4", LIMITS)
    assert ask() == ask()


def test_a_file_that_takes_too_long_names_the_setting() -> None:
    nearly_none = Limits(max_decode_seconds=0.2 - CPU_GRACE_SECONDS)
    with pytest.raises(InvalidVideo, match="PITCHQUEST_MAX_DECODE_SECONDS"):
        in_child(spin, "a.mp4", nearly_none)()


def test_a_file_that_takes_too_much_memory_names_the_setting(tmp_path: Path) -> None:
    little = Limits(max_decode_memory_mb=200)
    needs = r"a\.mp4 needs more than 200 MB.*PITCHQUEST_MAX_DECODE_MEMORY_MB"
    with pytest.raises(InvalidVideo, match=needs):
        in_child(allocate, "a.mp4", little)(300)
    assert in_child(allocate, "a.mp4", little)(100) == 100_000_000


def test_a_decoder_that_gets_no_memory_says_so(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", Pictures([0, 1], (3840, 2160), codec="mjpeg"))
    facts = {"video_id": "v", "filename": "a.mp4", "captions_path": None, "limits": LIMITS}
    in_child(probe, "a.mp4", LIMITS)(path, **facts)
    with pytest.raises(InvalidVideo, match="needs more than 5 MB"):
        in_child(probe, "a.mp4", Limits(max_decode_memory_mb=5))(path, **facts)


def test_a_fault_of_ours_is_no_fault_of_the_file() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        in_child(fail, "a.mp4", LIMITS)()


def test_it_writes_no_file_and_knows_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with pytest.raises(RuntimeError, match="File too large"):
        in_child(write, "a.mp4", LIMITS)(tmp_path / "written")
    names = in_child(variables, "a.mp4", LIMITS)()
    assert not [name for name in names if "KEY" in name or "URL" in name]


def test_it_has_no_network_where_the_system_allows_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = in_child(connect, "a.mp4", LIMITS)(server.getsockname()[1])
    if found == "connected":
        assert in_child(can_leave_network, "a.mp4", LIMITS)() == -1


def test_an_interruption_ends_the_call_and_not_the_next_one() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    ask = in_child(own_id, "a.mp4", LIMITS)
    first = ask()
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_child(rest, "a.mp4", LIMITS)(60)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ask() != first


def test_it_ends_with_a_process_that_is_killed() -> None:
    script = (
        "from pitchquest_assets_tests.media.test_decoding import LIMITS, in_child, own_id, rest;"
        "print(in_child(own_id, 'a.mp4', LIMITS)(), flush=True);"
        "in_child(rest, 'a.mp4', LIMITS)(600)"
    )
    asking = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert asking.stdout is not None
    child = psutil.Process(int(asking.stdout.readline()))
    asking.kill()
    asking.communicate()
    child.wait(60)
