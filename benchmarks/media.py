"""What sampling pictures costs, compared with ffmpeg, OpenCV and Pixeltable in one run.

    python benchmarks/media.py VIDEO [VIDEO ...]

Two variants of each video are measured: one with long groups of pictures (a keyframe at most every
250 pictures) and one with a keyframe every second; ffmpeg makes those that the video is not
already. Each tool runs in its own process, including start-up and imports; its CPU seconds (user
and system, all threads) are those that the operating system counts. All make JPEGs 640 px wide, one
per second; ours is also measured with its default of at most 50. Ratios are to ffmpeg on the same
file.

"exact" decodes the whole file, and counts those of our pictures whose time is the true presentation
time of a picture and whose JPEG is, byte for byte, the one made from that picture. In large H.264
videos these are the keyframes: the edges of blocks in other pictures are not smoothed.

The last line is `pitchquest analyze` without speech recognition. The database is set up beforehand,
and its CPU seconds and memory are included. Pixeltable is measured if it is installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
from media_jobs import WIDTH_PX
from rich.console import Console
from rich.table import Table

DEFAULT_FRAMES = 50
UNLIMITED = 100_000
LONG_GROUP_PICTURES = 250
MEMORY_SAMPLE_SECONDS = 0.1
MB = 1_000_000

console = Console(width=110)


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    output: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEO")
    parser.add_argument("--skip-analysis", action="store_true", help="measure the sampling only")
    parser.add_argument("--skip-others", action="store_true", help="no OpenCV, no Pixeltable")
    arguments = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is not installed: it is the yardstick and makes the variants.")
    with tempfile.TemporaryDirectory() as folder:
        for video in arguments.videos:
            for label, path in variants(video, Path(folder)):
                print_sampling(label, path, others=not arguments.skip_others)
                if not arguments.skip_analysis:
                    print_analysis(label, path)


def variants(video: Path, folder: Path) -> list[tuple[str, Path]]:
    """Return the file with long groups of pictures, and with a keyframe every second."""
    seconds, rate = keyframe_distance(video)
    made = []
    for label, wanted, pictures in (
        (f"groups of up to {LONG_GROUP_PICTURES}", seconds >= 2, LONG_GROUP_PICTURES),
        ("a keyframe each second", seconds <= 1.1, round(rate)),
    ):
        path = video
        if not wanted:
            path = folder / f"{video.stem}_{pictures}.mp4"
            console.print(f"making {path.name} ...", style="dim")
            encode(video, path, pictures, scene_cuts=pictures == LONG_GROUP_PICTURES)
        made.append((f"{video.name}, {label}{' (as given)' if wanted else ''}", path))
    return made


def keyframe_distance(video: Path) -> tuple[float, float]:
    """Return the mean seconds between keyframes, and the pictures per second."""
    from pitchquest_assets.media.picture_search import read_index
    from pitchquest_assets.media.probe import Limits, open_media, probe
    from pitchquest_assets.media.streams import video_stream

    source = probe(video, video_id="x", filename=video.name, captions_path=None, limits=Limits())
    with open_media(video) as container:
        stream = video_stream(container)
        if stream is None or not source.fps:
            sys.exit(f"{video.name} has no moving picture.")
        keyframes = len(read_index(container, stream).keyframes)
    return source.duration_seconds / keyframes, source.fps


def encode(video: Path, path: Path, pictures: int, *, scene_cuts: bool) -> None:
    fixed = [] if scene_cuts else ["-keyint_min", str(pictures), "-sc_threshold", "0"]
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-c:a", "copy"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", str(pictures)]
    subprocess.run([*command, *fixed, str(path)], check=True)


def print_sampling(label: str, video: Path, *, others: bool) -> None:
    table = Table("", "pictures", "CPU s", "of ffmpeg", "wall s", "peak MB", "exact", title=label)
    ffmpeg = measure(ffmpeg_command(video))
    rows = [("ffmpeg -vf fps=1", ffmpeg, "")]
    for name, count in (("ours, default", DEFAULT_FRAMES), ("ours, one per second", UNLIMITED)):
        cost = measure(child("ours", video, count))
        rows.append((name, cost, measure(child("check", video, count)).output))
    if others:
        rows.append(("OpenCV, sequential", measure(child("opencv", video)), ""))
        if find_spec("pixeltable"):
            rows.append(("Pixeltable frame iterator", measure(child("pixeltable", video)), ""))
    for name, cost, exact in rows:
        table.add_row(
            name,
            cost.output,
            f"{cost.cpu_seconds:.2f}",
            f"{cost.cpu_seconds / ffmpeg.cpu_seconds:.3f}",
            f"{cost.wall_seconds:.2f}",
            f"{cost.peak_mb:.0f}",
            exact,
        )
    if others and not find_spec("pixeltable"):
        table.add_row("Pixeltable frame iterator", "not installed")
    console.print(table)


def print_analysis(label: str, video: Path) -> None:
    """Measure and print the whole command, in its own PITCHQUEST_HOME."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "PITCHQUEST_HOME": home,
            "PITCHQUEST_TRANSCRIBER": "off",
            "PITCHQUEST_DOWNLOADS": "off",
        }
        command = [str(Path(sys.executable).with_name("pitchquest"))]
        subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
        try:
            result = str(Path(home) / "result.json")
            analyze = [*command, "analyze", str(video), "--json", result]
            cost = measure(analyze, environment, daemon_of=home)
        finally:
            subprocess.run([*command, "down"], env=environment, check=True, capture_output=True)
    console.print(
        f"{label}: whole analysis without speech recognition: {cost.cpu_seconds:.2f} CPU s, "
        f"{cost.wall_seconds:.2f} s, peak {cost.peak_mb:.0f} MB (all processes, with the database)"
    )


