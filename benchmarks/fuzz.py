"""Feeds mutated media and captions to the readers; each must end in a result or one sentence.

    python benchmarks/fuzz.py                     # 2 minutes
    python benchmarks/fuzz.py --seconds 7200 --seed 7 --keep found/

Every input is read in the decoding process, under the bounds that uploads have. A finding is any
other end than a result or an InvalidInput sentence of one line: a raw error, a decoder that was
ended by the system, or a reading beyond the CPU and memory bounds. Findings are kept as files.
The seeds are made by the tests' media factory, and the same seed number gives the same inputs.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ParamSpec, TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitchquest_assets.errors import InvalidInput  # noqa: E402
from pitchquest_assets.media.caption_files import read_captions  # noqa: E402
from pitchquest_assets.media.decoding import in_child  # noqa: E402
from pitchquest_assets.media.local_video import LocalVideo  # noqa: E402
from pitchquest_assets.media.probe import Limits, embedded_captions, probe  # noqa: E402
from pitchquest_assets.media.sampling import sample_frames  # noqa: E402
from pitchquest_assets.media.sound_choice import extract_audio  # noqa: E402
from pitchquest_assets_tests.support.media_factory import Pictures, Sound, steady, write_media  # noqa: E402

P = ParamSpec("P")
T = TypeVar("T")

LIMITS = Limits(
    max_size_mb=50, max_duration_seconds=600, max_decode_seconds=20, max_decode_memory_mb=1_000
)
# What the system ended, or a bound of the system refused: none of our own checks had thought of it.
UNFORESEEN = ("ends the decoder", "MAX_DECODE_MEMORY_MB", "MAX_DECODE_SECONDS")
CAPTIONS = {
    ".vtt": "WEBVTT\n\n1\n00:00.000 --> 00:02.000 line:0\n<v Ann>We sell &amp; <i>bake</i>.\n",
    ".srt": "1\n00:00:00,000 --> 00:00:02,000\n{\\an8}[music] We sell.\n\n2\n00:00:03,0 --> 9",
    ".ass": "[Events]\nDialogue: 0,0:00:00.00,0:00:02.00,a,,0,0,0,,{\\p1}m 0 0{\\p0}We\\Nsell",
    ".ttml": '<tt><body><div><p begin="0s" end="2.5s">We <br/>sell &#98;.</p></div></body></tt>',
    ".sbv": "0:00:00.000,0:00:02.000\nWe sell bread.\n",
    ".txt": "We sell bread. [laughter] ANN: Bread (by 40 percent)!\n",
}
FRAGMENTS = [
    b"[", b"<a", b"{\\", b"&#x110000;", b"&#" + b"9" * 5_000 + b";", b"\x00", b"\xff\xfe", b"-->",
    b"\xe2\x80\xae", b"\x1b[2J", b"\n\n", b"99:99:99.999", b"<!DOCTYPE a>", b"]]>", b"{\\p9}",
    b"\xff" * 8, b"\x00" * 8, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x3f\x80\x00\x00",
]  # fmt: skip


@dataclass
class Findings:
    """What came out of all inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, bytes, str]] = field(default_factory=list)
    longest_seconds: float = 0.0


