"""What Whisper hears with real weights, tiny.en: by itself, and by the command without captions."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel

from pitchquest_assets.analysis.content.local import judge_content
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.analysis.delivery.fillers import FILLED_PAUSES
from pitchquest_assets.engines.transcription import whisper
from pitchquest_assets.engines.transcription.other_languages import transcribe_any_language
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper
from pitchquest_assets.engines.weights.fetch import fetch_whisper
from pitchquest_assets.engines.weights.files import find
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.media import speech_pieces
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.model import Audio, Event, Transcript
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.hesitations import with_hesitations
from pitchquest_assets_tests.support.onsets import first_words_late, onsets
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.sounds import (
    RATE,
    SPEECHLESS,
    audio_from,
    audio_of,
    noise,
    silence,
    speech_file,
)
from pitchquest_assets_tests.support.word_errors import word_errors

JFK = (
    "And so my fellow Americans, ask not what your country can do for you, ask what you can do for "
    "your country."
)
SPANISH = (
    "Cada año los hospitales de este país tiran medicinas por dos mil millones de euros, porque "
    "nadie sabe lo que hay en el estante. Las enfermeras cuentan los frascos a mano, de noche."
)


def hear(models: Path, audio: Audio) -> Transcript:
    return transcribe_whisper(models / "whisper-tiny.en", "tiny.en", audio, "hint", wanted="cpu")


def test_read_sentences_are_heard(tiny_en: Path, shared_media: Path) -> None:
    wrong = said = 0
    for path in sorted((shared_media / "speech").glob("librivox_*.wav")):
        heard = hear(tiny_en, speech_file(path))
        assert heard.trusted
        errors, words = word_errors(path.with_suffix(".txt").read_text(), heard.text)
        wrong, said = wrong + errors, said + words
    assert wrong / said <= 0.08


def under_noise(samples: np.ndarray, ratio_db: float) -> np.ndarray:
    """The sound, quieter, under white noise; int16."""
    level = np.std(samples) * 10 ** (-ratio_db / 20)
    mixed = samples + np.random.default_rng(0).normal(0, level, len(samples))
    return np.clip(mixed / 4, -32_000, 32_000).astype(np.int16)


@pytest.mark.parametrize(("ratio_db", "is_right"), [(60.0, True), (-10.0, False)])
def test_many_errors_are_expected_where_there_are_many_and_few_where_there_are_few(
    tiny_en: Path, shared_media: Path, ratio_db: float, is_right: bool
) -> None:
    samples = sound_of(shared_media / "speech" / "jfk.flac")
    heard = hear(tiny_en, audio_from(under_noise(samples, ratio_db)))
    wrong, said = word_errors(JFK, heard.text)
    assert (wrong / said <= 0.2) == is_right
    assert heard.expected_wer is not None
    assert (heard.expected_wer <= 0.2) == is_right


def test_every_word_of_a_famous_sentence_is_heard(tiny_en: Path, shared_media: Path) -> None:
    heard = hear(tiny_en, speech_file(shared_media / "speech" / "jfk.flac"))
    assert word_errors(JFK, heard.text) == (0, 22)
    assert heard.trusted


def test_words_begin_where_the_sound_does_after_a_pause(tiny_en: Path, shared_media: Path) -> None:
    paths = [path for path in (shared_media / "speech").iterdir() if path.suffix != ".txt"]
    pieces = [piece for path in sorted(paths) for piece in (silence(0.5), sound_of(path))]
    samples = np.concatenate(pieces)
    heard = hear(tiny_en, audio_from(samples))
    late = np.abs(list(first_words_late(onsets(samples), heard.words)))
    assert len(late) >= 8
    assert np.median(late) <= 0.06
    assert np.quantile(late, 0.95) <= 0.25


def sound_of(path: Path) -> np.ndarray:
    return read_samples(speech_file(path))


def test_speech_that_got_no_words_is_heard_again(
    tiny_en: Path, shared_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = BatchedInferencePipeline.transcribe

    def begin_in_the_middle(self: Any, *args: Any, **options: Any) -> Any:
        segments, info = together(self, *args, **options)
        found = list(segments)
        for one in found:
            one.words = [word for word in one.words if word.start > 8]
        return found, info

    monkeypatch.setattr(BatchedInferencePipeline, "transcribe", begin_in_the_middle)
    heard = hear(tiny_en, speech_file(shared_media / "speech" / "jfk.flac"))
    assert word_errors(JFK, heard.text) == (0, 22)


def test_speech_that_got_no_words_twice_is_heard_by_itself(
    tiny_en: Path, shared_media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {kind: kind.transcribe for kind in (BatchedInferencePipeline, WhisperModel)}

    def stop_in_the_middle(self: Any, sound: Any, *args: Any, **options: Any) -> Any:
        segments, info = real[type(self)](self, sound, *args, **options)
        found = list(segments)
        if len(sound) > 10 * RATE:
            for one in found:
                one.words = [word for word in one.words if word.end < 4.4]
        return found, info

    for kind in real:
        monkeypatch.setattr(kind, "transcribe", stop_in_the_middle)
    heard = hear(tiny_en, speech_file(shared_media / "speech" / "jfk.flac"))
    assert word_errors(JFK, heard.text)[0] <= 1


def test_what_is_not_english_is_not_trusted_and_it_is_said_why(
    tiny_en: Path, shared_media: Path
) -> None:
    backwards = speech_file(shared_media / "speech" / "librivox_0870.wav")
    samples = read_samples(backwards, 0.0, backwards.duration_seconds)[::-1]
    heard = hear(tiny_en, audio_from(samples))
    assert not heard.trusted
    assert "perhaps because it is not English, which is all that tiny.en knows" in (
        heard.reason or ""
    )


def test_spanish_is_heard_by_base_where_tiny_en_was_asked_for(
    tiny_en: Path, tmp_path: Path
) -> None:
    """Needs espeak-ng, and base in the cache of weights."""
    if not (find("whisper-base", tiny_en) and shutil.which("espeak-ng")):
        pytest.skip("whisper-base is not in the cache of weights, or espeak-ng is not installed")
    said = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-v", "es", "-s", "150", "-w", said, SPANISH], check=True)
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None, models=tiny_en, whisper_model="tiny.en", downloads="off", device="cpu"
    )
    found = fetch_whisper(settings, log_progress(print))
    assert found is not None
    heard = transcribe_any_language(found, speech_file(said), settings, "hint")
    assert (heard.model, heard.language) == ("base", "es")
    assert "hospitales" in heard.text
    content = judge_content(heard.model_copy(update={"trusted": True}), load_rubric())
    assert "the local judge reads English only, and the language is 'es'" in (
        content.items[0].reason or ""
    )


def heard_only(heard: Transcript, audio: Audio) -> list[Event]:
    events = analyse_delivery(audio, heard.model_copy(update={"trusted": True})).events
    return [event for event in events if not event.transcribed]


def test_in_read_speech_no_hesitation_is_made_up(tiny_en: Path, shared_media: Path) -> None:
    for path in sorted((shared_media / "speech").glob("*.[wf]*")):
        audio = speech_file(path)
        assert heard_only(hear(tiny_en, audio), audio) == [], path.name


def test_a_hesitation_that_whisper_drops_is_found_where_it_is(
    tiny_en: Path, shared_media: Path
) -> None:
    clean = speech_file(shared_media / "speech" / "jfk.flac")
    samples, spans = with_hesitations(read_samples(clean, 0.0, clean.duration_seconds), seed=0)
    audio = audio_from(samples)
    transcript = hear(tiny_en, audio)
    # As if Whisper had dropped them all.
    words = [
        word for word in transcript.words if word.text.strip(",.").lower() not in FILLED_PAUSES
    ]
    found = heard_only(transcript.model_copy(update={"words": words}), audio)
    assert found
    assert all(
        any(one.start_seconds < end and one.end_seconds > start for start, end in spans)
        for one in found
    )


@pytest.fixture(scope="module")
def sample(tiny_en: Path) -> Transcript:
    """The sample pitch, whose speaker says "um" and "you know"."""
    return hear(tiny_en, audio_of(SAMPLE_PITCH))


def test_the_sample_is_heard_and_trusted(sample: Transcript) -> None:
    assert sample.trusted
    assert "thousands of families lose their homes" in sample.text
    assert (sample.reason, sample.warnings) == (None, [])


def test_percent_signs_and_hyphens_stay_with_their_words(sample: Transcript) -> None:
    words = [word.text for word in sample.words]
    assert "70%." in words
    assert "co-founder" in words
    assert not [word for word in words if word[0] in "%-" or " " in word]


def test_words_come_in_order_and_never_last_for_less_than_nothing(sample: Transcript) -> None:
    starts = [word.start_seconds for word in sample.words]
    assert starts == sorted(starts)
    assert all(word.start_seconds <= word.end_seconds for word in sample.words)


@pytest.mark.parametrize("kind", [kind for kind in SPEECHLESS if kind != "singing"])
def test_nothing_is_heard_where_nobody_speaks_and_the_reason_is_told(
    tiny_en: Path, kind: str
) -> None:
    heard = hear(tiny_en, audio_from(noise(kind, seconds=30)))
    assert (heard.words, heard.trusted) == ([], False)
    assert heard.reason == "no words were recognised: there is no voice in the sound"


@pytest.mark.parametrize("kind", ["silence", "white noise", "music"])
def test_minutes_without_a_voice_give_no_word_and_no_error_rate_with_the_reason(
    tiny_en: Path, kind: str
) -> None:
    heard = hear(tiny_en, audio_from(noise(kind, seconds=120)))
    reason = "no words were recognised: there is no voice in the sound"
    assert (heard.words, heard.trusted, heard.reason) == ([], False, reason)
    assert (heard.expected_wer, heard.expected_wer_reason) == (None, reason)


PEAK_OF_A_TRANSCRIPTION = """
import re, sys
from pathlib import Path
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper
from pitchquest_assets.model import Audio

