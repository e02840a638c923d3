"""faster-whisper's real code, with tiny random weights from CTranslate2's own converter.

What real weights hear is in integration/test_real_whisper.py.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel

from pitchquest_assets.engines.transcription import whisper
from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS
from pitchquest_assets.engines.transcription.whisper import transcribe_whisper
from pitchquest_assets.engines.weights.fetch import fetch_whisper
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.media import speech_pieces as pieces
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support.sounds import RATE, audio_from
from pitchquest_assets_tests.support.tiny_whisper import write_tiny_whisper

SPANS = ((0.5, 6.0), (40.0, 44.0), (70.0, 71.0))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model."""
    return write_tiny_whisper(tmp_path_factory.mktemp("models") / "whisper-tiny.test")


@pytest.fixture
def speech(monkeypatch: pytest.MonkeyPatch) -> Audio:
    """A sound that counts as speech in three places far apart, of which no piece is redone."""
    monkeypatch.setattr(pieces, "voice_of", lambda audio: SPANS)
    # Random weights repeat themselves, and trying that again takes seconds.
    monkeypatch.setattr(whisper, "_went_wrong", lambda segment: False)
    _keep_nonsense(monkeypatch)
    return audio_from(np.random.default_rng(0).normal(0, 3000, 72 * RATE).astype(np.int16))


def _keep_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing out, because all that random weights write looks made up."""
    monkeypatch.setattr(
        whisper,
        "without_inventions",
        lambda heard, voice: ([word for one in heard for word in one.words], Counter()),
    )


def hear(folder: Path, audio: Audio, name: str = "tiny.en") -> Transcript:
    return transcribe_whisper(folder, name, audio, "hint", wanted="cpu")


def test_words_lie_in_the_speech_in_order_with_probabilities(folder: Path, speech: Audio) -> None:
    heard = hear(folder, speech)
    assert (heard.engine, heard.model, heard.language) == ("whisper", "tiny.en", "en")
    for start, end in SPANS:
        inside = [w for w in heard.words if start - 0.3 <= w.start_seconds <= end + 0.3]
        assert inside
    assert all(any(s - 0.3 <= w.start_seconds <= e + 0.3 for s, e in SPANS) for w in heard.words)
    assert all(0 <= w.probability <= 1 for w in heard.words)
    starts = [w.start_seconds for w in heard.words]
    assert all(a <= b for a, b in pairwise(starts))


def test_each_word_is_put_into_the_piece_that_it_was_heard_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whisper counts in steps of 10 ms, so the first words here come before their piece.
    spans = ((1.0, 6.5108125), (20.0, 24.0006875), (40.0, 41.008), (60.0, 62.1))
    monkeypatch.setattr(whisper, "speech_pieces", lambda audio, seconds: list(spans))
    monkeypatch.setattr(whisper, "_went_wrong", lambda segment: False)
    _keep_nonsense(monkeypatch)
    noise = np.random.default_rng(0).normal(0, 3000, 63 * RATE)
    heard = hear(folder, audio_from(noise.astype(np.int16)))
    by_span = [
        sum(start <= word.start_seconds <= end for word in heard.words) for start, end in spans
    ]
    assert all(by_span)
    assert sum(by_span) == len(heard.words)


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put in front of each window."""
    seen: list[str] = []
    real = WhisperModel.get_prompt

    def get_prompt(self: WhisperModel, tokenizer: Any, *args: Any, **options: Any) -> list[int]:
        tokens = real(self, tokenizer, *args, **options)
        seen.append(tokenizer.tokenizer.decode(tokens))
        return tokens

    monkeypatch.setattr(WhisperModel, "get_prompt", get_prompt)
    return seen


@pytest.mark.parametrize("redone", [False, True])
def test_fillers_are_asked_for_in_front_of_every_piece(
    folder: Path,
    speech: Audio,
    prompts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    redone: bool,
) -> None:
    monkeypatch.setattr(whisper, "_went_wrong", lambda segment: redone and segment.start < 6)
    hear(folder, speech)
    assert len(prompts) >= (2 if redone else 1)
    assert all(ENGLISH_FILLERS in prompt for prompt in prompts)


