"""The one way to call a vendor, whichever it is and whatever the question.

An engine describes its `Call` and passes two functions: one that sends it once through the vendor's
SDK (whose own retries are off), and one that reads the reply. `Caller.ask` does the rest:

    call = Call(vendor="openai", model="whisper-1", model_setting="PITCHQUEST_…",
                purpose="transcription", at_most=Usage(audio_seconds=60.0),
                key=key_of("openai", "whisper-1", sha256_of_the_sound, "verbose_json"))
    words = caller.ask(call, send=lambda: transcribe_once(client, flac), read=words_of)

- An answer in the ledger is read again and costs nothing.
- A call that could exceed a budget is not made (BudgetExceeded).
- 429 (with Retry-After), 5xx and network errors are retried with jitter, for at most 5 minutes.
  Nothing else is retried.
- Every answer is recorded with its cost, usable or not; only one that `read` accepts is kept.
- `caller.paid(purpose)` is what this run paid for a purpose, for the `cost_usd` of the value.
"""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)
from tenacity.wait import wait_exponential_jitter

from pitchquest_assets.engines.vendors.errors import Trouble, as_error, name_of
from pitchquest_assets.engines.vendors.prices import price_of
from pitchquest_assets.errors import BudgetExceeded, UnusableAnswer
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Call, Ledger, NoLedger, Purpose, Reply, VendorName

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 20.0
PAUSE_JITTER_SECONDS = 1.0
# Give up if Retry-After is longer than this.
LONGEST_RETRY_AFTER_SECONDS = 60.0
# Start no retry later than this after the first try: several calls must fit into a run.
LONGEST_RETRYING_SECONDS = 300.0


def key_of(*parts: Any) -> str:
    """Return the SHA-256 of everything that an answer depends on, given as JSON-able parts."""
    document = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()


@dataclass(frozen=True)
class Caller:
    """Makes the calls of one run for one video."""

    settings: Settings
    ledger: Ledger = field(default_factory=NoLedger)
    announce: Callable[[str], None] = lambda _: None

    def ask(
        self,
        call: Call,
        send: Callable[[], Reply],
        read: Callable[[Reply], T],
        mend: Callable[[UnusableAnswer], Reply] | None = None,
    ) -> T:
        """Return what `read` makes of the vendor's answer, or of the same answer kept earlier.

        Args:
            send: makes the call once; raises Trouble if it brings no answer.
            read: parses the reply; raises UnusableAnswer if it cannot be used.
            mend: like `send`, called once to replace an answer that could not be used.

        Raises:
            BudgetExceeded: the call could cost more than a budget allows, and was not made.
            VendorRefused: wrong key, no permission, unknown model, no credit, or invalid call.
            VendorUnavailable: rate limit, outage, timeout or no network, even after retries.
            UnusableAnswer: raised by `read`.
        """
        if (known := self.ledger.find(call.key)) is not None:
            try:
                return read(known)
            except UnusableAnswer:
                self.announce("an answer that was kept can no longer be read: asking again")
        reply = self._pay(call, send)
        try:
            value = read(reply)
        except UnusableAnswer as error:
            if mend is None:
                raise
            # Python unbinds the exception's name at the end of this block.
            complaint = error
            reply = self._pay(call, lambda: mend(complaint))
            value = read(reply)
        self.ledger.keep(call, reply)
        return value

    def paid(self, purpose: Purpose) -> float:
        """Return the US dollars that this run has paid for the purpose."""
        return self.ledger.paid(purpose)

    def unpriced(self, vendor: VendorName, model: str) -> str | None:
        """Return a warning if the price of the model is unknown, else None."""
        if price_of(vendor, model, self.settings.model_prices) is not None:
            return None
        return (
            f"the price of {model} is not known, so its calls are counted as $0: "
            f"PITCHQUEST_MODEL_PRICES={model}=IN/OUT gives it"
        )

    def _pay(self, call: Call, send: Callable[[], Reply]) -> Reply:
        """Get one answer, and record it with its cost."""
        self._check_budgets(call)
        reply = self._send(call, send)
        price = price_of(call.vendor, call.model, self.settings.model_prices)
        self.ledger.record(call, reply, None if price is None else price.of(reply.usage))
        return reply

    def _check_budgets(self, call: Call) -> None:
        video, day = self.settings.video_budget_usd, self.settings.daily_budget_usd
        if video is None and day is None:
            return
        price = price_of(call.vendor, call.model, self.settings.model_prices)
        if price is None:
            raise BudgetExceeded(
                f"A budget is set, but the price of {call.model} is not known: give it with "
                f"PITCHQUEST_MODEL_PRICES={call.model}=IN/OUT (US dollars per million tokens)."
            )
        most, spent = price.of(call.at_most), self.ledger.spent()
        what = f"The next call to {call.model} can cost ${most:.4f}"
        if day is not None and spent.today_usd + most > day:
            message = (
                f"{what}, and ${spent.today_usd:.4f} of PITCHQUEST_DAILY_BUDGET_USD "
                f"(${day:g}) are spent: raise it, wait until midnight UTC, or choose local "
                "engines."
            )
            self.ledger.refused(message)
            raise BudgetExceeded(message)
        if video is not None and spent.video_usd + most > video:
            raise BudgetExceeded(
                f"{what}, and ${spent.video_usd:.4f} of PITCHQUEST_VIDEO_BUDGET_USD "
                f"(${video:g}) are spent on this video: raise it, or choose local engines."
            )

    def _send(self, call: Call, send: Callable[[], Reply]) -> Reply:
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Trouble) and error.passes),
            stop=lambda state: _is_over(state, self.settings.vendor_attempts),
            wait=_pause,
            before_sleep=lambda state: self._announce_retry(call, state),
            reraise=True,
        )
        try:
            return retrying(send)
        except Trouble as trouble:
            tries = int(retrying.statistics.get("attempt_number", 1))
            # Drop the cause: it holds the vendor's own words, and Dagster's log would keep it.
            raise as_error(trouble, call, self.settings, tries) from None

    def _announce_retry(self, call: Call, state: RetryCallState) -> None:
        trouble = _trouble_of(state)
        what = f"HTTP {trouble.status}" if trouble.status else trouble.reason or "no connection"
        self.announce(
            f"{name_of(call.vendor, self.settings)}: {what}; "
            f"trying again in {state.upcoming_sleep:.1f} s"
        )


def _trouble_of(state: RetryCallState) -> Trouble:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Trouble)
    return error


def _is_over(state: RetryCallState, attempts: int) -> bool:
    wanted = _trouble_of(state).retry_after_seconds or 0.0
    is_late = stop_before_delay(LONGEST_RETRYING_SECONDS)(state)
    return wanted > LONGEST_RETRY_AFTER_SECONDS or is_late or stop_after_attempt(attempts)(state)


def _pause(state: RetryCallState) -> float:
    """The pause the vendor asks for, else exponential; with jitter, so that runs spread out."""
    wanted = _trouble_of(state).retry_after_seconds
    grown = wait_exponential_jitter(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, 2, 0)(state)
    return (grown if wanted is None else wanted) + random.uniform(0, PAUSE_JITTER_SECONDS)
