"""What a change of the recording may do to the scores, over the sample and real recordings.

Each change says for each score of the voice whether it must STAY (within half a point), RISE or
FALL; a score that is not named may move. No truth is needed: the recording is compared with itself.
Changes of the picture belong here as well, with a table of their own.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.model import Audio, DeliveryAnalysis, Transcript, Word
from pitchquest_assets_tests.support.places import ROOT, SHARED
from pitchquest_assets_tests.support.sounds import audio_from, audio_of, noise, transcript_of
from pitchquest_assets_tests.support.voices import RATE

pytestmark = pytest.mark.slow

RECORDINGS = {
    "sample": ROOT / "samples" / "pitch.mp4",
    "read pitch": SHARED / "media" / "pitch_tts_720p.mp4",
    "several speakers": SHARED / "media" / "pitch_30s_720p.mp4",
    "speech": SHARED / "media" / "pitch_11s_1080p.mp4",
}
SECONDS = 40
WORDS_PER_SECOND = 2.3
STAY_WITHIN = 0.5
STAY, RISE, FALL = "must stay", "must rise", "must fall"

Samples = np.ndarray


@dataclass(frozen=True)
class Change:
    """What is done to a recording, and what that must do to each score or measurement."""

    sound: Callable[[Samples], Samples]
    expected: Mapping[str, str]
    # Where a word is said after the change, from when it was said before, in seconds.
    moved: Callable[[float], float] = lambda seconds: seconds


@cache
def original(name: str) -> Samples:
    """The first 40 s of a recording, float32 at 16 kHz, at a level that leaves room for changes."""
    if not RECORDINGS[name].exists():
        pytest.skip(f"{RECORDINGS[name].name} is not part of the public repository")
    samples = np.concatenate(list(iter_blocks(audio_of(RECORDINGS[name]))))[: SECONDS * RATE]
    return samples * np.float32(0.3 / np.abs(samples).max())


def audio_with(samples: Samples) -> Audio:
    return audio_from(np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16))


def said(samples: Samples, moved: Callable[[float], float]) -> Transcript:
    """Words at an even pace, every tenth a filler, moved as the change moves them."""
    starts = np.arange(0, len(samples) / RATE - 0.4, 1 / WORDS_PER_SECOND)
    return transcript_of(
        [
            Word(
                text="um" if index % 10 == 5 else "word",
                start_seconds=moved(start),
                end_seconds=moved(start + 0.3),
                probability=1.0,
            )
            for index, start in enumerate(starts.tolist())
        ]
    )


@cache
def analysed(name: str, change: str) -> DeliveryAnalysis:
    samples, one = original(name), CHANGES[change]
    return analyse_delivery(audio_with(one.sound(samples)), said(samples, one.moved))


def padded(seconds: float) -> Change:
    silence = np.zeros(round(seconds * RATE), np.float32)
    return Change(
        lambda samples: np.concatenate([silence, samples, silence]),
        dict.fromkeys(("pace", "pauses", "fillers", "pitch_variety"), STAY),
        lambda second: second + seconds,
    )


def resampled(samples: Samples, factor: float) -> Samples:
    """As a tape runs at `factor` times its speed: tempo and pitch change together."""
    times = np.arange(0, len(samples) - 1, factor)
    return np.interp(times, np.arange(len(samples)), samples).astype(np.float32)


def through(codec: str, rate_hz: int, bit_rate: int) -> Callable[[Samples], Samples]:
    """The sound after a codec at another rate."""

    def change(samples: Samples) -> Samples:
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as container:
            stream = container.add_stream(codec, rate=rate_hz, layout="mono")
            stream.bit_rate = bit_rate
            whole = np.round(samples * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            frame.sample_rate = RATE
            resampler = av.AudioResampler("fltp", "mono", rate_hz, frame_size=1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        file.seek(0)
        back = av.AudioResampler("s16", "mono", RATE)
        with av.open(file) as container:
            pieces = [
                piece.to_ndarray()[0]
                for frame in [*container.decode(audio=0), None]
                for piece in back.resample(frame)
            ]
        return (np.concatenate(pieces) / 32768).astype(np.float32)

    return change


def telephone(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def with_noise(kind: str, snr_db: float) -> Change:
    def change(samples: Samples) -> Samples:
        added = np.resize(noise(kind, 11).astype(np.float32), len(samples))
        return samples + added * (samples.std() / added.std() * 10 ** (-snr_db / 20))

    return Change(change, {"voice_over_background": FALL})


ALL_STAY = dict.fromkeys(("pace", "pauses", "fillers", "pitch_variety"), STAY)
CHANGES = {
    "nothing": Change(lambda samples: samples, ALL_STAY),
    "20 dB quieter": Change(lambda samples: 0.1 * samples, ALL_STAY),
    "20 dB louder, overdriven": Change(lambda samples: np.clip(10 * samples, -1, 1), ALL_STAY),
    "20 dB above full scale": Change(
        lambda samples: np.clip(10 * samples / np.abs(samples).max(), -1, 1), ALL_STAY
    ),
    "5 s of silence around it": padded(5),
    "30 s of silence around it": padded(30),
    "AAC, 44.1 kHz": Change(through("aac", 44_100, 96_000), ALL_STAY),
    "AAC, 48 kHz": Change(through("aac", 48_000, 64_000), ALL_STAY),
    "a telephone": Change(telephone, {"fillers": STAY}),
    "a tape a quarter faster": Change(
        lambda samples: resampled(samples, 1.25),
        {
            "speech_rate": RISE,
            "pitch_median": RISE,
            "articulation_rate": RISE,
            "fillers_per_100_words": STAY,
            "pause_ratio": STAY,
            "pitch_variety": STAY,
        },
        lambda second: second / 1.25,
    ),
    "a tape a fifth slower": Change(
        lambda samples: resampled(samples, 0.8),
        {
            "speech_rate": FALL,
            "pitch_median": FALL,
            "articulation_rate": FALL,
            "fillers_per_100_words": STAY,
            "pitch_variety": STAY,
        },
        lambda second: second / 0.8,
    ),
    "white noise": with_noise("white noise", 10),
    "music": with_noise("music", 10),
    "hum": with_noise("hum", 10),
}


def value_of(analysis: DeliveryAnalysis, name: str) -> float:
    """The score of that name, or the measurement."""
    found = analysis.scores.get(name) or analysis.measurements[name]
    assert found.value is not None, (name, found.reason)
    return found.value


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("change", [change for change in CHANGES if change != "nothing"])
def test_a_change_of_the_recording_moves_only_the_scores_that_it_must(
    name: str, change: str
) -> None:
    before, after = analysed(name, "nothing"), analysed(name, change)
    for score, direction in CHANGES[change].expected.items():
        was, is_now = value_of(before, score), value_of(after, score)
        if direction == STAY:
            assert is_now == pytest.approx(was, abs=STAY_WITHIN), (score, was, is_now)
        else:
            assert (is_now > was) == (direction == RISE), (score, was, is_now)
            assert is_now != was, score


@pytest.mark.parametrize("name", ["sample", "read pitch", "speech"])
def test_a_telephone_band_leaves_most_of_the_pitch_variety_as_it_is(name: str) -> None:
    before, after = analysed(name, "nothing"), analysed(name, "a telephone")
    assert value_of(after, "pitch_sd") == pytest.approx(value_of(before, "pitch_sd"), rel=0.25)


@pytest.mark.parametrize("kind", ["white noise", "music", "hum"])
def test_the_voice_stands_out_less_the_louder_the_noise(kind: str) -> None:
    samples = original("sample")
    measured = []
    for snr_db in (20, 10, 5):
        mixed = audio_with(with_noise(kind, snr_db).sound(samples))
        analysis = analyse_delivery(mixed, said(samples, float))
        measured.append(value_of(analysis, "voice_over_background"))
    assert measured == sorted(set(measured), reverse=True)


def test_pauses_put_in_between_phrases_are_found_and_raise_their_share() -> None:
    samples = original("sample")
    before = analysed("sample", "nothing")
    cuts = [round((start + end) / 2 * RATE) for start, end in _gaps(before)]
    silence = np.zeros(round(0.6 * RATE), np.float32)
    longer = np.concatenate(
        [part for piece in np.split(samples, cuts) for part in (piece, silence)][:-1]
    )
    after = analyse_delivery(audio_with(longer), said(samples, float))
    assert len(_gaps(after)) == len(_gaps(before))
    added = sum(end - start for start, end in _gaps(after)) - sum(
        end - start for start, end in _gaps(before)
    )
    assert added == pytest.approx(0.6 * len(cuts), rel=0.05)


def _gaps(analysis: DeliveryAnalysis) -> list[tuple[float, float]]:
    speech = analysis.speech
    return [(left[1], right[0]) for left, right in pairwise(speech)]


def test_the_truth_of_known_recordings(shared_media: Path, shared_cases: Path) -> None:
    """Words over the time from the first voice to the last, whatever surrounds it."""
    for path, words, wpm in (
        (shared_cases / "media" / "a03_antiphase.mp4", 22, 129),
        (shared_media / "pitch_tts_720p.mp4", 192, 150),
    ):
        audio = audio_of(path)
        spoken = [
            Word(text="word", start_seconds=index, end_seconds=index, probability=1)
            for index in np.linspace(0.5, audio.duration_seconds - 1, words).tolist()
        ]
        measured = analyse_delivery(audio, transcript_of(spoken)).measurements["speech_rate"]
        assert measured.value == pytest.approx(wpm, abs=4), path.name
