"""Language models that answer in JSON: Gemini, and any server that speaks OpenAI's protocol.

temperature, top_p and top_k are not sent: current models ignore them, newer ones reject them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pitchquest_assets.engines.vendors import gemini as gemini_client
from pitchquest_assets.engines.vendors import openai as openai_client
from pitchquest_assets.engines.vendors.errors import Trouble
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Reply, Usage, VendorName

# Includes thoughts; a complete answer of the content judge has about 2,000 tokens.
MAX_OUTPUT_TOKENS = 16_384
# An upper estimate: twice that of Gemini's highest resolution, which is not even requested.
TOKENS_PER_PICTURE = 2_240
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Picture:
    """A JPEG among the parts of a question."""

    jpeg: bytes


Part = str | Picture


@dataclass(frozen=True)
class Question:
    """Instructions, data (never mixed with them), and the JSON schema of the answer."""

    instructions: str
    data: tuple[Part, ...]
    schema: dict[str, Any]

    @property
    def at_most(self) -> Usage:
        """An upper estimate of the usage: no token is shorter than a byte."""
        texts = [self.instructions, json.dumps(self.schema)]
        texts += [part for part in self.data if isinstance(part, str)]
        pictures = sum(isinstance(part, Picture) for part in self.data)
        return Usage(
            input_tokens=sum(len(text.encode()) for text in texts) + pictures * TOKENS_PER_PICTURE,
            output_tokens=MAX_OUTPUT_TOKENS,
        )


class LanguageModel(Protocol):
    """One model of a vendor; a reply has `text`, and `ended` if the text is not complete."""

    @property
    def vendor(self) -> VendorName:
        """The vendor of the model."""

    @property
    def name(self) -> str:
        """The model's name in requests."""

    @property
    def setting(self) -> str:
        """The environment variable that sets the name."""

    @property
    def address(self) -> str:
        """The server's URL: the same name can be a different model elsewhere."""

    def send(self, question: Question) -> Reply:
        """Ask once; raises Trouble if no answer comes."""


@dataclass(frozen=True)
class Gemini:
    """The model PITCHQUEST_GEMINI_MODEL."""

    settings: Settings
    vendor: VendorName = "gemini"
    setting: str = "PITCHQUEST_GEMINI_MODEL"

    @property
    def name(self) -> str:
        """The model's name in requests."""
        return self.settings.gemini_model

    @property
    def address(self) -> str:
        """The server's URL, or "" for the vendor's own."""
        return self.settings.gemini_base_url or ""

    def send(self, question: Question) -> Reply:
        """Ask once; raises Trouble if no answer comes."""
        from google.genai import types

        parts = [
            types.Part.from_bytes(data=part.jpeg, mime_type="image/jpeg")
            if isinstance(part, Picture)
            else types.Part.from_text(text=part)
            for part in question.data
        ]
        config = types.GenerateContentConfig(
            system_instruction=question.instructions,
            response_mime_type=JSON_TYPE,
            response_json_schema=question.schema,
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )
        client = gemini_client.open_client(self.settings)
        with gemini_client.gemini_troubles():
            response = client.models.generate_content(
                model=self.name, contents=types.Content(role="user", parts=parts), config=config
            )
        # The SDK accepts any JSON object; even an empty answer from Gemini counts tokens.
        if not (response.candidates or response.prompt_feedback or response.usage_metadata):
            raise Trouble("no candidates", status=200, reason="format")
        used = response.usage_metadata or types.GenerateContentResponseUsageMetadata()
        thoughts = _count(used.thoughts_token_count)
        return Reply(
            body={"text": _gemini_text(response), "ended": _gemini_ended(response)},
            model=response.model_version or self.name,
            usage=Usage(
                input_tokens=_count(used.prompt_token_count),
                output_tokens=_count(used.candidates_token_count) + thoughts,
            ),
        )


@dataclass(frozen=True)
class OpenAI:
    """The model PITCHQUEST_OPENAI_JUDGE_MODEL, at OPENAI_BASE_URL if that is set."""

    settings: Settings
    vendor: VendorName = "openai"
    setting: str = "PITCHQUEST_OPENAI_JUDGE_MODEL"

    @property
    def name(self) -> str:
        """The model's name in requests.

        Raises:
            SettingsError: the setting is missing.
        """
        if not self.settings.openai_judge_model:
            raise SettingsError(f"{self.setting} is not set: PITCHQUEST_JUDGE=openai needs it.")
        return self.settings.openai_judge_model

    @property
    def address(self) -> str:
        """The server's URL, or "" for the vendor's own."""
        return self.settings.openai_base_url or ""

    def send(self, question: Question) -> Reply:
        """Ask once; raises Trouble if no answer comes."""
        client = openai_client.open_client(self.settings)
        arguments: Any = {
            "messages": [
                {"role": "system", "content": question.instructions},
                {"role": "user", "content": _openai_content(question.data)},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "judgement", "strict": True, "schema": question.schema},
            },
        }
        with openai_client.openai_troubles():
            completion = client.chat.completions.create(
                model=self.name, max_completion_tokens=MAX_OUTPUT_TOKENS, **arguments
            )
        with openai_client.reading("chat completion"):
            choice, used = completion.choices[0], completion.usage
            return Reply(
                body={"text": _without_nul(choice.message.content), "ended": _openai_ended(choice)},
                model=completion.model or self.name,
                # Self-hosted servers may not count tokens.
                usage=Usage(
                    input_tokens=getattr(used, "prompt_tokens", None) or 0,
                    output_tokens=getattr(used, "completion_tokens", None) or 0,
                ),
            )


def _count(tokens: int | None) -> int:
    """The count; 0 for anything that is not one."""
    return max(0, tokens or 0)


def _gemini_text(response: Any) -> str:
    """The text of the first candidate without thoughts; `response.text` would log warnings."""
    candidate = (response.candidates or [None])[0]
    parts = candidate.content.parts if candidate and candidate.content else None
    return _without_nul("".join(one.text or "" for one in parts or [] if not one.thought))


def _gemini_ended(response: Any) -> str | None:
    """Why the answer is incomplete, in Gemini's words; None if it is complete."""
    feedback = response.prompt_feedback
    if feedback and feedback.block_reason:
        return str(feedback.block_reason.value)
    reason = response.candidates[0].finish_reason if response.candidates else None
    return None if reason is None or reason.value == "STOP" else str(reason.value)


def _openai_ended(choice: Any) -> str | None:
    if choice.message.refusal:
        return "refusal"
    return None if choice.finish_reason in ("stop", None) else str(choice.finish_reason)


def _openai_content(data: Sequence[Part]) -> str:
    """The texts as one string, which every server accepts; pictures are never sent here."""
    texts = [part for part in data if isinstance(part, str)]
    assert len(texts) == len(data)
    return "\n".join(texts)


def _without_nul(text: str | None) -> str:
    """Remove NUL, which PostgreSQL cannot store."""
    return (text or "").replace("\0", "")
