"""The recordings of benchmarks/trust.py: what was said in them, and what is done to their sound."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import av.filter
import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from pitchquest_assets.media.sound import SAMPLE_RATE_HZ, read_samples
from pitchquest_assets_tests.support.pitch_texts import PITCHES
from pitchquest_assets_tests.support.places import SAMPLES, SHARED
from pitchquest_assets_tests.support.sounds import audio_of, noise, speech_file

JFK = (
    "And so my fellow Americans, ask not what your country can do for you, ask what you can do for "
    "your country."
)
ESPEAK = "espeak-ng"
VOICES = (
    *("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us-nyc"),
    *("en-us+f3", "en-gb+f2", "en-us+m3", "en-gb+croak"),
)
# Whose speech is spoilt, too; the rest is only heard as it is.
SPOILT_VOICES = ("en-us", "en-gb+f2")
SPOKEN_WORDS = 60
# Our own sentences, for engines that know English only and for those that know more.
FOREIGN = {
    "de": "Jedes Jahr werfen Krankenhäuser Medikamente weg, weil niemand weiß, was im Regal steht. "
    "Unsere Kamera zählt jede Schachtel und bestellt nach, bevor etwas fehlt.",
    "fr": "Chaque année les hôpitaux jettent des médicaments parce que personne ne sait ce qui est "
    "dans les rayons. Notre caméra compte chaque boîte et commande avant que rien ne manque.",
    "es": "Cada año los hospitales tiran medicinas porque nadie sabe lo que hay en los estantes. "
    "Nuestra cámara cuenta cada caja y pide más antes de que falte algo.",
    "it": "Ogni anno gli ospedali buttano via le medicine perché nessuno sa che cosa c'è sugli "
    "scaffali. La nostra telecamera conta ogni scatola e ordina prima che manchi qualcosa.",
    "pl": "Co roku szpitale wyrzucają leki, bo nikt nie wie, co stoi na półkach. "
    "Nasza kamera liczy każde pudełko i zamawia, zanim czegoś zabraknie.",
}

Samples = np.ndarray
"""int16 (n,), mono, 16 kHz."""


@dataclass(frozen=True)
class Recording:
    """One recording, before anything is done to it."""

    source: str
    kind: str
    text: str
    samples: Samples
    language: str = "en"


def recordings(more: Path | None) -> list[Recording]:
    """All recordings, by kind and name.

    Args:
        more: a folder of sound files, each with what is said in it in a .txt of the same name;
            one without, whose name begins with a language other than English, is taken for speech
            in which no English word is right.
    """
    found = [*_read(), *_synthetic(), *_espeak(), *_foreign(), *(_more(more) if more else ())]
    return sorted(found, key=lambda one: (one.kind, one.source))


def _read() -> Iterator[Recording]:
    folder = SHARED / "media" / "speech"
    for path in sorted(folder.glob("librivox_*.wav")):
        text = path.with_suffix(".txt").read_text()
        yield Recording(path.stem, "read", text, _samples(path))
    if (jfk := folder / "jfk.flac").exists():
        yield Recording("jfk", "read", JFK, _samples(jfk))


def _synthetic() -> Iterator[Recording]:
    cues = (SAMPLES / "pitch.vtt").read_text().split("\n\n")[1:]
    text = " ".join(line for cue in cues for line in cue.split("\n")[1:])
    yield Recording("flite", "synthetic", text, read_samples(audio_of(SAMPLES / "pitch.mp4")))
    if (video := SHARED / "media" / "pitch_tts_720p.mp4").exists():
        text = (SHARED / "media" / "pitch_script.txt").read_text()
        yield Recording("pitch_tts", "synthetic", text, read_samples(audio_of(video)))


def _espeak() -> Iterator[Recording]:
    texts = [" ".join(pitch.text.split()[:SPOKEN_WORDS]) for pitch in PITCHES.values()]
    for index, voice in enumerate(VOICES if shutil.which(ESPEAK) else ()):
        text = texts[index % len(texts)]
        kind = "espeak-ng, spoilt too" if voice in SPOILT_VOICES else "espeak-ng"
        yield Recording(f"espeak {voice}", kind, text, spoken(voice, text))


def _foreign() -> Iterator[Recording]:
    for language, text in FOREIGN.items() if shutil.which(ESPEAK) else ():
        samples = spoken(language, text)
        yield Recording(f"espeak {language}", "other language", text, samples, language)


def _more(folder: Path) -> Iterator[Recording]:
    for path in sorted(folder.iterdir()):
        text, language = path.with_suffix(".txt"), path.stem[:2]
        if path.suffix == ".txt":
            continue
        if text.exists():
            yield Recording(path.stem, "prompts", text.read_text(), _samples(path))
        else:
            yield Recording(path.stem, "other language", "", _samples(path), language)


def spoken(voice: str, text: str, *options: str) -> Samples:
    """The text in a voice of espeak-ng."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        subprocess.run([ESPEAK, "-v", voice, *options, "-w", str(path), "--", text], check=True)
        return _samples(path)


