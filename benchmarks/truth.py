"""How far our measurements of the voice are from Praat and WebRTC, on a folder of recordings.

    pip install praat-parselmouth webrtcvad
    python benchmarks/truth.py FOLDER [--seconds 60]

Takes every video and sound file in the folder (and the folders in it), at most that many seconds of
each. webrtcvad is needed by this benchmark only.

- Pitch: the standard deviation in semitones by Praat in two passes (75 to 500 Hz, then 0.75 x the
  first to 1.5 x the third quartile), against our spread; and each recording flattened, with half
  and with twice its melody, 20 % higher and lower, an octave lower (Praat's overlap-add), and in
  the telephone band.
- Pauses: those of 0.35 s or more on which WebRTC's detector (mode 3) and Praat's intensity (25 dB
  below the 95th percentile) agree. "Found" are those of which ours cover half; "false" are ours
  that no pause of either touches.
- What moves by gain, codecs and padding: the largest change of each score.
- Noise: how often the voice over background falls from 20 to 10 to 5 dB of each kind.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import parselmouth
from parselmouth.praat import call
from rich.console import Console
from rich.table import Table
from scipy.signal import butter, sosfiltfilt
from scipy.stats import spearmanr

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.media.sound import SAMPLE_RATE_HZ as RATE
from pitchquest_assets.media.sound import FlacWriter
from pitchquest_assets.model import Audio, DeliveryAnalysis, Transcript

SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".wav", ".flac", ".m4a", ".mp3", ".ogg"}
MIN_PAUSE_SECONDS = 0.35
SILENCE_BELOW_SPEECH_DB = 25.0
SHORTEST_SPEECH_FRAMES = 6
NO_WORDS = Transcript(
    text="", words=[], language=None, engine="none", trusted=False, reason="not transcribed"
)
SNR_DB = (20, 10, 5)

Samples = np.ndarray
Span = tuple[float, float]

console = Console(width=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=60, help="of each recording, at most")
    arguments = parser.parse_args()
    files = sorted(f for f in arguments.folder.rglob("*") if f.suffix.lower() in SUFFIXES)
    sounds = {file.name: sound for file in files if (sound := read(file, arguments.seconds)).size}
    spoken = {name: sound for name, sound in sounds.items() if sd_of(ours(sound)) is not None}
    if not spoken:
        sys.exit(f"There is no recording with a voice in {arguments.folder}.")
    print_pitch(spoken)
    print_pauses(spoken)
    print_changes(spoken)
    print_noise(spoken)


def read(file: Path, seconds: float) -> Samples:
    """The sound at 16 kHz, float64, at most that many seconds; empty if there is none."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    pieces: list[Samples] = []
    try:
        with av.open(file) as container:
            if not container.streams.audio:
                return np.zeros(0)
            for frame in container.decode(audio=0):
                pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
                if sum(map(len, pieces)) > seconds * RATE:
                    break
    except av.error.FFmpegError as error:
        console.print(f"{file.name} is left out: {error}", style="dim")
    return np.concatenate([np.zeros(0), *pieces])[: round(seconds * RATE)] / 32768


def ours(sound: Samples) -> DeliveryAnalysis:
    writer = FlacWriter()
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    for first in range(0, len(samples), 4096):
        writer.write(samples[first : first + 4096])
    audio = Audio(duration_seconds=len(samples) / RATE, payload=writer.close())
    return analyse_delivery(audio, NO_WORDS)


def sd_of(analysis: DeliveryAnalysis) -> float | None:
    return analysis.measurements["pitch_sd"].value


def print_pitch(sounds: dict[str, Samples]) -> None:
    table = Table("recording", "Praat", "ours", *RESYNTHESES, "telephone", title="pitch SD, st")
    pairs = []
    for name, sound in sounds.items():
        reference, own = praat_sd(sound), sd_of(ours(sound)) or 0.0
        pairs.append((reference, own))
        changed = [sd_of(ours(made)) for made in resynthesised(sound)]
        figures = [*changed, sd_of(ours(telephone(sound)))]
        shown = ["–" if one is None else f"{one:.2f}" for one in figures]
        table.add_row(name, f"{reference:.2f}", f"{own:.2f}", *shown)
    console.print(table)
    known, measured = np.array(pairs).T
    errors = np.abs(measured - known) / known
    rank = spearmanr(known, measured)[0] if len(pairs) > 2 else float("nan")
    console.print(
        f"pitch SD against two-pass Praat: Spearman {rank:.2f}, error median "
        f"{np.median(errors):.0%}, largest {errors.max():.0%} ({len(pairs)} recordings)"
    )


def praat_track(sound: Samples, floor: float, ceiling: float) -> Samples:
    pitch = parselmouth.Sound(sound, RATE).to_pitch_ac(0.01, floor, pitch_ceiling=ceiling)
    f0 = pitch.selected_array["frequency"]
    return f0[f0 > 0]


