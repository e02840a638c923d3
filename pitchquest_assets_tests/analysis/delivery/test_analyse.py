import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.analysis.delivery.energy import Turn, VocalEnergy
from pitchquest_assets.analysis.word_errors import MAX_EXPECTED_WER
from pitchquest_assets.media.sound import iter_blocks
from pitchquest_assets.media.voice import speech_spans
from pitchquest_assets.model import Audio, DeliveryAnalysis, Word
from pitchquest_assets_tests.support.sounds import audio_from, silence, speech_file, transcript_of


@pytest.fixture(scope="module")
def jfk(shared_media: Path) -> Audio:
    return speech_file(shared_media / "speech" / "jfk.flac")


@pytest.fixture(scope="module")
def with_a_long_pause(jfk: Audio) -> Audio:
    """The speech twice, with three seconds of silence between them and one before."""
    speech = np.concatenate(list(iter_blocks(jfk)))
    speech = (speech * 32767).astype(np.int16)
    return audio_from(np.concatenate([silence(1), speech, silence(3), speech]))


def evenly(text: str, seconds: float) -> list[Word]:
    words = text.split()
    step = seconds / len(words)
    return [
        Word(text=w, start_seconds=i * step, end_seconds=(i + 0.9) * step, probability=1.0)
        for i, w in enumerate(words)
    ]


def values(analysis: DeliveryAnalysis) -> dict[str, float | None]:
    return {name: m.value for name, m in analysis.measurements.items()}


def test_pace_is_words_over_the_time_from_the_first_to_the_last_voice(jfk: Audio) -> None:
    analysis = analyse_delivery(jfk, transcript_of(evenly("word " * 22, 11.0)))
    talk_seconds = analysis.speech[-1][1] - analysis.speech[0][0]
    assert talk_seconds == pytest.approx(10.25, abs=0.2)
    assert values(analysis)["speech_rate"] == pytest.approx(60 * 22 / talk_seconds, rel=0.001)
    assert "first to last voice" in analysis.measurements["speech_rate"].unit
    assert analysis.speaking_pace == "optimal"


@pytest.mark.parametrize("seconds", [5, 30])
def test_silence_around_a_talk_changes_no_score(jfk: Audio, seconds: float) -> None:
    samples = (np.concatenate(list(iter_blocks(jfk))) * 32767).astype(np.int16)
    padded = audio_from(np.concatenate([silence(seconds), samples, silence(seconds)]))
    words = evenly("word " * 22, 11.0)
    later = [
        word.model_copy(
            update={
                "start_seconds": word.start_seconds + seconds,
                "end_seconds": word.end_seconds + seconds,
            }
        )
        for word in words
    ]
    bare, surrounded = (
        analyse_delivery(audio, transcript_of(said))
        for audio, said in ((jfk, words), (padded, later))
    )
    for name, score in bare.scores.items():
        assert surrounded.scores[name].value == score.value, name
    for name in ("speech_rate", "pauses_per_minute", "pause_ratio", "voice_over_background"):
        assert values(surrounded)[name] == pytest.approx(values(bare)[name], rel=0.03), name
    assert surrounded.timeline["pace"].times_seconds[0] > seconds


def test_figures_count_as_the_words_that_are_spoken(jfk: Audio) -> None:
    transcript = transcript_of(evenly("we grew 20% to 40,000 beds in 2019 —", 11.0))
    analysis = analyse_delivery(jfk, transcript)
    talk_seconds = analysis.speech[-1][1] - analysis.speech[0][0]
    assert values(analysis)["speech_rate"] == pytest.approx(60 * 11 / talk_seconds, rel=0.01)
    assert analysis.timeline["pace"].values == [pytest.approx(60 * 11 / talk_seconds, rel=0.01)]


@pytest.mark.parametrize(("words", "pace"), [(18, "slow"), (33, "fast")])
def test_pace_is_named_by_the_bands(jfk: Audio, words: int, pace: str) -> None:
    analysis = analyse_delivery(jfk, transcript_of(evenly("word " * words, 11.0)))
    assert analysis.speaking_pace == pace


def test_a_pause_over_two_seconds_is_an_event_with_its_time(with_a_long_pause: Audio) -> None:
    analysis = analyse_delivery(with_a_long_pause, transcript_of(evenly("word " * 40, 26.0)))
    (pause,) = [event for event in analysis.events if event.kind == "long_pause"]
    assert pause.start_seconds == pytest.approx(12.0, abs=0.6)
    assert pause.end_seconds == pytest.approx(15.3, abs=0.6)
    assert values(analysis)["long_pauses"] == 1