def measure(
    command: list[str], environment: dict[str, str] | None = None, *, daemon_of: str | None = None
) -> Cost:
    """Run a command to its end; its output is the last line that it prints.

    `daemon_of` is a folder in the command line of a server whose costs are added.
    """
    started, daemon_before = time.monotonic(), daemon_cpu_seconds(daemon_of)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=environment)
        sampler = MemorySampler(process.pid, daemon_of)
        with sampler:
            _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        output.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} failed: {errors.read()}")
        last = output.read().strip().rpartition("\n")[2]
    cpu_seconds = usage.ru_utime + usage.ru_stime + daemon_cpu_seconds(daemon_of) - daemon_before
    return Cost(cpu_seconds, wall_seconds, sampler.peak_mb, last)


class MemorySampler:
    """The peak memory of a process and its children, each page counted once (PSS)."""

    def __init__(self, pid: int, daemon_of: str | None) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._daemon_of = daemon_of
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "MemorySampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(MEMORY_SAMPLE_SECONDS):
            processes = family(self._pid) + daemon_processes(self._daemon_of)
            total = sum(pss_bytes(process) for process in processes)
            self.peak_mb = max(self.peak_mb, total / MB)


def family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def daemon_processes(folder: str | None) -> list[psutil.Process]:
    """Return the servers that were started on a folder, and their children."""
    if folder is None:
        return []
    found = []
    for process in psutil.process_iter(["cmdline", "ppid"]):
        if process.info["ppid"] == 1 and any(folder in a for a in process.info["cmdline"] or ()):
            found += family(process.pid)
    return found


def daemon_cpu_seconds(folder: str | None) -> float:
    total = 0.0
    for process in daemon_processes(folder):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        # The parent's children times include the backends that have ended.
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_bytes(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def ffmpeg_command(video: Path) -> list[str]:
    pictures = f"fps=1,scale={WIDTH_PX}:-2"
    script = (
        'd=$(mktemp -d) && ffmpeg -v error -i "$0" -vf "$1" -q:v 3 "$d/%04d.jpg" '
        '&& ls "$d" | wc -l; s=$?; rm -r "$d"; exit $s'
    )
    return ["sh", "-c", script, str(video), pictures]


def child(job: str, video: Path, *arguments: int) -> list[str]:
    script = str(Path(__file__).with_name("media_jobs.py"))
    return [sys.executable, script, job, str(video), *map(str, arguments)]


if __name__ == "__main__":
    main()
