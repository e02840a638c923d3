"""What one call to a vendor is, what it used, what it cost, and who keeps the book.

Engines make the calls and know no database; the store keeps the book and knows no vendor. Both
know these types.
"""

from typing import Any, Literal, Protocol

from pydantic import Field

from pitchquest_assets.model import Value

VendorName = Literal["openai", "gemini"]
Purpose = Literal["transcription", "content", "vision"]


class Usage(Value):
    """What a call used, by the vendor's own figures."""

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0, description="thoughts included")
    audio_seconds: float = Field(0.0, ge=0)


class Call(Value):
    """One question to a vendor, before it is asked."""

    vendor: VendorName
    model: str
    model_setting: str = Field(description="the variable that names the model, for sentences")
    purpose: Purpose
    key: str = Field(description="hash of all that the answer depends on: see `clients.key_of`")
    at_most: Usage = Field(description="upper estimate of what it can use, for the budgets")


class Reply(Value):
    """What the vendor answered; `body` is anything that JSON can hold."""

    body: Any
    model: str = Field(description="as the API names it in the answer: the exact version")
    usage: Usage


class Spent(Value):
    """US dollars that calls have cost so far."""

    video_usd: float = Field(description="for this video within 24 hours, all runs and retries")
    today_usd: float = Field(description="for all videos since midnight, UTC")


class Ledger(Protocol):
    """The book of one run for one video: answers to use again, calls and their costs."""

    def find(self, key: str) -> Reply | None:
        """The answer that was kept under this key."""

    def spent(self) -> Spent:
        """What has been spent."""

    def record(self, call: Call, reply: Reply, cost_usd: float | None) -> None:
        """Enter a call that was made, usable or not; None where its price is not known."""

    def keep(self, call: Call, reply: Reply) -> None:
        """Keep an answer that could be used, so that nobody pays for it again."""

    def refused(self, message: str) -> None:
        """Have a person told that the budget of the day stops calls; once a day."""

    def paid(self, purpose: Purpose) -> float:
        """US dollars that this run has paid for the purpose, tries that failed included."""


class NoLedger:
    """A book that forgets everything but the costs of this process: for notebooks and tests."""

    def __init__(self) -> None:
        self._paid: dict[Purpose, float] = {}

    def find(self, key: str) -> Reply | None:
        """Nothing is kept."""
        return None

    def spent(self) -> Spent:
        """What this object has seen."""
        total = sum(self._paid.values())
        return Spent(video_usd=total, today_usd=total)

    def record(self, call: Call, reply: Reply, cost_usd: float | None) -> None:
        """Adds the cost up."""
        self._paid[call.purpose] = self._paid.get(call.purpose, 0.0) + (cost_usd or 0.0)

    def keep(self, call: Call, reply: Reply) -> None:
        """Nothing is kept."""

    def refused(self, message: str) -> None:
        """Nobody is told."""

    def paid(self, purpose: Purpose) -> float:
        """What this object has seen."""
        return self._paid.get(purpose, 0.0)
