"""Writes docs/settings.md and .env.example from `settings.py`: run it after changing a setting."""

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from pitchquest_assets.settings import Settings, variables

COMMAND = "make settings"
WIDTH = 100
# The heading that comes before a field.
HEADINGS = {
    "home": "Folders and model files",
    "transcriber": "Transcription and local models",
    "judge": "Judges and vendors",
    "max_size_mb": "Limits and sampling",
    "inbox": "The queue and its watch",
    "retention_days": "Retention, alerts, backup",
    "openai_api_key": "Keys and addresses of vendors",
    "supabase_url": "Supabase: set all three or none",
}
HEAD = f"""# Settings

`{COMMAND}` writes this page from `pitchquest_assets/settings.py`: do not edit it.

Every setting is an environment variable, or a line in a file `.env` in the working directory; the
environment wins. [.env.example](../.env.example) has all of them, ready to copy. `pitchquest env`
shows the ones in force, with secrets masked.
"""


def settings_page() -> str:
    """The Markdown page: under each heading a table of variables, defaults and values."""
    lines = [HEAD.rstrip()]
    for variable, name in variables().items():
        if name in HEADINGS:
            lines += ["", f"## {HEADINGS[name]}", "", "| variable | default | values | meaning |"]
            lines.append("| --- | --- | --- | --- |")
        field = Settings.model_fields[name]
        default = f"`{_default(field)}`" if _default(field) else "none"
        lines.append(f"| `{variable}` | {default} | {_values(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def example_file() -> str:
    """The text of .env.example: each variable, commented out, below its meaning."""
    lines = ["# Every setting with its default: copy this to .env and change what you need."]
    for variable, name in variables().items():
        if name in HEADINGS:
            lines += ["", f"# --- {HEADINGS[name]}"]
        field = Settings.model_fields[name]
        values = f" ({_values(field)})" if _values(field) else ""
        lines += _comment(f"{field.description}{values}")
        lines.append(f"#{variable}={_default(field)}")
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    """As the environment spells it; empty if there is none."""
    value = field.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value)


def _values(field: FieldInfo) -> str:
    """What may be given, as far as the type and its bounds say so."""
    if field.annotation is bool:
        return "true, false"
    if get_origin(field.annotation) is Literal:
        return ", ".join(map(str, get_args(field.annotation)))
    bounds = {
        name: getattr(one, name)
        for one in field.metadata
        for name in ("ge", "gt", "le")
        if getattr(one, name, None) is not None
    }
    if "ge" in bounds and "le" in bounds:
        return f"{bounds['ge']:g} to {bounds['le']:g}"
    if "ge" in bounds:
        return f"{bounds['ge']:g} or more"
    return f"more than {bounds['gt']:g}" if "gt" in bounds else ""


def _comment(text: str) -> Iterable[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def main() -> None:
    """Write both files into the working directory, which must be the repository's root."""
    Path("docs/settings.md").write_text(settings_page(), encoding="utf-8")
    Path(".env.example").write_text(example_file(), encoding="utf-8")


if __name__ == "__main__":
    main()
