"""OpenAI's transcription by the real SDK, against a server that speaks the vendor's wire format."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from werkzeug import Request, Response

from pitchquest_assets.engines.transcription import openai as openai_transcriber
from pitchquest_assets.engines.transcription.openai import transcribe_openai
from pitchquest_assets.engines.transcription.trust import ENGLISH_FILLERS
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.errors import (
    BudgetExceeded,
    PitchQuestError,
    UnusableAnswer,
    VendorRefused,
    VendorUnavailable,
)
from pitchquest_assets.media import speech_pieces as pieces
from pitchquest_assets.media.sound import read_samples
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Call, NoLedger, Reply
from pitchquest_assets_tests.support import vendors
from pitchquest_assets_tests.support.places import SAMPLE_PITCH
from pitchquest_assets_tests.support.sounds import RATE, audio_from, audio_of, silence
from pitchquest_assets_tests.support.vendors import SPOKEN, FakeVendor

FORM = "response_format"
ERROR = vendors.openai_error


class Book(NoLedger):
    """Keeps answers as the database does."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Reply] = {}

    def find(self, key: str) -> Reply | None:
        return self.kept.get(key)

    def keep(self, call: Call, reply: Reply) -> None:
        # Through JSON, as through the database.
        self.kept[call.key] = Reply.model_validate_json(reply.model_dump_json())


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def speech(monkeypatch: pytest.MonkeyPatch) -> Audio:
    """30 s of noise that counts as speech with two pauses."""
    spans = ((0.5, 9.0), (10.0, 19.0), (20.0, 29.0))
    monkeypatch.setattr(pieces, "voice_of", lambda audio: spans)
    monkeypatch.setattr(openai_transcriber, "voice_of", lambda audio: spans)
    return audio_from(np.random.default_rng(0).normal(0, 3000, 30 * RATE).astype(np.int16))


@pytest.fixture
def hear(openai: FakeVendor) -> Callable[..., Transcript]:
    def run(audio: Audio, book: NoLedger | None = None, **settings: Any) -> Transcript:
        given = {"OPENAI_API_KEY": vendors.OPENAI_KEY, "OPENAI_BASE_URL": openai.url}
        return transcribe_openai(
            audio, Caller(Settings(**given | settings), book or Book()), "hint"
        )

    return run


