"""The settings as resources of Dagster."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.resources import OPTIONS, OptionsResource, SettingsResource, run_config_of
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.resource import StoreResource


def resolved(settings: Settings) -> SettingsResource:
    found = SettingsResource.of(settings).process_config_and_initialize()
    assert isinstance(found, SettingsResource)
    return found


def test_the_resource_gives_back_the_settings_that_it_was_made_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PITCHQUEST_MAX_FRAMES", "7")
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    monkeypatch.setenv("RETENTION_DAYS", "0")
    settings = load_settings()
    assert resolved(settings).in_force() == settings


def test_the_environment_has_no_say_in_settings_that_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_settings()
    monkeypatch.setenv("PITCHQUEST_JUDGE", "gemini")
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    assert resolved(settings).in_force() == settings


def test_a_senseless_field_is_named_by_its_variable() -> None:
    with pytest.raises(SettingsError, match="PITCHQUEST_JUDGE_SAMPLES is not usable"):
        SettingsResource(judge_samples=99).in_force()


@pytest.mark.parametrize("variable", [{}, {"GEMINI_API_KEY": ""}])
def test_a_secret_of_the_env_file_is_shown_by_its_name_only(
    tmp_path: Path, variable: dict[str, str]
) -> None:
    (tmp_path / ".env").write_text("GEMINI_API_KEY=hush-hush\n")
    code = (
        "from pitchquest_assets.definitions import defs;"
        "settings = defs.resources['settings'];"
        "print(repr(settings.__dict__));"
        "print(settings.process_config_and_initialize().in_force().gemini_api_key)"
    )
    without = {k: v for k, v in os.environ.items() if k != "GEMINI_API_KEY"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=without | variable,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "hush" not in done.stdout
    assert done.stdout.splitlines()[-1] == "**********"


def options(settings: Settings, chosen: dict[str, object]) -> OptionsResource:
    """The options as a step of a run gets them."""
    found: list[OptionsResource] = []

    @dg.op
    def look(options: OptionsResource) -> None:
        found.append(options)

    @dg.job(resource_defs={"options": OptionsResource.of(settings)})
    def run() -> None:
        look()

    assert run.execute_in_process(run_config=run_config_of(chosen)).success
    return found[0]


def test_one_option_is_chosen_and_the_others_stay_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PITCHQUEST_MAX_FRAMES", "7")
    settings = load_settings()
    run = options(settings, {"judge_samples": 3})
    assert run.in_force() == settings.model_copy(update={"judge_samples": 3})
    assert run.chosen().model_dump() == {
        **{name: getattr(settings, name) for name in OPTIONS},
        "judge_samples": 3,
    }
    assert run.tags() == {"option/judge_samples": "3"}
    assert options(settings, {}).tags() == {}


def test_an_option_of_another_kind_is_refused_before_the_run_starts() -> None:
    for wrong in ({"judge": "nobody"}, {"max_frames": "many"}, {"speed": 2}):
        with pytest.raises(dg.DagsterInvalidConfigError):
            options(load_settings(), wrong)


def test_a_run_neither_reads_nor_checks_the_settings_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load_settings()
    monkeypatch.setattr(Settings, "of", lambda values: pytest.fail("They are checked again."))
    assert options(settings, {}).in_force() is settings
    with StoreResource.of(settings).process_config_and_initialize_cm() as store:
        assert store.settings.in_force() is settings
