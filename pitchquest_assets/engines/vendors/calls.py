"""The one way to call a vendor, whoever it is and whatever it is asked.

An engine describes its `Call`, gives a function that sends it once by the vendor's SDK (its own
retries switched off) and one that reads the reply; `Caller.ask` does the rest:

    call = Call(vendor="openai", model="whisper-1", model_setting="PITCHQUEST_…",
                purpose="transcription", at_most=Usage(audio_seconds=60.0),
                key=key_of("openai", "whisper-1", sha256_of_the_sound, "verbose_json"))
    words = caller.ask(call, send=lambda: transcribe_once(client, flac), read=words_of)

- an answer that is in the ledger is read again and costs nothing
- a call that could break a budget is not made (BudgetExceeded)
- 429 (with Retry-After), 5xx and network errors are tried again, with jitter, for 5 minutes at
  most; nothing else is
- every answer is entered with its cost, also one that cannot be used; only one that `read` takes
  is kept
- what this run paid for a purpose: `caller.paid(purpose)`, for the `cost_usd` of the value
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
# Who wants to be left alone for longer is not waited for.
LONGEST_RETRY_AFTER_SECONDS = 60.0
# No try begins later than this after the first one, as several calls must fit into a run.
LONGEST_RETRYING_SECONDS = 300.0


def key_of(*parts: Any) -> str:
    """SHA-256 over all that an answer depends on; the parts are anything that JSON can hold."""
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
        """What `read` makes of the vendor's answer, or of the same answer given earlier.

        Args:
            send: makes the call once; raises Trouble where it brings no answer.
            read: takes the reply apart; raises UnusableAnswer where nothing can be made of it.
            mend: like `send`, in place of an answer that could not be used; called once.

        Raises:
            BudgetExceeded: the call could cost more than a budget allows; it was not made.
            VendorRefused: wrong key, no rights, unknown model, no credit, or not taken.
            VendorUnavailable: rate limit, outage, no answer in time, no network, after retries.
            UnusableAnswer: by `read`.
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
            # The name of the exception ends with its block.
            complaint = error
            reply = self._pay(call, lambda: mend(complaint))
            value = read(reply)
        self.ledger.keep(call, reply)
        return value

    def paid(self, purpose: Purpose) -> float:
        """US dollars that this run has paid for the purpose."""
        return self.ledger.paid(purpose)

    def unpriced(self, vendor: VendorName, model: str) -> str | None:
        """A warning where the price of a model is not known."""
        if price_of(vendor, model, self.settings.model_prices) is not None:
            return None
        return (
            f"the price of {model} is not known, so its calls are counted as $0: "
            f"PITCHQUEST_MODEL_PRICES={model}=IN/OUT gives it"
        )

    def _pay(self, call: Call, send: Callable[[], Reply]) -> Reply:
        """One answer, entered with its cost."""
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
            told = (
                f"{what}, and ${spent.today_usd:.4f} of PITCHQUEST_DAILY_BUDGET_USD "
                f"(${day:g}) are spent: raise it, wait until midnight UTC, or choose local "
                "engines."
            )
            self.ledger.refused(told)
            raise BudgetExceeded(told)
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
            before_sleep=lambda state: self._tell(call, state),
            reraise=True,
        )
        try:
            return retrying(send)
        except Trouble as trouble:
            tries = int(retrying.statistics.get("attempt_number", 1))
            # What it came from is as the vendor said it, and Dagster's log would keep it.
            raise as_error(trouble, call, self.settings, tries) from None

    def _tell(self, call: Call, state: RetryCallState) -> None:
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
    """What the vendor asks for, else longer each time; both with jitter, so that runs spread."""
    wanted = _trouble_of(state).retry_after_seconds
    grown = wait_exponential_jitter(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, 2, 0)(state)
    return (grown if wanted is None else wanted) + random.uniform(0, PAUSE_JITTER_SECONDS)