def test_words_with_punctuation_times_probability_language_and_cost(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    heard = hear(speech)
    assert (heard.engine, heard.model, heard.language) == ("openai", "whisper-1", "en")
    assert heard.text == SPOKEN
    assert [word.text for word in heard.words] == SPOKEN.split()
    assert heard.words[1].start_seconds == pytest.approx(30 / 14, abs=0.01)
    assert heard.mean_probability == pytest.approx(np.exp(-0.1))
    assert (heard.trusted, heard.cost_usd, heard.warnings) == (True, 0.003, [])
    (request,) = openai.requests
    assert request.path == "/v1/audio/transcriptions"
    assert request.form.getlist("timestamp_granularities[]") == ["word", "segment"]
    assert (request.form["model"], request.form[FORM]) == ("whisper-1", "verbose_json")
    assert "language" not in request.form
    file = request.files["file"]
    assert (file.filename, file.mimetype) == ("speech.flac", "audio/flac")
    assert speech.payload in request.get_data()


@pytest.mark.parametrize(
    ("language", "prompt"), [(None, None), ("de", None), ("en", ENGLISH_FILLERS)]
)
def test_the_language_that_was_set_is_sent_and_english_alone_gets_the_english_prompt(
    hear: Callable[..., Transcript],
    openai: FakeVendor,
    speech: Audio,
    language: str | None,
    prompt: str | None,
) -> None:
    hear(speech, language=language)
    (request,) = openai.requests
    assert (request.form.get("language"), request.form.get("prompt")) == (language, prompt)


def test_an_answer_is_paid_for_once(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    book = Book()
    first = hear(speech, book)
    again = hear(speech, book)
    assert again.words == first.words
    assert len(openai.requests) == 1
    assert again.cost_usd == first.cost_usd == 0.003


def test_a_sound_that_is_too_large_goes_in_pieces_and_no_word_is_lost_or_doubled(
    hear: Callable[..., Transcript],
    openai: FakeVendor,
    speech: Audio,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai_transcriber, "MAX_UPLOAD_BYTES", len(speech.payload) - 1)
    monkeypatch.setattr(openai_transcriber, "MAX_PIECE_SECONDS", 12.0)
    seconds: list[float] = []

    def numbered(request: Request) -> Response:
        """Says which piece it is, at its first and last moment."""
        seconds.append(vendors.seconds_of_flac(request))
        index = len(seconds) - 1
        return vendors.openai_transcription(request, f"Piece {index} begins, piece {index} ends.")

    openai.script = [numbered] * 3
    heard = hear(speech)
    assert heard.text == " ".join(f"Piece {i} begins, piece {i} ends." for i in range(3))
    starts = [word.start_seconds for word in heard.words]
    assert starts[0] == pytest.approx(0.3)
    assert starts[6] == pytest.approx(9.8)
    assert starts[12] == pytest.approx(19.8)
    assert all(a <= b for a, b in pairwise(starts))
    assert sum(seconds) == pytest.approx(26.5 + 6 * 0.2)
    # 9, 10 and 10 started seconds.
    assert heard.cost_usd == pytest.approx(0.0029)


def test_another_model_s_words_are_laid_over_the_sound(
    hear: Callable[..., Transcript], openai: FakeVendor
) -> None:
    audio = audio_of(SAMPLE_PITCH)
    said = "".join(
        line
        for line in SAMPLE_PITCH.with_suffix(".vtt").read_text().splitlines(keepends=True)
        if line.strip() and "-->" not in line and line.strip() != "WEBVTT"
    )
    openai.script = [lambda request: vendors.openai_transcription(request, said)]
    heard = hear(audio, openai_transcribe_model="gpt-transcribe")
    assert openai.requests[0].form[FORM] == "json"
    assert "timestamp_granularities[]" not in openai.requests[0].form
    assert (heard.trusted, heard.language) == (True, "en")
    assert heard.model == "gpt-transcribe, times by pocketsphinx en-us (forced alignment)"
    assert [word.text for word in heard.words] == said.split()
    assert heard.words[-1].start_seconds > 0.9 * audio.duration_seconds
    # Billed by tokens, priced by the minute: the seconds that were sent count.
    assert heard.cost_usd == pytest.approx(audio.duration_seconds / 60 * 0.0045, abs=1e-7)


def test_words_that_do_not_fit_the_sound_are_not_trusted(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    noise = read_samples(speech, 0, 6)
    heard = hear(audio_from(noise), openai_transcribe_model="gpt-transcribe")
    assert not heard.trusted
    assert "do not fit the sound" in (heard.reason or "")


@pytest.mark.parametrize(("log_probability", "trusted"), [(-0.4, True), (-0.6, False)])
def test_an_unsure_whisper_is_not_trusted(
    hear: Callable[..., Transcript],
    openai: FakeVendor,
    speech: Audio,
    log_probability: float,
    trusted: bool,
) -> None:
    openai.script = [
        lambda request: vendors.openai_transcription(request, log_probability=log_probability)
    ]
    assert hear(speech).trusted == trusted


def test_without_segments_nobody_knows_how_sure_it_is(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    openai.script = [lambda request: vendors.openai_transcription(request, segments=None)]
    assert not hear(speech).trusted


def test_a_sound_without_speech_costs_nothing(
    hear: Callable[..., Transcript], openai: FakeVendor
) -> None:
    heard = hear(audio_from(silence(3)))
    assert (heard.words, heard.reason) == ([], "no words were recognised")
    assert openai.requests == []


def test_a_model_without_a_price_is_told(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    openai.script = [lambda request: vendors.openai_transcription(request, "")]
    heard = hear(speech, openai_transcribe_model="my-transcriber")
    assert heard.cost_usd == 0
    assert "price of my-transcriber is not known" in heard.warnings[0]


def test_a_call_over_the_budget_is_not_made(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    with pytest.raises(BudgetExceeded, match="PITCHQUEST_VIDEO_BUDGET_USD"):
        hear(speech, video_budget_usd=0.0029)
    assert openai.requests == []


@pytest.mark.parametrize(
    ("answer", "error", "told", "calls"),
    [
        (ERROR(401, "no", "auth"), VendorRefused, "refuses the key in OPENAI_API_KEY", 1),
        (ERROR(403, "no", "auth"), VendorRefused, "OPENAI_TRANSCRIBE_MODEL", 1),
        (ERROR(401, "Missing scopes: x", "x"), VendorRefused, "not let OPENAI_API_KEY use wh", 1),
        (ERROR(404, "no", "x", "model_not_found"), VendorRefused, "no model 'whisper-1'", 1),
        (ERROR(400, "Invalid file", "x"), VendorRefused, "400 - Invalid file", 1),
        (ERROR(413, "Too large", "x"), VendorRefused, "HTTP 413", 1),
        (ERROR(429, "q", "x", "insufficient_quota"), VendorRefused, "no credit left", 1),
        (ERROR(429, "slow", "x"), VendorUnavailable, "accepts no more calls", 2),
        (ERROR(500, "oh", "x"), VendorUnavailable, "is failing, 2 times", 2),
        (ERROR(503, "oh", "x"), VendorUnavailable, "is failing, 2 times", 2),
        (vendors.cut, VendorUnavailable, "cannot be reached, 2 times", 2),
        (vendors.late, VendorUnavailable, "no answer within 0.3 s", 2),
        (vendors.page(), VendorRefused, "check OPENAI_BASE_URL", 1),
        (Response('{"text": "Um', content_type="application/json"), VendorRefused, "no JSON", 1),
        (vendors.as_json({"words": []}), VendorRefused, "no transcription", 1),
        (vendors.as_json({"text": "Um.", "segments": ["a"]}), VendorRefused, "no transcription", 1),
        (vendors.as_json({"text": "Um.", "languages": ["en"]}), VendorRefused, "no transcr", 1),
        (vendors.as_json({"text": "Um."}), UnusableAnswer, "sent no word times", 1),
        (
            vendors.as_json({"text": "Um.", "words": [{"word": "um", "start": -4, "end": 1}]}),
            UnusableAnswer,
            "words.0.start",
            1,
        ),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_never_another_engine(
    hear: Callable[..., Transcript],
    openai: FakeVendor,
    speech: Audio,
    answer: Any,
    error: type[PitchQuestError],
    told: str,
    calls: int,
) -> None:
    openai.script = [answer] * 2
    with pytest.raises(error) as caught:
        hear(speech, vendor_attempts=2, vendor_timeout_seconds=0.3)
    assert told in str(caught.value)
    assert len(openai.requests) == calls
    assert vendors.OPENAI_KEY not in str(caught.value)


def test_a_vendor_that_recovers_is_asked_again(
    hear: Callable[..., Transcript], openai: FakeVendor, speech: Audio
) -> None:
    limited = vendors.openai_error(429, "slow", "x", headers={"Retry-After": "1"})
    openai.script = [limited, vendors.openai_error(502, "oh", "x")]
    assert hear(speech).text == SPOKEN
    assert len(openai.requests) == 3