def _samples(path: Path) -> Samples:
    return read_samples(speech_file(path))


def variants(recording: Recording, others: Sequence[Recording]) -> Iterator[tuple[str, Samples]]:
    """The sound as it is, and spoilt in every way if it is English, by name.

    Args:
        others: whose voices make the babble.
    """
    if recording.language != "en":
        yield "clean", recording.samples
        return
    clean = recording.samples.astype(np.float64)
    white = np.random.default_rng(0).normal(0, 1, len(clean))
    yield "clean", recording.samples
    for ratio in (20, 10, 5, 0):
        yield f"noise {ratio} dB", _as_samples(_mixed(clean, white, ratio))
    for name, change in _CHANGES.items():
        yield name, _as_samples(change(clean))
    yield "babble 10 dB", _as_samples(_mixed(clean, _babble(others, len(clean)), 10))


def _mixed(clean: np.ndarray, added: np.ndarray, ratio_db: float) -> np.ndarray:
    levels = [np.sqrt(np.mean(one**2)) for one in (clean, added)]
    return clean + added * levels[0] / levels[1] * 10 ** (-ratio_db / 20)


def _as_samples(made: np.ndarray) -> Samples:
    """As loud as fits."""
    return (made * min(1.0, 32_000 / np.abs(made).max())).astype(np.int16)


def _in_a_room(clean: np.ndarray, *, direct: float) -> np.ndarray:
    """With the reverberation of a hard room, which dies away by 60 dB in 0.8 s."""
    time = np.arange(round(0.8 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = np.random.default_rng(1).normal(0, 1, len(time)) * 10 ** (-3 * time / 0.8)
    echo = fftconvolve(clean, tail / np.sqrt(np.sum(tail**2)))[: len(clean)]
    return direct * clean + echo


def _by_phone(clean: np.ndarray) -> np.ndarray:
    band = butter(6, (300, 3400), "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    heard = sosfilt(band, clean) / 32_768
    # As coarse as the telephone's 8 bits.
    bits = np.round(np.sign(heard) * np.log1p(255 * np.abs(heard)) / np.log(256) * 127) / 127
    return np.sign(bits) * (256 ** np.abs(bits) - 1) / 255 * 32_768


def _from_afar(clean: np.ndarray) -> np.ndarray:
    dull = sosfilt(butter(2, 4000, fs=SAMPLE_RATE_HZ, output="sos"), clean)
    white = np.random.default_rng(2).normal(0, 1, len(clean))
    return 0.1 * _mixed(_in_a_room(dull, direct=0.4), white, 15)


def _with_music(clean: np.ndarray) -> np.ndarray:
    seconds = len(clean) // SAMPLE_RATE_HZ + 1
    return _mixed(clean, noise("music", seconds)[: len(clean)].astype(np.float64), 10)


def _clipped(clean: np.ndarray) -> np.ndarray:
    return np.clip(clean, *np.quantile(clean, (0.05, 0.95)))


def _faster(clean: np.ndarray) -> np.ndarray:
    """One and a half times as fast, at the same pitch."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="s16", sample_rate=SAMPLE_RATE_HZ, layout="mono")
    tempo, sink = graph.add("atempo", "1.5"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(_as_samples(clean)[None], format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE_HZ
    graph.push(frame)
    graph.push(None)
    made = []
    while True:
        try:
            made.append(graph.pull().to_ndarray()[0])
        except (av.BlockingIOError, av.EOFError):
            return np.concatenate(made).astype(np.float64)


_CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "reverberation": lambda clean: _in_a_room(clean, direct=1.0),
    "phone": _by_phone,
    "music 10 dB": _with_music,
    "1.5 times as fast": _faster,
    "far microphone": _from_afar,
    "clipped": _clipped,
}


def _babble(others: Sequence[Recording], count: int) -> np.ndarray:
    """Four other voices at once, over and over."""
    voices = [np.resize(one.samples, count).astype(np.float64) for one in others[::3][:4]]
    return np.sum([voice / np.sqrt(np.mean(voice**2)) for voice in voices], axis=0)
