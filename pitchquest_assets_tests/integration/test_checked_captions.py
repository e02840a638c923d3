"""Captions that are true, wrong, or true in part, checked by Whisper with real weights."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pitchquest_assets.analysis.delivery.analyse import analyse_delivery
from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions
from pitchquest_assets.engines.transcription.captions.checked import check_captions
from pitchquest_assets.engines.transcription.captions.times import moved
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper
from pitchquest_assets.media.caption_files import Cue, read_captions
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets_tests.support.command import Command
from pitchquest_assets_tests.support.sounds import audio_from, audio_of, silence, speech_file
from pitchquest_assets_tests.support.word_errors import word_errors

pytestmark = pytest.mark.slow

TRUE_WPM = 149.5
JFK = (
    "And so, my fellow Americans: ask not what your country can do for you, ask what you can do "
    "for your country."
)
ANOTHER = (
    "Two in five letters from the council go unread. Tenants told us that the rent and the repairs "
    "are what they ring about. Half of all calls are about the same ten questions. Our app reads "
    "the letter aloud in nine languages. It answers in plain words."
)
Hear = Callable[[Audio], Transcript]


@pytest.fixture(scope="module")
def hear(tiny_en: Path) -> Hear:
    """Whisper tiny.en; it hears each sound once."""
    known: dict[bytes, Transcript] = {}

    def heard(audio: Audio) -> Transcript:
        if audio.payload not in known:
            known[audio.payload] = transcribe_whisper(
                tiny_en / "whisper-tiny.en", "tiny.en", audio, "hint", wanted="cpu"
            )
        return known[audio.payload]

    return heard


@pytest.fixture(scope="module")
def pitch(shared_media: Path) -> Audio:
    """A synthetic voice that says the script of 192 words in 77.1 s."""
    return audio_of(shared_media / "pitch_tts_720p.mp4")


@pytest.fixture(scope="module")
def script(shared_media: Path) -> str:
    return " ".join((shared_media / "pitch_script.txt").read_text().split())


@pytest.fixture(scope="module")
def sentences(script: str) -> list[str]:
    return re.split(r"(?<=[.?]) ", script)


@pytest.fixture(scope="module")
def exact(pitch: Audio, script: str) -> Transcript:
    """Each word where PocketSphinx puts it, knowing that all were said."""
    return transcribe_captions([Cue(script)], pitch, "en")


@pytest.fixture(scope="module")
def start(shared_cases: Path) -> Audio:
    """The first 30 s of the pitch: 70 words, and 8 of a sentence that is cut off."""
    return audio_of(shared_cases / "captions" / "tts30.mp4")


@pytest.fixture(scope="module")
def cues(shared_cases: Path) -> list[Cue]:
    """The captions of those 70 words; their ends are not those of sentences."""
    return read_captions(shared_cases / "captions" / "c02_zoom.vtt")


@pytest.fixture(scope="module")
def first_words(cues: list[Cue]) -> str:
    return " ".join(cue.text for cue in cues)


def noisy(audio: Audio, below_voice_db: float) -> Audio:
    """The sound with white noise, so much quieter than the voice."""
    samples = read_samples(audio, 0.0, audio.duration_seconds).astype(float)
    loud = samples[np.abs(samples) > np.abs(samples).max() / 50]
    level = np.sqrt((loud**2).mean()) / 10 ** (below_voice_db / 20)
    noise = np.random.default_rng(1).normal(0, level, len(samples))
    return audio_from(np.clip(samples + noise, -32_768, 32_767).astype(np.int16))


def pace(audio: Audio, transcript: Transcript) -> float:
    """Words per minute as they are scored."""
    measured = analyse_delivery(audio, transcript).measurements["speech_rate"]
    assert measured.value is not None, measured.reason
    return measured.value


def wer(said: str, transcript: Transcript) -> float:
    wrong, words = word_errors(said, transcript.text)
    return wrong / words


def starts_apart(one: Transcript, other: Transcript) -> list[float]:
    """How far apart the starts of the same words are, seconds."""
    return [
        abs(a.start_seconds - b.start_seconds)
        for a, b in zip(one.words, other.words, strict=True)
        if a.text == b.text
    ]


def from_whisper(transcript: Transcript) -> list[str]:
    return [word.text for word in transcript.words if word.engine == "whisper"]


def test_true_captions_are_trusted_word_for_word(
    hear: Hear, pitch: Audio, script: str, sentences: list[str], exact: Transcript
) -> None:
    for given in ([Cue(script)], [Cue(sentence) for sentence in sentences]):
        transcript = check_captions(given, pitch, hear(pitch))
        assert (transcript.text, transcript.trusted) == (script, True)
        assert (transcript.warnings, from_whisper(transcript)) == ([], [])
        assert (transcript.borne_out or 0) > 0.9
        assert transcript.model == "checked by whisper tiny.en, placed by pocketsphinx en-us"
        assert np.median(starts_apart(transcript, exact)) < 0.06
        assert pace(pitch, transcript) == pytest.approx(TRUE_WPM, rel=0.005)


@pytest.mark.parametrize(
    "name",
    [
        "c02_zoom.vtt",
        "c03_teams.vtt",
        "c05_notes.vtt",
        "c10_labels.srt",
        "c11_hour.srt",
        "c13.ttml",
    ],
)
def test_captions_of_the_world_are_trusted_and_the_end_of_a_cut_sentence_is_not_added(
    hear: Hear, shared_cases: Path, start: Audio, first_words: str, name: str
) -> None:
    cues = read_captions(shared_cases / "captions" / name)
    transcript = check_captions(cues, start, hear(start))
    assert (transcript.text, transcript.trusted) == (first_words, True)
    assert pace(start, transcript) == pytest.approx(140, abs=0.5)
    is_moved = ["the captions are 1:00:00 late, and were moved to fit the sound"]
    assert transcript.warnings == [
        *(is_moved if name == "c11_hour.srt" else []),
        "8 words at the very start or end are not in the captions and are left out, as so few may "
        "be cut off or made up",
    ]


@pytest.mark.parametrize("below_voice_db", [20, 10])
def test_true_captions_under_noise_are_trusted(
    hear: Hear,
    start: Audio,
    cues: list[Cue],
    first_words: str,
    below_voice_db: int,
) -> None:
    sound = noisy(start, below_voice_db)
    transcript = check_captions(cues, sound, hear(sound))
    assert transcript.trusted
    assert wer(first_words, transcript) <= 0.05
    assert pace(sound, transcript) == pytest.approx(140, rel=0.03)


def test_true_captions_that_pocketsphinx_refuses_are_trusted(
    hear: Hear, start: Audio, cues: list[Cue], first_words: str
) -> None:
    sound = noisy(start, 5)
    assert not transcribe_captions(cues, sound, "en").trusted
    transcript = check_captions(cues, sound, hear(sound))
    assert transcript.trusted
    assert wer(first_words, transcript) <= 0.2


@pytest.mark.parametrize("below_voice_db", [None, 10, 0])
def test_true_captions_of_a_person_are_trusted_clean_and_under_noise(
    hear: Hear, shared_media: Path, below_voice_db: int | None
) -> None:
    sound = speech_file(shared_media / "speech" / "jfk.flac")
    if below_voice_db is not None:
        sound = noisy(sound, below_voice_db)
    transcript = check_captions([Cue(JFK)], sound, hear(sound))
    assert (transcript.text, transcript.trusted) == (JFK, True)


def test_the_captions_of_another_video_are_refused_with_a_sentence(
    hear: Hear, pitch: Audio, start: Audio, shared_media: Path, script: str
) -> None:
    jfk = speech_file(shared_media / "speech" / "jfk.flac")
    for sound, captions in (
        (jfk, script),
        (noisy(start, 10), ANOTHER),
        (pitch, JFK),
        (pitch, ANOTHER),
    ):
        transcript = check_captions([Cue(captions)], sound, hear(sound))
        assert (transcript.engine, transcript.trusted) == ("captions", False)
        assert "the captions do not fit the sound: less than a third" in (transcript.reason or "")
        assert (transcript.text, from_whisper(transcript)) == (captions, [])


@pytest.mark.parametrize(
    ("late_seconds", "why"),
    [(0.0, "do not fit the sound"), (3_600.0, "begin at 1:00:00, after the end of the video")],
)
def test_captions_in_the_wrong_order_are_refused(
    hear: Hear, start: Audio, cues: list[Cue], late_seconds: float, why: str
) -> None:
    turned = [
        Cue(other.text, cue.start_seconds, cue.end_seconds)
        for cue, other in zip(cues, reversed(cues), strict=True)
    ]
    transcript = check_captions(moved(turned, late_seconds), start, hear(start))
    assert not transcript.trusted
    assert why in (transcript.reason or "")


def test_what_is_refused_lies_at_the_times_that_it_claims(
    hear: Hear, start: Audio, cues: list[Cue]
) -> None:
    lines = re.split(r"(?<=[.]) ", ANOTHER)
    timed = [Cue(line, 4.0 * at, 4.0 * at + 3) for at, line in enumerate(lines)]
    for given, last in ((timed, 19.0), ([Cue(line) for line in lines], start.duration_seconds)):
        words = check_captions(given, start, hear(start)).words
        assert all(a.end_seconds <= b.start_seconds + 0.001 for a, b in pairwise(words))
        assert words[-1].end_seconds == pytest.approx(last, abs=0.01)
        assert {(word.engine, word.probability) for word in words} == {("captions", 0)}


def test_more_captions_than_anyone_says_are_not_even_compared(hear: Hear, start: Audio) -> None:
    transcript = check_captions([Cue("12 " * 30_001)], start, hear(start))
    assert not transcript.trusted
    assert "hold 30001 words, more than anyone says" in (transcript.reason or "")


def test_captions_cannot_be_checked_where_nobody_speaks(hear: Hear, script: str) -> None:
    sound = audio_from(silence(5))
    transcript = check_captions([Cue(script)], sound, hear(sound))
    assert not transcript.trusted
    assert "could not be checked: no words were recognised" in (transcript.reason or "")


@pytest.mark.parametrize("part", [slice(0, 96), slice(96, 192), slice(48, 144)])
def test_half_a_script_is_completed_by_whisper_and_gives_the_true_pace(
    hear: Hear, pitch: Audio, script: str, part: slice
) -> None:
    half = " ".join(script.split()[part])
    transcript = check_captions([Cue(half)], pitch, hear(pitch))
    assert transcript.trusted
    assert wer(script, transcript) <= 0.06
    assert pace(pitch, transcript) == pytest.approx(TRUE_WPM, rel=0.03)
    assert [w.text for w in transcript.words if w.engine == "captions"] == half.split()
    added = len(from_whisper(transcript))
    assert added == pytest.approx(96, abs=5)
    assert transcript.warnings == [
        f"{added} words were heard by Whisper that the captions do not have"
    ]
    assert all(a.start_seconds <= b.start_seconds for a, b in pairwise(transcript.words))


def test_a_script_of_which_80_percent_was_said_loses_the_rest(
    hear: Hear, pitch: Audio, sentences: list[str], script: str, exact: Transcript
) -> None:
    unsaid = re.split(r"(?<=[.]) ", ANOTHER)
    lines = list(sentences)
    for at, line in zip((15, 11, 8, 5, 2), unsaid, strict=True):
        lines.insert(at, line)
    transcript = check_captions([Cue(line) for line in lines], pitch, hear(pitch))
    assert (transcript.text, transcript.trusted) == (script, True)
    assert transcript.warnings == [
        f"{len(ANOTHER.split())} words of the captions are not heard in the sound and are left out "
        f"({len(unsaid)} of {len(lines)} captions were not said)"
    ]
    assert np.median(starts_apart(transcript, exact)) < 0.06


def test_three_wrong_sentences_are_replaced_by_what_was_said(
    hear: Hear, pitch: Audio, sentences: list[str], script: str
) -> None:
    lines = list(sentences)
    wrong = re.split(r"(?<=[.]) ", ANOTHER)
    lines[1], lines[7], lines[12] = wrong[0], wrong[1], wrong[3]
    transcript = check_captions([Cue(line) for line in lines], pitch, hear(pitch))
    assert transcript.trusted
    assert wer(script, transcript) <= 0.03
    assert pace(pitch, transcript) == pytest.approx(TRUE_WPM, rel=0.03)
    assert not {"council", "Tenants", "aloud", "languages."} & set(transcript.text.split())
    replaced = sum(len(sentences[index].split()) for index in (1, 7, 12))
    assert len(from_whisper(transcript)) == pytest.approx(replaced, abs=5)
    left_out, added = transcript.warnings
    assert f"are left out (3 of {len(lines)} captions were not said)" in left_out
    assert "heard by Whisper that the captions do not have" in added


def test_the_script_of_a_video_that_was_cut_short_ends_with_it(
    hear: Hear, pitch: Audio, shared_media: Path, script: str
) -> None:
    paragraphs = (shared_media / "pitch_script.txt").read_text().splitlines()
    for seconds, count in ((46.0, 118), (11.8, 33)):
        cut = audio_from(read_samples(pitch, 0.0, seconds))
        transcript = check_captions([Cue(line) for line in paragraphs], cut, hear(cut))
        assert transcript.trusted
        assert script.startswith(transcript.text)
        assert len(transcript.words) == pytest.approx(count, abs=3)
        assert "words of the captions are not heard" in transcript.warnings[0]


@pytest.mark.parametrize(
    ("seconds", "warning"), [(3_600.0, "1:00:00 late"), (12.0, "0:00:12 late"), (-5.0, "early")]
)
def test_captions_on_another_clock_are_moved_and_it_is_said(
    hear: Hear, start: Audio, cues: list[Cue], first_words: str, seconds: float, warning: str
) -> None:
    shifted = [
        Cue(cue.text, (cue.start_seconds or 0) + seconds, (cue.end_seconds or 0) + seconds)
        for cue in cues
    ]
    transcript = check_captions(shifted, start, hear(start))
    assert (transcript.text, transcript.trusted) == (first_words, True)
    assert warning in transcript.warnings[0]
    assert "start or end" in transcript.warnings[1]


def test_one_caption_at_the_wrong_time_is_moved_and_counted(
    hear: Hear, start: Audio, cues: list[Cue], first_words: str
) -> None:
    early = moved(cues[5:7], -4.0)
    transcript = check_captions([*cues[:5], *early, *cues[7:]], start, hear(start))
    assert (transcript.text, transcript.trusted) == (first_words, True)
    assert "2 of 12 captions are over 2 s early or late" in transcript.warnings[0]


def test_the_command_tells_which_words_are_whispers(
    pitchquest: Command, tiny_en: Path, shared_cases: Path, first_words: str, tmp_path: Path
) -> None:
    half, report = tmp_path / "half.txt", tmp_path / "report.html"
    half.write_text(" ".join(first_words.split()[:35]))
    done = pitchquest(
        *("analyze", shared_cases / "captions" / "tts30.mp4", "--captions", half),
        *("--json", "-", "--report", report),
        PITCHQUEST_TRANSCRIBER="auto",
        PITCHQUEST_WHISPER_MODEL="tiny.en",
        PITCHQUEST_MODELS=str(tiny_en),
    )
    assert done.code == 0, done.err
    transcript = done.json()["metadata"]["transcript"]
    engines = [word["engine"] for word in transcript["words"]]
    assert (transcript["engine"], transcript["trusted"]) == ("captions", True)
    assert engines[:35] == ["captions"] * 35
    assert engines[35:] == ["whisper"] * len(engines[35:])
    assert len(engines) == pytest.approx(78, abs=3)
    assert transcript["borne_out"] > 0.9
    assert (
        f"{len(engines) - 35} words were heard by Whisper that the captions do not have" in done.err
    )
    assert f"{len(engines) - 35} of them by Whisper" in report.read_text()
