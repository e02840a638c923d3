"""Make the sample that ships, pitch.mp4 and pitch.vtt: `python samples/make_sample.py`.

An invented company's pitch, read by a synthetic voice over a still portrait that a virtual camera
moves. It is built sentence by sentence, so the caption times are those of the sound. It needs the
command `flite` (Debian package flite); all else is in the base install. See README.md for sources.
"""

import subprocess
import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import numpy.typing as npt
import parselmouth
from parselmouth.praat import call

FOLDER = Path(__file__).resolve().parent
SAMPLE_RATE_HZ = 16_000  # flite's own
FPS = 25
WIDTH_PX, HEIGHT_PX = 960, 540
VIDEO_CRF = 31
AUDIO_BIT_RATE = 48_000
KEYFRAME_SECONDS = 2

VOICE = "slt"
F0_FLOOR_HZ, F0_CEILING_HZ = 75.0, 400.0
F0_EXPANSION = 2.2  # flite's melody is flat: log intervals from the median are widened by this
SILENCE_AMPLITUDE = 0.01  # of full scale: what flite adds around a sentence stays below it
ROOM_TONE_AMPLITUDE = 0.0006
SPEECH_PEAK = 0.6
TAIL_SECONDS = 1.2

VIEW_HEIGHT_PX = 350.0  # of the portrait's pixels, at the start
ZOOM_PX = 26.0  # the view shrinks by this over the whole video
VIEW_CENTRE_PX = (228.0, 165.0)
MARGIN_PX = 240
SPEAKER_ELLIPSES_PX = (((228, 100), (84, 100)), ((195, 380), (185, 205)))  # head, body
BACKDROP_PX = np.s_[10:60, 100:145]  # a patch of plain backdrop, for what lies outside the picture
BACKGROUND_BLUR_PX = 10.0
DENOISE = 3
SHIFT_SECONDS = 0.7
SWAY_PX, SWAY_PERIOD_SECONDS = 2.0, 7.0
TITLE_SECONDS = 2.4
DIM_LIGHT = 0.22

LABEL = (
    "Stand-in portrait: Eileen Collins, NASA; no endorsement. Synthetic voice, invented company."
)
INK, PAPER, ACCENT = (44, 33, 22), (240, 244, 246), (150, 110, 20)  # BGR

Samples = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]


class Sentence(NamedTuple):
    """One caption: its words, the silence before it, and how it is said and shown."""

    text: str
    gap_seconds: float = 0.4
    stretch: float = 1.04  # of flite's durations: above 1 is slower
    register: float = 1.0  # of the voice's median F0
    gain_db: float = 0.0
    shift_px: float = 0.0  # where the speaker stands, in the portrait's pixels from the middle


class Cue(NamedTuple):
    """A sentence with the seconds at which its sound starts and ends."""

    start_seconds: float
    end_seconds: float
    sentence: Sentence


# Weak on purpose: "um" twice, "you know" once, 2.6 s of silence with the light going down, and a
# competition part that names nobody and is said off centre.
SCRIPT = (
    Sentence(
        "Every winter, thousands of families lose their homes to a leaking pipe, "
        "because nobody hears it until the ceiling comes down.",
        0.6,
        stretch=1.08,
    ),
    Sentence(
        "Last year, one leak in my own building put forty of us on the street.",
        gain_db=-1.5,
        register=0.95,
        shift_px=-9,
    ),
    Sentence("We are Tin Otter.", 0.7, stretch=1.2, register=1.1, gain_db=1.0, shift_px=4),
    Sentence(
        "Our sensor clips onto a pipe, listens day and night, "
        "and calls the plumber before the first drop falls.",
        0.5,
        register=1.05,
        shift_px=10,
    ),
    Sentence(
        "It saves a landlord about nine thousand dollars a year in every building.", shift_px=-4
    ),
    Sentence(
        "The market is large: this country has two million apartment buildings, "
        "and their owners pay ten billion dollars a year for water damage.",
        0.6,
        stretch=0.98,
        shift_px=6,
    ),
    Sentence(
        "Why now? Today, a microphone that costs one dollar runs for five years on one battery, "
        "and insurers are asking for it.",
        0.6,
        register=1.08,
        gain_db=1.0,
        shift_px=-8,
    ),
    Sentence(
        "Our competitors, um, they sell, you know, other alarms, but we think that ours is better.",
        2.6,
        stretch=1.1,
        register=0.92,
        gain_db=-2.0,
        shift_px=146,
    ),
    Sentence(
        "We charge two dollars per apartment per month, and our margin is seventy percent.",
        0.7,
        shift_px=5,
    ),
    Sentence(
        "Since March, um, we have signed fourteen paying customers, "
        "and revenue has grown by a quarter every month.",
        register=1.05,
        gain_db=1.0,
        shift_px=-7,
    ),
    Sentence(
        "I was a plumber for twelve years, and my co-founder Maria built hearing aids.",
        0.6,
        register=0.97,
        shift_px=8,
    ),
    Sentence(
        "We are raising six hundred thousand dollars "
        "to protect three hundred buildings by next summer.",
        0.6,
        register=1.03,
        gain_db=1.0,
        shift_px=-3,
    ),
    Sentence("Help us keep every ceiling dry. Thank you.", 0.5, stretch=1.12, register=1.06),
)
TITLE_CUE, PAUSE_CUE = 2, 7  # the sentences shown as a slide, and said after the long pause


