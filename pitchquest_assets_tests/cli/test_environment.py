import pytest

from pitchquest_assets.cli.environment import MASK, database_url, in_force
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings, load_settings
from pitchquest_assets.store.store import Store
from pitchquest_assets_tests.support.places import ROOT


def test_secrets_are_masked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_KEY", "sb_secret_hush")
    values = in_force(load_settings())
    assert values["SUPABASE_KEY"] == MASK
    assert "hush" not in str(values)


def test_an_address_of_dagsters_database_that_was_given_is_masked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_POSTGRES_URL", raising=False)
    assert "@" in in_force(load_settings())["DAGSTER_POSTGRES_URL"]
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://me:hush@db.example/dagster")
    assert in_force(load_settings())["DAGSTER_POSTGRES_URL"] == MASK


def test_the_embedded_database_can_be_reached_by_its_url(store: Store) -> None:
    import psycopg

    with psycopg.connect(database_url(load_settings())) as connection:
        row = connection.execute("select count(*) from videos").fetchone()
    assert row == (0,)


def test_every_setting_is_in_the_example_file() -> None:
    example = (ROOT / ".env.example").read_text()
    for name, field in Settings.model_fields.items():
        assert f"#{field.validation_alias or f'PITCHQUEST_{name.upper()}'}=" in example


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PITCHQUEST_TRANSCRIBER", "shout"),
        ("PITCHQUEST_MAX_FRAMES", "0"),
        ("PITCHQUEST_DOWNLOADS", "maybe"),
    ],
)
def test_a_senseless_value_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"{variable} is not usable"):
        load_settings()