def test_silence_before_the_first_word_is_no_pause(with_a_long_pause: Audio) -> None:
    analysis = analyse_delivery(with_a_long_pause, transcript_of(evenly("word " * 40, 26.0)))
    assert analysis.speech[0][0] == pytest.approx(1.3, abs=0.5)
    assert all(event.start_seconds > 2 for event in analysis.events)


def test_blocks_do_not_change_what_is_speech(with_a_long_pause: Audio) -> None:
    whole = speech_spans(iter_blocks(with_a_long_pause, 60))
    pieces = speech_spans(iter_blocks(with_a_long_pause, 7))
    assert pieces == whole


def test_a_real_voice_lies_in_the_range_of_speakers(jfk: Audio) -> None:
    measured = values(analyse_delivery(jfk, transcript_of(evenly("word " * 22, 11.0))))
    assert 3.5 <= (measured["articulation_rate"] or 0) <= 5.5
    assert 0.1 <= (measured["pitch_variety"] or 0) <= 0.25
    assert 1.5 <= (measured["pitch_sd"] or 0) <= 4.5


def test_what_needs_words_is_null_without_a_transcript_to_trust(jfk: Audio) -> None:
    untrusted = transcript_of(evenly("um word", 11.0), trusted=False)
    analysis = analyse_delivery(jfk, untrusted)
    for name in ("speech_rate", "fillers_per_minute", "fillers_per_100_words"):
        measured = analysis.measurements[name]
        assert (measured.value, measured.reason) == (None, "nobody knows what was said")
    assert (analysis.scores["pace"].value, analysis.scores["fillers"].value) == (None, None)
    assert analysis.scores["pitch_variety"].value is not None
    assert (analysis.speaking_pace, analysis.events) == (None, [])
    assert "pace" not in analysis.timeline


def test_words_too_wrong_for_the_content_still_give_a_pace(jfk: Audio) -> None:
    limit = (MAX_EXPECTED_WER["fillers"] + MAX_EXPECTED_WER["pace"]) / 2
    shaky = transcript_of(evenly("um word " * 11, 11.0), trusted=False).model_copy(
        update={"expected_wer": limit}
    )
    analysis = analyse_delivery(jfk, shaky)
    talk_seconds = analysis.speech[-1][1] - analysis.speech[0][0]
    assert values(analysis)["speech_rate"] == pytest.approx(60 * 22 / talk_seconds, rel=0.01)
    assert (analysis.speaking_pace, "pace" in analysis.timeline) == ("optimal", True)
    assert analysis.scores["pace"].value is not None
    fillers = analysis.measurements["fillers_per_100_words"]
    assert fillers.value is None
    assert "may be for the fillers" in (fillers.reason or "")
    assert (analysis.scores["fillers"].value, analysis.events) == (None, [])


def test_words_too_wrong_for_a_pace_give_none(jfk: Audio) -> None:
    wrong = transcript_of(evenly("word " * 22, 11.0), trusted=False).model_copy(
        update={"expected_wer": MAX_EXPECTED_WER["pace"] + 0.01}
    )
    analysis = analyse_delivery(jfk, wrong)
    assert (analysis.speaking_pace, "pace" in analysis.timeline) == (None, False)
    assert "may be for the pace" in (analysis.measurements["speech_rate"].reason or "")


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (Audio(payload=b"", duration_seconds=0, reason="the file has no audio stream"), "no audio"),
        (audio_from(silence(5)), "only 0.0 s of speech"),
        (audio_from(silence(0.05)), "only 0.0 s of speech"),
    ],
)
def test_without_a_voice_everything_is_null_with_the_reason(audio: Audio, reason: str) -> None:
    analysis = analyse_delivery(audio, transcript_of([]))
    assert all(reason in (m.reason or "") for m in analysis.measurements.values())
    assert all(reason in (score.reason or "") for score in analysis.scores.values())
    assert (analysis.vocal_confidence, analysis.events, analysis.timeline) == (None, [], {})


def test_no_fillers_in_captions_are_a_bound_and_no_proof(jfk: Audio) -> None:
    analysis = analyse_delivery(jfk, transcript_of(evenly("we sell shelves here", 11.0)))
    assert analysis.scores["fillers"].is_bound
    assert "lower bound" in (analysis.measurements["fillers_per_100_words"].reference or "")