def speak(sentence: Sentence) -> Samples:
    """The sentence as 16 kHz mono, −1 to 1, cut to where it sounds, with a livelier melody."""
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "sentence.wav"
        subprocess.run(
            [
                *("flite", "-voice", VOICE, "--setf", f"duration_stretch={sentence.stretch}"),
                *("-t", sentence.text, "-o", str(wav)),
            ],
            check=True,
        )
        sound = parselmouth.Sound(str(wav))
    manipulation = call(sound, "To Manipulation", 0.01, F0_FLOOR_HZ, F0_CEILING_HZ)
    melody = call(manipulation, "Extract pitch tier")
    median_hz = call(sound.to_pitch(), "Get quantile", 0, 0, 0.5, "Hertz")
    centre_hz = median_hz * sentence.register
    call(melody, "Formula", f"{centre_hz} * (self / {median_hz}) ^ {F0_EXPANSION}")
    call([melody, manipulation], "Replace pitch tier")
    samples = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    sounding = np.flatnonzero(np.abs(samples) > SILENCE_AMPLITUDE)
    samples = samples[sounding[0] : sounding[-1] + 1]
    level = 10 ** (sentence.gain_db / 20) / np.sqrt(np.mean(samples**2))
    return np.asarray(samples * level)


def record() -> tuple[Samples, list[Cue]]:
    """The whole pitch over a faint room tone, and when each sentence sounds."""
    pieces, cues, clock = [], [], 0
    for sentence in SCRIPT:
        silence = np.zeros(round(sentence.gap_seconds * SAMPLE_RATE_HZ))
        spoken = speak(sentence)
        start = clock + len(silence)
        clock = start + len(spoken)
        pieces += [silence, spoken]
        cues.append(Cue(start / SAMPLE_RATE_HZ, clock / SAMPLE_RATE_HZ, sentence))
    sound = np.concatenate([*pieces, np.zeros(round(TAIL_SECONDS * SAMPLE_RATE_HZ))])
    sound *= SPEECH_PEAK / np.max(np.abs(sound))
    noise = np.random.default_rng(7).normal(0, ROOM_TONE_AMPLITUDE, len(sound))
    return sound + noise, cues


def vtt_time(seconds: float) -> str:
    """Seconds as WebVTT's mm:ss.mmm."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def write_captions(cues: list[Cue], path: Path) -> None:
    """One WebVTT cue for each sentence."""
    blocks = [
        f"{vtt_time(cue.start_seconds)} --> {vtt_time(cue.end_seconds)}\n{cue.sentence.text}\n"
        for cue in cues
    ]
    path.write_text("\n".join(["WEBVTT\n", *blocks]), encoding="utf-8")


def smooth(t: float, start: float, end: float) -> float:
    """0 before `start`, 1 after `end`, smoothstep between."""
    x = min(max((t - start) / (end - start), 0.0), 1.0)
    return x * x * (3 - 2 * x)


def stage() -> Image:
    """The portrait, sharp where the speaker is, and plain backdrop around it.

    Less grain and a soft background make the keyframes small.
    """
    portrait = np.asarray(cv2.imread(str(FOLDER / "portrait.jpg")))
    portrait = cv2.fastNlMeansDenoisingColored(portrait, h=DENOISE, hColor=DENOISE)
    around, backdrop = MARGIN_PX, portrait[BACKDROP_PX].mean(axis=(0, 1)).tolist()
    scene = cv2.copyMakeBorder(
        portrait, around, around, around, around, cv2.BORDER_CONSTANT, value=backdrop
    )
    sharp = np.zeros(scene.shape[:2], np.float32)
    for centre, radii in SPEAKER_ELLIPSES_PX:
        middle = (centre[0] + MARGIN_PX, centre[1] + MARGIN_PX)
        cv2.ellipse(sharp, middle, radii, 0, 0, 360, 1, -1)
    sharp = cv2.GaussianBlur(sharp, (0, 0), BACKGROUND_BLUR_PX)[:, :, None]
    soft = cv2.GaussianBlur(scene, (0, 0), BACKGROUND_BLUR_PX)
    return np.asarray(scene * sharp + soft * (1 - sharp), np.uint8)


def title_slide() -> Image:
    """The company's name on a plain slide: some seconds without a face."""
    slide = np.full((HEIGHT_PX, WIDTH_PX, 3), PAPER, np.uint8)
    font = cv2.FONT_HERSHEY_DUPLEX
    cv2.rectangle(slide, (96, 196), (104, 336), ACCENT, -1)
    cv2.putText(slide, "Tin Otter", (136, 262), font, 2.6, INK, 3, cv2.LINE_AA)
    subtitle = "It hears the leak before you see it"
    cv2.putText(slide, subtitle, (138, 326), font, 1.0, ACCENT, 1, cv2.LINE_AA)
    return slide


