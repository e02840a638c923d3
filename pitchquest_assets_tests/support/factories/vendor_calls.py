"""Calls to a vendor and the replies to them."""

from typing import Any

from pitchquest_assets.vendor_calls import Call, Reply, Usage


def vendor_call(**overrides: Any) -> Call:
    values: dict[str, Any] = {
        "vendor": "gemini",
        "model": "gemini-3.5-flash-lite",
        "model_setting": "PITCHQUEST_GEMINI_MODEL",
        "purpose": "content",
        "key": "0123",
        "at_most": Usage(input_tokens=10_000, output_tokens=2_000),
    }
    return Call(**(values | overrides))


def vendor_reply(**overrides: Any) -> Reply:
    values: dict[str, Any] = {
        "body": "an answer",
        "model": "gemini-3.5-flash-lite-001",
        "usage": Usage(input_tokens=2_000, output_tokens=400),
    }
    return Reply(**(values | overrides))