audio = Audio(payload=Path(sys.argv[1]).read_bytes(), duration_seconds=float(sys.argv[2]))
heard = transcribe_whisper(Path(sys.argv[3]), "tiny.en", audio, "", wanted="cpu")
assert not heard.words
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells its peak on Linux only")
def test_memory_does_not_grow_with_a_sound_in_which_nobody_speaks(
    tiny_en: Path, tmp_path: Path
) -> None:
    peaks = []
    for minutes in (1, 12):
        audio = audio_from(np.tile(noise("white noise", seconds=60), minutes))
        path = tmp_path / f"{minutes}.flac"
        path.write_bytes(audio.payload)
        command = [sys.executable, "-c", PEAK_OF_A_TRANSCRIPTION, str(path)]
        done = subprocess.run(
            [*command, str(audio.duration_seconds), str(tiny_en / "whisper-tiny.en")],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout) - len(audio.payload))
    decoded_bytes = 11 * 60 * RATE * np.dtype(np.float32).itemsize
    assert peaks[1] - peaks[0] < decoded_bytes / 2, [round(peak / 1e6) for peak in peaks]


def test_what_is_made_up_on_something_like_a_voice_is_left_out(tiny_en: Path) -> None:
    heard = hear(tiny_en, audio_from(noise("singing", seconds=60)))
    assert (heard.words, heard.trusted) == ([], False)
    assert "no words were recognised: " in (heard.reason or "")