def test_pieces_are_decoded_together_and_only_what_went_wrong_alone(
    folder: Path, speech: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    alone: list[float] = []
    batched, single = BatchedInferencePipeline.forward, WhisperModel.transcribe

    def forward(self: Any, features: Any, *args: Any) -> Any:
        together.append(len(features))
        return batched(self, features, *args)

    def transcribe(self: Any, audio: Any, **options: Any) -> Any:
        alone.append(len(audio) / RATE)
        # Rising temperatures would draw at random.
        return single(self, audio, temperature=0.0, **options)

    monkeypatch.setattr(BatchedInferencePipeline, "forward", forward)
    monkeypatch.setattr(WhisperModel, "transcribe", transcribe)
    monkeypatch.setattr(whisper, "_went_wrong", lambda segment: segment.seek == 590)
    heard = hear(folder, speech)
    assert together == [3]
    assert alone == [pytest.approx(4.4)]
    assert any(39.8 <= word.start_seconds <= 44.2 for word in heard.words)


@pytest.mark.parametrize(
    ("ratio", "log_probability", "wrong"),
    [(1.5, -0.3, False), (3.0, -0.3, True), (1.5, -1.5, True)],
)
def test_a_text_that_repeats_itself_or_is_a_guess_went_wrong(
    ratio: float, log_probability: float, wrong: bool
) -> None:
    segment = SimpleNamespace(compression_ratio=ratio, avg_logprob=log_probability)
    assert whisper._went_wrong(segment) == wrong


def test_another_language_is_detected_and_gets_no_english_prompt(
    folder: Path, speech: Audio, prompts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tiny model knows one language only, so the detection itself is not run here.
    monkeypatch.setattr(WhisperModel, "detect_language", lambda self, audio: ("de", 0.9, []))
    assert hear(folder, speech, "small").language == "de"
    assert not any(ENGLISH_FILLERS in prompt for prompt in prompts)


def test_a_sound_without_speech_has_no_words(folder: Path) -> None:
    heard = hear(folder, audio_from(np.zeros(3 * RATE, np.int16)), "small")
    reason = "no words were recognised: there is no voice in the sound"
    assert (heard.words, heard.trusted, heard.reason) == ([], False, reason)


def test_a_size_put_there_by_hand_is_taken_and_an_unknown_one_is_named(
    folder: Path, tmp_path: Path
) -> None:
    found = fetch_whisper(_settings(folder.parent, "tiny.test"), log_progress(print))
    assert found == ("tiny.test", folder, "the models folder")
    with pytest.raises(EngineUnavailable, match=r"=bse\.en is none of base\.en, tiny\.en, base"):
        fetch_whisper(_settings(tmp_path, "bse.en"), log_progress(print))


def _settings(models: Path, size: str) -> Settings:
    return Settings(_env_file=None, models=models, whisper_model=size)  # type: ignore[call-arg]


def segment(*parts: str) -> SimpleNamespace:
    """What faster-whisper reports for a stretch of sound with these parts of words in it."""
    words = [
        SimpleNamespace(word=part, start=float(i), end=i + 0.9, probability=1 - i / 100)
        for i, part in enumerate(parts)
    ]
    return SimpleNamespace(words=words, no_speech_prob=0.0, compression_ratio=1.0)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((" grew", " 20", "%", " every"), ["grew", "20%", "every"]),
        ((" My", " co", "-founder", " built"), ["My", "co-founder", "built"]),
        ((" state", "-of", "-the", "-art."), ["state-of-the-art."]),
        ((" $3", ".5", " million"), ["$3.5", "million"]),
        ((" 1", ",000", " euros"), ["1,000", "euros"]),
        ((" about", " $2", " billion"), ["about", "$2", "billion"]),
        ((" R", "&D", " at", " AT", "&T"), ["R&D", "at", "AT&T"]),
        ((" shelves", " -", " for", " ♪", " you"), ["shelves", "for", "you"]),
        ((" 20", " %", " &", " more"), ["20", "%", "&", "more"]),
    ],
)
def test_a_part_without_a_blank_belongs_to_the_word_before(
    parts: tuple[str, ...], words: list[str]
) -> None:
    heard = whisper._placed(segment(*parts), (0.0, 30.0), 0.0, spaced=True)
    assert [word.text for word in heard.words] == words


def test_a_joined_word_lasts_over_its_parts_and_is_as_sure_as_the_least_sure() -> None:
    (word,) = whisper._placed(segment(" co", "-founder"), (0.0, 30.0), 5.0, spaced=True).words
    assert (word.start_seconds, word.end_seconds, word.probability) == (5.0, 6.9, 0.99)


def test_words_of_a_language_without_blanks_stay_apart() -> None:
    heard = whisper._placed(segment("我们", "卖", "架子"), (0.0, 30.0), 0.0, spaced=False)
    assert [word.text for word in heard.words] == ["我们", "卖", "架子"]
