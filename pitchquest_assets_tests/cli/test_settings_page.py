from pathlib import Path

from pitchquest_assets.cli.settings_page import COMMAND, HEADINGS, example_file, settings_page
from pitchquest_assets.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_and_the_example_file_are_those_of_the_settings() -> None:
    again = f"the settings have changed; `{COMMAND}` writes the page and the example anew"
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page(), again
    assert (ROOT / ".env.example").read_text() == example_file(), again


def test_every_setting_is_described_under_a_heading() -> None:
    assert set(HEADINGS) <= set(Settings.model_fields)
    assert next(iter(Settings.model_fields)) in HEADINGS
    assert [name for name, one in Settings.model_fields.items() if not one.description] == []


def test_the_page_shows_the_choices_and_bounds_of_a_setting() -> None:
    page = settings_page()
    assert "| `PITCHQUEST_DEVICE` | `auto` | auto, cpu, cuda |" in page
    assert "| `PITCHQUEST_JUDGE_SAMPLES` | `1` | 1 to 9 |" in page
    assert "| `RETENTION_DAYS` | `7` | 0 or more |" in page
    assert "| `PITCHQUEST_DAILY_BUDGET_USD` | none | more than 0 |" in page