@pytest.mark.parametrize("kind", ["white noise", "music"])
def test_nothing_is_made_up_where_a_voice_was_suspected(
    tiny_en: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspected = ((0.0, 7.5),)
    monkeypatch.setattr(speech_pieces, "voice_of", lambda audio: suspected)
    monkeypatch.setattr(whisper, "voice_of", lambda audio: suspected)
    heard = hear(tiny_en, audio_from(noise(kind, seconds=8)))
    assert (heard.words, heard.trusted) == ([], False)
    assert "no words were recognised: " in (heard.reason or "")


@pytest.fixture(scope="module")
def pitch(pitchquest: Command, shared_media: Path, tiny_en: Path) -> Any:
    done = pitchquest(
        *("analyze", shared_media / "pitch_tts_720p.mp4", "--json", "-"),
        PITCHQUEST_TRANSCRIBER="auto",
        PITCHQUEST_WHISPER_MODEL="tiny.en",
        PITCHQUEST_MODELS=str(tiny_en),
    )
    assert done.code == 0, done.err
    return done.json()


def test_the_transcript_is_trusted_and_right(pitch: Any, shared_media: Path) -> None:
    transcript = pitch["metadata"]["transcript"]
    assert (transcript["engine"], transcript["trusted"]) == ("whisper", True)
    wrong, said = word_errors((shared_media / "pitch_script.txt").read_text(), transcript["text"])
    assert wrong / said <= 0.15
    assert " %" not in transcript["text"]
    assert " -" not in transcript["text"]


def test_the_result_names_the_model_and_where_it_came_from(pitch: Any) -> None:
    assert pitch["metadata"]["models_used"]["transcription"] == "whisper: tiny.en"
    assert pitch["metadata"]["transcript"]["model_source"]


def test_all_items_of_the_content_are_found(pitch: Any) -> None:
    items = pitch["results"]["content_analysis"]["items"]
    assert len(items) == 10
    assert all(item["score"] for item in items)
    assert pitch["metadata"]["parts"]["content"]["coverage"] == 1.0


def test_the_pace_is_that_of_the_script(pitch: Any) -> None:
    rate = pitch["results"]["delivery_analysis"]["measurements"]["speech_rate"]["value"]
    assert rate == pytest.approx(149.5, rel=0.03)