def test_fillers_are_counted_per_minute_and_per_hundred_words(jfk: Audio) -> None:
    analysis = analyse_delivery(jfk, transcript_of(evenly("um we sell uh shelves here", 11.0)))
    assert values(analysis)["fillers_per_100_words"] == pytest.approx(100 * 2 / 6, abs=0.01)
    assert values(analysis)["fillers_per_minute"] == pytest.approx(2 / 10.25 * 60, rel=0.02)
    assert [event.text for event in analysis.events] == ["um", "uh"]


def test_words_of_another_language_are_no_fillers(jfk: Audio) -> None:
    german = transcript_of(evenly("er geht um das Haus und um den Turm", 11.0))
    analysis = analyse_delivery(jfk, german.model_copy(update={"language": "de"}))
    measured = analysis.measurements["fillers_per_100_words"]
    assert measured.value is None
    assert "only English fillers are known, and the language is 'de'" in (measured.reason or "")
    assert (analysis.scores["fillers"].value, analysis.events) == (None, [])
    assert analysis.measurements["speech_rate"].value is not None


def test_each_score_of_the_voice_has_a_moment_that_is_typical_of_it(jfk: Audio) -> None:
    speech = (np.concatenate(list(iter_blocks(jfk))) * 32767).astype(np.int16)
    audio = audio_from(np.tile(speech, 6))
    slow, fast = evenly("word " * 20, 20), evenly("word " * 100, 26)
    later = [
        word.model_copy(
            update={
                "start_seconds": word.start_seconds + 40,
                "end_seconds": word.end_seconds + 40,
            }
        )
        for word in fast
    ]
    scores = analyse_delivery(audio, transcript_of([*slow, *later])).scores
    # 109 wpm over the whole: 40 in the first half minute, 200 in the last, between them at 30 s.
    assert scores["pace"].time_seconds == pytest.approx(25, abs=5)
    for name in ("pauses", "fillers", "pitch_variety"):
        moment = scores[name].time_seconds
        assert moment is not None, name
        assert 0 <= moment < audio.duration_seconds, name


def test_what_is_not_measured_has_no_moment() -> None:
    no_sound = Audio(payload=b"", duration_seconds=0, reason="the video has no sound")
    scores = analyse_delivery(no_sound, transcript_of([], trusted=False)).scores
    assert {score.time_seconds for score in scores.values()} == {None}


PEAK_OF_AN_ANALYSIS = """
import re, sys
from pathlib import Path
from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.analysis.delivery.energy import Turn, VocalEnergy
from pitchquest_assets.engines.transcription.trust import no_transcript
from pitchquest_assets.model import Audio

audio = Audio(payload=Path(sys.argv[1]).read_bytes(), duration_seconds=float(sys.argv[2]))
analyse_delivery(audio, no_transcript("nobody asked", hint=None))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024)
"""

# Otherwise glibc keeps a varying amount of freed memory, which the peak includes.
FREED_AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}


# Not ru_maxrss, which a child inherits from the process that started it.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells its peak on Linux only")
def test_memory_does_not_grow_with_the_decoded_sound(jfk: Audio, tmp_path: Path) -> None:
    speech = (np.concatenate(list(iter_blocks(jfk))) * 32767).astype(np.int16)
    peaks = []
    for repeats in (12, 48):
        audio = audio_from(np.tile(speech, repeats))
        path = tmp_path / f"{repeats}.flac"
        path.write_bytes(audio.payload)
        command = [sys.executable, "-c", PEAK_OF_AN_ANALYSIS, str(path)]
        done = subprocess.run(
            [*command, str(audio.duration_seconds)],
            env=os.environ | FREED_AT_ONCE,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout) - len(audio.payload))
    decoded_bytes = (48 - 12) * len(speech) * np.dtype(np.float32).itemsize
    # A tenth of it was measured: the tracks.
    assert peaks[1] - peaks[0] < decoded_bytes / 4, [round(peak / 1e6) for peak in peaks]


def test_vocal_energy_is_shown_and_never_scored(jfk: Audio) -> None:
    transcript = transcript_of(evenly("word " * 22, 11.0))
    without = analyse_delivery(jfk, transcript)
    turns = [Turn(0, 5, 0.4), Turn(5, 10, 0.6)]
    energy = VocalEnergy(turns, "a model", warnings=["not for commercial use"])
    shown = analyse_delivery(jfk, transcript, energy)
    assert values(without)["vocal_energy"] is None
    assert values(shown)["vocal_energy"] == pytest.approx(0.5)
    assert shown.timeline["vocal_energy"].values == [0.4, 0.6]
    assert (shown.emotion_model, shown.warnings) == ("a model", ["not for commercial use"])
    assert shown.scores == without.scores
    assert shown.vocal_confidence == without.vocal_confidence