def seeds(folder: Path) -> dict[str, bytes]:
    """Small valid inputs, by the suffix that they need."""
    pictures, sound = Pictures(steady(2), (64, 48)), Sound([(0, 2)], [(0.5, 1)])
    opus = Sound([(0, 2)], codec="libopus")
    pcm = Sound([(0, 1)], codec="pcm_s16le", rate_hz=8_000, layout="mono")
    cues = [(0.0, 1.0, "We sell bread.")]
    files = {
        "a.mp4": write_media(folder / "a.mp4", pictures, sound, cues),
        "b.mkv": write_media(folder / "b.mkv", pictures, pcm, cues),
        "c.webm": write_media(folder / "c.webm", Pictures(steady(2), (64, 48), "libvpx"), opus),
        "d.avi": write_media(folder / "d.avi", Pictures(steady(1), (64, 48), "mjpeg"), pcm),
    }
    return {name: path.read_bytes() for name, path in files.items()} | {
        f"e{suffix}": text.encode() for suffix, text in CAPTIONS.items()
    }


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with a few changes: bits, numbers, pieces cut out, doubled, moved or put in."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 8, 32])):
        at = chance.randrange(len(changed)) if changed else 0
        length = min(len(changed) - at, chance.choice([1, 2, 4, 8, 64, 1024]))
        piece = bytes(changed[at : at + length])
        match chance.randrange(7):
            case 0 if changed:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at : at + length] = chance.randbytes(length)
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = piece * chance.choice([1, 2, 100])
            case 4:
                other = chance.randrange(len(changed) + 1)
                changed[other : other + length] = piece
            case 5:
                changed[at : at + length] = chance.choice(FRAGMENTS)
            case _:
                if chance.random() < 0.1:
                    del changed[at:]
    return bytes(changed)


def read(path: Path) -> None:
    """Read a file in all the ways in which an upload is read."""

    def apart(function: Callable[P, T]) -> Callable[P, T]:
        return in_child(function, path.name, LIMITS)

    if path.suffix in CAPTIONS:
        apart(read_captions)(path)
        return
    source = apart(probe)(path, video_id="v", filename=path.name, captions_path=None, limits=LIMITS)
    video = LocalVideo(source, path)
    apart(extract_audio)(video, limits=LIMITS)
    apart(sample_frames)(
        video, max_frames=10, max_frames_per_second=1.0, width_px=320, limits=LIMITS
    )
    apart(embedded_captions)(path)


def fuzz(seed: int, folder: Path, kinds: str = "") -> Iterator[Findings]:
    """Read one mutated input after another; yields the findings so far after each.

    Args:
        kinds: the suffix of the seeds to use, such as `.vtt`; all by default.
    """
    chance, findings = random.Random(seed), Findings()
    given = {name: data for name, data in seeds(folder).items() if name.endswith(kinds)}
    while True:
        name = chance.choice(sorted(given))
        data = mutated(given[name], chance)
        path = folder / f"input{Path(name).suffix}"
        path.write_bytes(data)
        started = time.monotonic()
        outcome = _outcome(path)
        findings.longest_seconds = max(findings.longest_seconds, time.monotonic() - started)
        findings.outcomes[f"{path.suffix} {outcome.partition(':')[0]}"] += 1
        if outcome not in ("result", "sentence"):
            findings.problems.append((path.name, data, outcome))
        yield findings


def _outcome(path: Path) -> str:
    try:
        read(path)
    except InvalidInput as error:
        sentence = str(error)
        if any(words in sentence for words in UNFORESEEN):
            return f"unforeseen: {sentence}"
        is_one = sentence.endswith(".") and "\n" not in sentence and sentence.isprintable()
        return "sentence" if is_one else f"no sentence: {sentence!r}"
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        return f"raw error: {error}"
    return "result"


def main() -> int:
    """Fuzz for a time; print what came out, and return 1 if there are findings."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=120)
    options.add_argument("--inputs", type=int, default=0, help="end after so many")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kinds", default="", help="only these, such as .vtt")
    options.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    given = options.parse_args()
    end = time.monotonic() + given.seconds
    with TemporaryDirectory() as folder:
        for findings in fuzz(given.seed, Path(folder), given.kinds):
            count = findings.outcomes.total()
            if time.monotonic() > end or 0 < given.inputs <= count:
                break
    for outcome, number in sorted(findings.outcomes.items()):
        print(f"{number:7} {outcome}")
    print(f"{count:7} inputs, the longest took {findings.longest_seconds:.1f} s")
    for number, (name, data, outcome) in enumerate(findings.problems):
        given.keep.mkdir(exist_ok=True)
        kept = given.keep / f"{given.seed}-{number}-{name}"
        kept.write_bytes(data)
        print(f"{kept}: {outcome}")
    return 1 if findings.problems else 0


if __name__ == "__main__":
    sys.exit(main())
