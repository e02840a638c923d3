"""Forced alignment on real speech and on the synthetic voice."""

import random
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.engines.transcription.alignment import Aligner
from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions
from pitchquest_assets.engines.transcription.script_alignment import align_by_anchors
from pitchquest_assets.media.caption_files import Cue
from pitchquest_assets.media.sound import iter_blocks, read_samples
from pitchquest_assets.media.voice import speech_spans
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets_tests.support.sounds import audio_from, audio_of, share_inside, speech_file

JFK = (
    "And so, my fellow Americans: ask not what your country can do for you, "
    "ask what you can do for your country."
)


@pytest.fixture(scope="module")
def jfk(shared_media: Path) -> Audio:
    return speech_file(shared_media / "speech" / "jfk.flac")


@pytest.fixture(scope="module")
def pitch(shared_media: Path) -> Audio:
    return audio_of(shared_media / "pitch_tts_720p.mp4")


@pytest.fixture(scope="module")
def script(shared_media: Path) -> str:
    return (shared_media / "pitch_script.txt").read_text()


def assert_in_order(transcript: Transcript) -> None:
    starts = [word.start_seconds for word in transcript.words]
    assert starts == sorted(starts)
    assert all(word.end_seconds >= word.start_seconds for word in transcript.words)


def test_words_of_a_known_text_are_placed_in_speech(pitch: Audio, script: str) -> None:
    transcript = transcribe_captions([Cue(script)], pitch, "en")
    assert_in_order(transcript)
    assert [word.text for word in transcript.words] == script.split()
    middles = [(word.start_seconds + word.end_seconds) / 2 for word in transcript.words]
    assert (share_inside(middles, speech_spans(iter_blocks(pitch))) or 0) >= 0.95
    assert transcript.trusted


def test_a_persons_own_words_are_trusted(jfk: Audio) -> None:
    transcript = transcribe_captions([Cue(JFK)], jfk, "en")
    assert transcript.trusted
    assert (transcript.mean_probability or 0) > 0.95
    # "ask what you can do" begins after the long pause in the middle of the recording.
    second_ask = [word for word in transcript.words if word.text == "ask"][1]
    assert second_ask.start_seconds == pytest.approx(8.2, abs=0.5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_words_that_were_not_said_are_not_trusted(jfk: Audio, script: str, seed: int) -> None:
    wrong = " ".join(random.Random(seed).sample(script.split(), 22))
    transcript = transcribe_captions([Cue(wrong)], jfk, "en")
    assert not transcript.trusted
    assert "do not fit the sound" in (transcript.reason or "")


@pytest.mark.parametrize("unsaid", ["raising nine million dollars to open a factory in Ohio"])
def test_a_sentence_that_was_not_said_is_left_out_with_a_warning(
    pitch: Audio, script: str, unsaid: str
) -> None:
    words = script.split()
    added = " ".join([*words[:90], *unsaid.split(), *words[90:]])
    transcript = transcribe_captions([Cue(added)], pitch, "en")
    assert transcript.trusted
    assert "factory in Ohio" not in transcript.text
    assert len(transcript.words) == pytest.approx(192, abs=6)
    assert "words of the captions are not heard" in transcript.warnings[0]


def test_captions_of_something_much_longer_are_not_trusted(jfk: Audio, script: str) -> None:
    transcript = transcribe_captions([Cue(script)], jfk, "en")
    assert not transcript.trusted
    assert "more than anyone says" in (transcript.reason or "")


def test_cues_after_the_end_of_a_file_that_was_cut_short_are_left_out(
    jfk: Audio, script: str
) -> None:
    transcript = transcribe_captions([Cue(JFK, 0.0, 10.6), Cue(script, 12.0, 80.0)], jfk, "en")
    assert transcript.trusted
    assert transcript.text == JFK


def test_captions_that_are_half_wrong_are_not_trusted(jfk: Audio, script: str) -> None:
    half = " ".join(JFK.split()[:11] + script.split()[20:31])
    assert not transcribe_captions([Cue(half)], jfk, "en").trusted


def test_cue_times_that_are_a_second_off_are_mended(jfk: Audio) -> None:
    exact = transcribe_captions([Cue(JFK, 0.0, 10.6)], jfk, "en")
    early = transcribe_captions([Cue(JFK, 0.0, 9.6)], jfk, "en")
    assert early.trusted
    differences = [
        abs(a.start_seconds - b.start_seconds)
        for a, b in zip(exact.words, early.words, strict=True)
    ]
    assert max(differences) < 0.5


def test_a_script_that_the_speaker_strayed_from_is_aligned_by_anchors(
    pitch: Audio, script: str
) -> None:
    words = script.split()
    strayed = [*words[:60], *("this sentence was cut from the talk at the last minute".split())]
    strayed += words[75:]
    aligned = align_by_anchors(Aligner(), pitch, strayed)
    assert [word.text for word in aligned] == strayed
    exact = transcribe_captions([Cue(script)], pitch, "en")
    differences = [
        abs(a.start_seconds - b.start_seconds)
        for a, b in zip(aligned[-100:], exact.words[-100:], strict=True)
    ]
    assert sum(difference < 0.3 for difference in differences) >= 95


def test_a_right_script_of_several_minutes_is_trusted(pitch: Audio, script: str) -> None:
    times = 4
    long = audio_from(np.tile(read_samples(pitch), times))
    transcript = transcribe_captions([Cue(" ".join([script] * times))], long, "en")
    assert long.duration_seconds > 300
    assert transcript.trusted
    assert len(transcript.words) >= 0.98 * times * len(script.split())


def test_a_text_without_a_spoken_word_cannot_be_aligned(jfk: Audio) -> None:
    assert Aligner().align(read_samples(jfk), ["—", "…"]) is None


def test_punctuation_takes_no_time_of_its_own(jfk: Audio) -> None:
    words = JFK.replace("you, ask", "you — ask").split()
    aligned = Aligner().align(read_samples(jfk), words)
    assert aligned is not None
    assert [word.text for word in aligned] == words
