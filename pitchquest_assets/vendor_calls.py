"""What a call to a vendor is, what it used and cost, and the ledger that records it.

Engines make the calls and know nothing of the database; the store keeps the ledger and knows
nothing of vendors. Both use these types.
"""

from typing import Any, Literal, Protocol

from pydantic import Field

from pitchquest_assets.model import Value

VendorName = Literal["openai", "gemini"]
Purpose = Literal["transcription", "content", "vision"]


class Usage(Value):
    """What a call used, by the vendor's own figures."""

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0, description="including thoughts")
    audio_seconds: float = Field(0.0, ge=0)


class Call(Value):
    """One question to a vendor, before it is sent."""

    vendor: VendorName
    model: str
    model_setting: str = Field(description="the variable that names the model, for messages")
    purpose: Purpose
    key: str = Field(description="hash of all that the answer depends on: see `calls.key_of`")
    at_most: Usage = Field(description="upper estimate of what it can use, for the budgets")


class Reply(Value):
    """A vendor's answer; `body` is anything that JSON can represent."""

    body: Any
    model: str = Field(description="as the API names it in the answer: the exact version")
    usage: Usage


class Spent(Value):
    """What calls have cost so far, in US dollars."""

    video_usd: float = Field(description="for this video within 24 hours, in all runs and retries")
    today_usd: float = Field(description="for all videos since midnight UTC")


class Ledger(Protocol):
    """The ledger of one run for one video: calls, their costs, and answers to use again."""

    def find(self, key: str) -> Reply | None:
        """Return the answer kept under this key; None if there is none."""

    def spent(self) -> Spent:
        """Return what has been spent."""

    def record(self, call: Call, reply: Reply, cost_usd: float | None) -> None:
        """Record a call, usable or not; the cost is None if the price is unknown."""

    def keep(self, call: Call, reply: Reply) -> None:
        """Keep a usable answer, so that nobody pays for it again."""

    def refused(self, message: str) -> None:
        """Raise the alert that the daily budget stops calls, once a day."""

    def paid(self, purpose: Purpose) -> float:
        """Return the US dollars that this run has paid for the purpose, including failed tries."""


class NoLedger:
    """A ledger that remembers only the costs of this object, for notebooks and tests."""

    def __init__(self) -> None:
        self._paid: dict[Purpose, float] = {}

    def find(self, key: str) -> Reply | None:
        """Keep nothing."""
        return None

    def spent(self) -> Spent:
        """Return what this object has recorded."""
        total = sum(self._paid.values())
        return Spent(video_usd=total, today_usd=total)

    def record(self, call: Call, reply: Reply, cost_usd: float | None) -> None:
        """Add up the cost."""
        self._paid[call.purpose] = self._paid.get(call.purpose, 0.0) + (cost_usd or 0.0)

    def keep(self, call: Call, reply: Reply) -> None:
        """Keep nothing."""

    def refused(self, message: str) -> None:
        """Raise no alert."""

    def paid(self, purpose: Purpose) -> float:
        """Return what this object has recorded."""
        return self._paid.get(purpose, 0.0)
