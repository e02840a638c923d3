"""The form of a result as JSON Schema and TypeScript, from the types in `model.py`.

`make schema` writes both: run it after a change of those types.
"""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pitchquest_assets.model import PitchResult, Value, VideoEvent

COMMAND = "make schema"
SCHEMA_FILE = Path(__file__).with_name("result_schema.json")
TYPES_FILE = Path("docs/result.ts")
HEAD = ("$schema", "$id", "version")
# Keywords that do not restrict the values, and keywords that do.
TOLD = {"description", "default"}
NARROWS = {"required", "type", "enum", "const", "anyOf", "minimum", "maximum", "propertyNames"}
WIDTH = 100
TYPES_HEAD = f"""\
// `{COMMAND}` writes this file from `pitchquest_assets/model.py`: do not edit it.
// Fields with a question mark may be missing in older results.
"""
TYPES_TAIL = """
/** A row of the table `analysis_results`: the newest result of a video, without its nesting. */
export type AnalysisResultRow = Results &
  Pick<PitchResult, "video_id" | "job_id" | "processing_time_seconds" | "feedback" | "metadata"> & {
    id: number;
    created_at: string;
  };
"""


def kept_schema() -> dict[str, Any]:
    """Return the JSON Schema of a result as it is kept, with its version."""
    return dict(json.loads(SCHEMA_FILE.read_text("utf-8")))


def current_schema(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a PitchResult as the types are now.

    Unknown fields are allowed, as a newer version may have more. The version stays that of `kept`
    if nothing has changed; else its second number is raised if fields were only added, otherwise
    the first.
    """
    now = _open(PitchResult)
    before = {name: kept[name] for name in kept if name not in HEAD}
    major, minor = map(int, kept["version"].split("."))
    if before != now:
        major, minor = (major, minor + 1) if _only_adds(before, now) else (major + 1, 0)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pitchquest:result:{major}.{minor}",
        "version": f"{major}.{minor}",
    } | now


def typescript() -> str:
    """Return the same as TypeScript, with the event of the webhook and a row of the table."""
    interfaces = []
    for model in (PitchResult, VideoEvent):
        schema = _open(model)
        found = schema.pop("$defs", {}) | {model.__name__: schema}
        interfaces += [_interface(name, one) for name, one in found.items()]
    return "\n".join([TYPES_HEAD, *interfaces]).rstrip() + "\n" + TYPES_TAIL


def _only_adds(before: Any, after: Any) -> bool:
    """Whether readers of `before` can stay as they are, and older results fit `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return not NARROWS & (after.keys() - before.keys()) and all(
            name in TOLD or (name in after and _only_adds(value, after[name]))
            for name, value in before.items()
        )
    return bool(before == after)


def _open(model: type[Value]) -> dict[str, Any]:
    """The schema without rules that bind only us, and without titles that repeat the names."""

    def opened(part: Any, *, of_names: bool = False) -> Any:
        if isinstance(part, list):
            return [opened(one) for one in part]
        if not isinstance(part, dict):
            return part
        return {
            key: opened(value, of_names=key in ("properties", "$defs"))
            for key, value in part.items()
            if of_names or not (key == "title" or (key, value) == ("additionalProperties", False))
        }

    return dict(opened(model.model_json_schema()))


def _interface(name: str, schema: dict[str, Any]) -> str:
    lines = [*_comment(schema.get("description", "")), f"export interface {name} {{"]
    for field, part in schema["properties"].items():
        mark = "" if field in schema.get("required", ()) else "?"
        lines += [f"  {line}" for line in _comment(_told(part))]
        lines.append(f"  {field}{mark}: {_type(part)};")
    return "\n".join([*lines, "}\n"])


def _type(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"].rpartition("/")[2])
    if "anyOf" in part:
        return " | ".join(_type(one) for one in part["anyOf"])
    if "enum" in part or "const" in part:
        return " | ".join(json.dumps(one) for one in part.get("enum", [part.get("const")]))
    if "prefixItems" in part:
        return f"[{', '.join(_type(one) for one in part['prefixItems'])}]"
    if part["type"] == "array":
        inside = _type(part["items"])
        return f"({inside})[]" if "|" in inside else f"{inside}[]"
    if part["type"] == "object":
        value = _type(part["additionalProperties"])
        if "propertyNames" in part:
            return f"Partial<Record<{_type(part['propertyNames'])}, {value}>>"
        return f"Record<string, {value}>"
    return {"integer": "number", "number": "number", "boolean": "boolean", "null": "null"}.get(
        part["type"], "string"
    )


def _told(part: dict[str, Any]) -> str:
    """The description of a field, with its bounds."""
    bounds = [one for one in (part, *part.get("anyOf", ())) if "minimum" in one]
    told = [part.get("description", "")]
    if bounds:
        most = bounds[0].get("maximum")
        told.append(f"{bounds[0]['minimum']} to {most}" if most is not None else "0 or more")
    return "; ".join(one for one in told if one)


def _comment(text: str) -> Iterator[str]:
    text = " ".join(text.split())
    if not text:
        return
    first, *others = textwrap.wrap(text, WIDTH - 10)
    if not others:
        yield f"/** {first} */"
        return
    yield f"/** {first}"
    yield from (f" * {line}" for line in others)
    yield " */"


def main() -> None:
    """Write the schema, and the types into the docs/ of the working directory."""
    schema = current_schema(kept_schema())
    SCHEMA_FILE.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
    TYPES_FILE.write_text(typescript(), "utf-8")


if __name__ == "__main__":
    main()