def praat_range(sound: Samples, highest: float) -> tuple[float, float]:
    first, third = np.percentile(praat_track(sound, 75, 500), [25, 75])
    return 0.75 * first, highest * third


def praat_sd(sound: Samples) -> float:
    f0 = praat_track(sound, *praat_range(sound, 1.5))
    return float((12 * np.log2(f0 / np.median(f0))).std())


# The melody times this, and the pitch times this.
RESYNTHESES = {
    "flat": (0.0, 1.0),
    "half": (0.5, 1.0),
    "double": (2.0, 1.0),
    "+20 %": (1.0, 1.2),
    "-20 %": (1.0, 0.8),
    "octave lower": (1.0, 0.5),
}


def resynthesised(sound: Samples) -> Iterator[Samples]:
    """The recording with each melody and pitch, by Praat's overlap-add."""
    for melody, pitch in RESYNTHESES.values():
        manipulation = call(
            parselmouth.Sound(sound, RATE), "To Manipulation", 0.01, *praat_range(sound, 2.0)
        )
        tier = call(manipulation, "Extract pitch tier")
        count = range(1, call(tier, "Get number of points") + 1)
        times = [call(tier, "Get time from index", index) for index in count]
        hertz = np.array([call(tier, "Get value at index", index) for index in count])
        median = np.median(hertz)
        call(tier, "Remove points between", 0, len(sound) / RATE)
        for time, value in zip(times, pitch * median * (hertz / median) ** melody, strict=True):
            call(tier, "Add point", time, float(value))
        call([tier, manipulation], "Replace pitch tier")
        yield call(manipulation, "Get resynthesis (overlap-add)").values[0]


def telephone(sound: Samples) -> Samples:
    band = butter(4, [300, 3400], "bandpass", fs=RATE, output="sos")
    return np.asarray(sosfiltfilt(band, sound))


def print_pauses(sounds: dict[str, Samples]) -> None:
    import webrtcvad

    table = Table("recording", "agreed", "found", "ours", "false", title="pauses of 0.35 s or more")
    total = np.zeros(4, int)
    for name, sound in sounds.items():
        detector = webrtcvad.Vad(3)
        webrtc, praat = webrtc_speech(detector, sound), praat_speech(sound)
        agreed, either = references(webrtc, praat)
        speech = ours(sound).speech
        own = [(a[1], b[0]) for a, b in pairwise(speech) if b[0] - a[1] >= MIN_PAUSE_SECONDS]
        found = sum(any(shared(one, o) >= (one[1] - one[0]) / 2 for o in own) for one in agreed)
        false = sum(not any(shared(one, o) > 0.1 for o in either) for one in own)
        row = np.array([len(agreed), found, len(own), false])
        total += row
        table.add_row(name, *map(str, row))
    table.add_row("all", *map(str, total))
    console.print(table)
    console.print(
        f"found {total[1] / max(total[0], 1):.0%} of the pauses that both references have; "
        f"{total[3] / max(total[2], 1):.0%} of ours are in neither"
    )


def webrtc_speech(detector: "object", sound: Samples) -> Samples:
    """Whether there is speech in each 10 ms."""
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    return np.array(
        [
            detector.is_speech(samples[first : first + 160].tobytes(), RATE)  # type: ignore[attr-defined]
            for first in range(0, len(samples) - 159, 160)
        ]
    )


def praat_speech(sound: Samples) -> Samples:
    """Whether each 10 ms is within 25 dB of the loud speech."""
    intensity = parselmouth.Sound(sound, RATE).to_intensity(100, 0.01)
    times = np.arange(0.005, len(sound) / RATE, 0.01)
    levels = np.interp(times, intensity.xs(), np.maximum(intensity.values[0], 0))
    return np.asarray(levels > np.percentile(levels, 95) - SILENCE_BELOW_SPEECH_DB)


def references(webrtc: Samples, praat: Samples) -> tuple[list[Span], list[Span]]:
    """The pauses that both have, and those of either, between the first and the last speech."""
    frames = min(webrtc.size, praat.size)
    webrtc, praat = without_bursts(webrtc[:frames]), without_bursts(praat[:frames])
    talk = np.flatnonzero(webrtc & praat)
    if not talk.size:
        return [], []
    within = slice(talk[0], talk[-1] + 1)
    start = talk[0] / 100

    def pauses(silent: Samples) -> list[Span]:
        spans = [(start + a / 100, start + b / 100) for a, b in runs(silent[within])]
        return [(a, b) for a, b in spans if b - a >= MIN_PAUSE_SECONDS]

    return pauses(~webrtc & ~praat), pauses(~webrtc) + pauses(~praat)