def view(scene: Image, cues: list[Cue], t: float, duration: float) -> Image:
    """What the virtual camera sees at `t` seconds: slow zoom, sway, a step at each sentence."""
    height = VIEW_HEIGHT_PX - ZOOM_PX * smooth(t, 0, duration)
    scale = HEIGHT_PX / height
    step = 0.0
    for before, cue in pairwise(cues):
        middle = (before.end_seconds + cue.start_seconds) / 2
        part = smooth(t, middle - SHIFT_SECONDS / 2, middle + SHIFT_SECONDS / 2)
        step += (cue.sentence.shift_px - before.sentence.shift_px) * part
    phase = 2 * np.pi * t / SWAY_PERIOD_SECONDS
    x = VIEW_CENTRE_PX[0] + MARGIN_PX - step + SWAY_PX * np.sin(phase)
    y = VIEW_CENTRE_PX[1] + MARGIN_PX + SWAY_PX / 2 * np.cos(2 * phase)
    matrix = np.array([[scale, 0, WIDTH_PX / 2 - scale * x], [0, scale, HEIGHT_PX / 2 - scale * y]])
    size = (WIDTH_PX, HEIGHT_PX)
    picture = cv2.warpAffine(scene, matrix, size, flags=cv2.INTER_CUBIC)
    dark = smooth(t, cues[PAUSE_CUE - 1].end_seconds + 0.2, cues[PAUSE_CUE - 1].end_seconds + 0.6)
    dark -= smooth(t, cues[PAUSE_CUE].start_seconds - 0.4, cues[PAUSE_CUE].start_seconds)
    return np.asarray(picture * (1 - (1 - DIM_LIGHT) * dark), np.uint8)


def label(picture: Image) -> Image:
    """The picture with the line that says what it is made of."""
    cv2.rectangle(picture, (0, HEIGHT_PX - 26), (WIDTH_PX, HEIGHT_PX), INK, -1)
    where = (14, HEIGHT_PX - 8)
    cv2.putText(picture, LABEL, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, PAPER, 1, cv2.LINE_AA)
    return picture


def write_video(sound: Samples, cues: list[Cue], path: Path) -> None:
    """H.264 with a keyframe every two seconds, and AAC."""
    duration = len(sound) / SAMPLE_RATE_HZ
    scene, slide = stage(), title_slide()
    title_start = cues[TITLE_CUE].start_seconds - 0.3
    options = {"crf": str(VIDEO_CRF), "preset": "veryslow", "sc_threshold": "0"}
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.gop_size = FPS * KEYFRAME_SECONDS
        audio = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        audio.bit_rate = AUDIO_BIT_RATE
        for index in range(round(duration * FPS)):
            t = index / FPS
            titled = title_start <= t < title_start + TITLE_SECONDS
            picture = label(slide.copy() if titled else view(scene, cues, t, duration))
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        block = np.round(sound * 32_767).astype(np.int16)[None, :]
        samples = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        samples.rate, samples.pts = SAMPLE_RATE_HZ, 0
        for encodable in av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ).resample(samples):
            container.mux(audio.encode(encodable))
        container.mux(audio.encode(None))


def main() -> None:
    """Write both files beside this script."""
    sound, cues = record()
    write_captions(cues, FOLDER / "pitch.vtt")
    write_video(sound, cues, FOLDER / "pitch.mp4")


if __name__ == "__main__":
    main()