def without_bursts(speech: Samples) -> Samples:
    kept = speech.copy()
    for first, last in runs(speech):
        if last - first < SHORTEST_SPEECH_FRAMES:
            kept[first:last] = False
    return kept


def runs(mask: Samples) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def shared(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def coded(rate_hz: int) -> Callable[[Samples], Samples]:
    """The sound after AAC at 64 kbit/s and this rate."""

    def change(sound: Samples) -> Samples:
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as container:
            stream = container.add_stream("aac", rate=rate_hz, layout="mono")
            stream.bit_rate = 64_000
            whole = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            frame.sample_rate = RATE
            resampler = av.AudioResampler("fltp", "mono", rate_hz, frame_size=1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        back = av.AudioResampler("s16", "mono", RATE)
        file.seek(0)
        with av.open(file) as container:
            frames = [*container.decode(audio=0), None]
            pieces = [piece.to_ndarray()[0] for one in frames for piece in back.resample(one)]
        return np.concatenate(pieces) / 32768

    return change


def padded(seconds: int) -> Callable[[Samples], Samples]:
    silence = np.zeros(seconds * RATE)
    return lambda sound: np.concatenate([silence, sound, silence])


CHANGES: dict[str, Callable[[Samples], Samples]] = {
    "-20 dB": lambda sound: 0.1 * sound,
    "+20 dB": lambda sound: np.clip(10 * sound, -1, 1),
    "AAC 44.1 kHz": coded(44_100),
    "AAC 48 kHz": coded(48_000),
    "5 s of silence": padded(5),
    "30 s of silence": padded(30),
}


def print_changes(sounds: dict[str, Samples]) -> None:
    names = ("pauses", "pitch_variety")
    table = Table("change", *names, title="largest move of a score (0 to 10), and where")
    before = {name: ours(sound).scores for name, sound in sounds.items()}
    for title, change in CHANGES.items():
        after = {name: ours(change(sound)).scores for name, sound in sounds.items()}
        cells = []
        for score in names:
            moves = {
                name: abs((after[name][score].value or 0) - (before[name][score].value or 0))
                for name in sounds
            }
            worst = max(moves, key=lambda name: moves[name])
            cells.append(f"{moves[worst]:.1f} {worst if moves[worst] else ''}")
        table.add_row(title, *cells)
    console.print(table)


def print_noise(sounds: dict[str, Samples]) -> None:
    table = Table("noise", "falls", *(f"median at {snr} dB" for snr in SNR_DB), title="dB")
    for kind in ("white", "babble", "music", "hum"):
        rows = []
        for name, sound in sounds.items():
            added = noise(kind, sound.size, tuple(s for n, s in sounds.items() if n != name))
            added *= speech_level(sound) / added.std()
            measured = [ours(sound + added * 10 ** (-snr / 20)) for snr in SNR_DB]
            values = [one.measurements["voice_over_background"].value for one in measured]
            rows.append([float("nan") if value is None else value for value in values])
        figures = np.array(rows)
        falls = int((np.diff(figures, axis=1) < 0).all(axis=1).sum())
        medians = [f"{value:.1f}" for value in np.nanmedian(figures, axis=0)]
        table.add_row(kind, f"{falls} of {len(rows)}", *medians)
    console.print(table)


def speech_level(sound: Samples) -> float:
    """The root mean square of what is within 25 dB of the loud speech."""
    powers = np.square(sound[: sound.size // 320 * 320]).reshape(-1, 320).mean(axis=1)
    return float(np.sqrt(powers[powers > np.percentile(powers, 99) * 10**-2.5].mean()))


def noise(kind: str, count: int, others: tuple[Samples, ...]) -> Samples:
    random, times = np.random.default_rng(0), np.arange(count) / RATE
    if kind == "white" or (kind == "babble" and not others):
        return random.normal(0, 1, count)
    if kind == "hum":
        return np.sum([np.sin(2 * np.pi * 50 * k * times + k) / k for k in (1, 2, 3, 4, 6)], axis=0)
    if kind == "music":
        return chords(count)
    voices = [np.resize(one / speech_level(one), count) for one in others[:8]]
    return np.sum([np.roll(one, int(random.integers(count))) for one in voices], axis=0)


@cache
def chords(count: int) -> Samples:
    random, times = np.random.default_rng(1), np.arange(count) / RATE
    made = np.zeros(count)
    for _ in range(4):
        notes = random.choice([110.0, 165, 220, 262, 330, 392, 523], count // 4_000 + 1)
        phase = 2 * np.pi * np.cumsum(notes[np.arange(count) // 4_000]) / RATE
        made += sum(np.sin(k * phase) / k for k in range(1, 6)) * np.exp(-3 * (times % 0.25))
    return made


if __name__ == "__main__":
    main()
