"""One call: kept answers, budgets, retries, costs; the vendor is a function here."""

import traceback
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from pitchquest_assets.engines.vendors import calls as clients
from pitchquest_assets.engines.vendors.calls import Caller, key_of
from pitchquest_assets.engines.vendors.errors import Trouble
from pitchquest_assets.errors import (
    BudgetExceeded,
    SettingsError,
    UnusableAnswer,
    VendorRefused,
    VendorUnavailable,
)
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Call, NoLedger, Reply
from pitchquest_assets_tests.support import factories

# 2,000 tokens in and 400 out at $0.30 and $2.50 per million.
PAID_USD = 0.0016
# 10,000 and 2,000.
AT_MOST_USD = 0.008


class Book(NoLedger):
    """Keeps answers as the database does."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Reply] = {}
        self.told: list[str] = []

    def find(self, key: str) -> Reply | None:
        return self.kept.get(key)

    def keep(self, call: Call, reply: Reply) -> None:
        self.kept[call.key] = reply

    def refused(self, message: str) -> None:
        self.told.append(message)


class Vendor:
    """Gives these answers or troubles, one after the other."""

    def __init__(self, *answers: Reply | Trouble) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self) -> Reply:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Trouble):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before further tries, which are not waited for."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    return waited


def caller(book: Book | None = None, **settings: object) -> Caller:
    made = Settings(_env_file=None, **settings)  # type: ignore[call-arg, arg-type]
    return Caller(made, book if book is not None else Book())


def body_of(reply: Reply) -> object:
    return reply.body


def test_an_answer_is_paid_for_once() -> None:
    book, vendor = Book(), Vendor(factories.vendor_reply())
    for _ in range(2):
        assert caller(book).ask(factories.vendor_call(), vendor, body_of) == "an answer"
    assert vendor.asked == 1
    assert book.paid("content") == PAID_USD
    assert book.paid("vision") == 0


def test_an_answer_that_cannot_be_used_is_paid_for_and_not_kept() -> None:
    def refuse(reply: Reply) -> str:
        raise UnusableAnswer("It is empty.")

    book, vendor = Book(), Vendor(factories.vendor_reply(), factories.vendor_reply())
    with pytest.raises(UnusableAnswer):
        caller(book).ask(factories.vendor_call(), vendor, refuse)
    assert caller(book).ask(factories.vendor_call(), vendor, body_of) == "an answer"
    assert book.paid("content") == 2 * PAID_USD


def test_a_kept_answer_that_can_no_longer_be_read_is_asked_for_anew() -> None:
    book = Book()
    book.kept["0123"] = factories.vendor_reply(body="old")

    def read(reply: Reply) -> object:
        if reply.body == "old":
            raise UnusableAnswer("It is old.")
        return reply.body

    vendor = Vendor(factories.vendor_reply())
    assert caller(book).ask(factories.vendor_call(), vendor, read) == "an answer"
    assert book.kept["0123"].body == "an answer"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529, 408, None])
def test_what_passes_is_tried_again_after_growing_pauses(
    status: int | None, pauses: list[float]
) -> None:
    troubles = [Trouble("busy", status=status) for _ in range(3)]
    assert caller().ask(
        factories.vendor_call(), Vendor(*troubles, factories.vendor_reply()), body_of
    )
    for pause, least in zip(pauses, (1, 2, 4), strict=True):
        assert least <= pause <= least + clients.PAUSE_JITTER_SECONDS


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_lasts_is_not_tried_again(status: int) -> None:
    vendor = Vendor(Trouble("no", status=status))
    with pytest.raises(VendorRefused):
        caller().ask(factories.vendor_call(), vendor, body_of)
    assert vendor.asked == 1


def test_no_credit_is_no_rate_limit() -> None:
    vendor = Vendor(Trouble("quota", status=429, reason="credit"))
    with pytest.raises(VendorRefused, match="no credit left for GEMINI_API_KEY"):
        caller().ask(factories.vendor_call(), vendor, body_of)


def test_retry_after_is_honoured_with_jitter(pauses: list[float]) -> None:
    vendor = Vendor(Trouble(status=429, retry_after_seconds=7), factories.vendor_reply())
    caller().ask(factories.vendor_call(), vendor, body_of)
    assert 7 <= pauses[0] <= 7 + clients.PAUSE_JITTER_SECONDS


def test_who_wants_to_be_left_alone_for_long_is(pauses: list[float]) -> None:
    vendor = Vendor(Trouble(status=429, retry_after_seconds=3600))
    with pytest.raises(VendorUnavailable, match=r"\(HTTP 429\): try again after 3600 s"):
        caller().ask(factories.vendor_call(), vendor, body_of)
    assert (vendor.asked, pauses) == (1, [])


def test_it_gives_up_after_the_attempts_of_the_setting(pauses: list[float]) -> None:
    vendor = Vendor(*(Trouble(status=503) for _ in range(9)))
    with pytest.raises(VendorUnavailable, match="2 times in a row"):
        caller(vendor_attempts=2).ask(factories.vendor_call(), vendor, body_of)
    assert vendor.asked == 2


def test_a_call_that_takes_long_to_fail_is_not_tried_again_for_ever(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr("tenacity.time", SimpleNamespace(monotonic=lambda: clock.seconds))
    asked: list[float] = []

    def vendor() -> Reply:
        asked.append(clock.seconds)
        clock.seconds += 120
        raise Trouble(reason="timeout")

    with pytest.raises(VendorUnavailable, match="3 times in a row"):
        caller().ask(factories.vendor_call(), vendor, body_of)
    assert asked == [0, 120, 240]


@pytest.mark.parametrize("variable", ["video_budget_usd", "daily_budget_usd"])
def test_a_call_that_could_break_a_budget_is_not_made(variable: str) -> None:
    book, vendor = Book(), Vendor(factories.vendor_reply(), factories.vendor_reply())
    careful: Callable[[float], Caller] = lambda usd: caller(book, **{variable: usd})  # noqa: E731
    careful(AT_MOST_USD).ask(factories.vendor_call(key="1"), vendor, body_of)
    with pytest.raises(BudgetExceeded, match=f"PITCHQUEST_{variable.upper()}"):
        careful(AT_MOST_USD + PAID_USD / 2).ask(factories.vendor_call(key="2"), vendor, body_of)
    assert vendor.asked == 1
    assert len(book.told) == (variable == "daily_budget_usd")
    # What was answered before stays free.
    careful(PAID_USD / 2).ask(factories.vendor_call(key="1"), vendor, body_of)


def test_a_budget_needs_a_price() -> None:
    call, vendor = factories.vendor_call(model="gemini-9"), Vendor(factories.vendor_reply())
    with pytest.raises(BudgetExceeded, match="PITCHQUEST_MODEL_PRICES=gemini-9=IN/OUT"):
        caller(video_budget_usd=1).ask(call, vendor, body_of)
    given = caller(video_budget_usd=1, model_prices="llama=0/0 gemini-9=1.5/10")
    given.ask(call, vendor, body_of)
    assert given.paid("content") == 0.007
    assert given.unpriced(call.vendor, call.model) is None
    assert "gemini-9 is not known" in (caller().unpriced(call.vendor, call.model) or "")


@pytest.mark.parametrize("given", ["llama", "llama=1", "llama=1/2/3", "llama=./1", "=1/2"])
def test_prices_that_make_no_sense_are_named(given: str) -> None:
    with pytest.raises(SettingsError, match="PITCHQUEST_MODEL_PRICES"):
        caller(model_prices=given).ask(
            factories.vendor_call(), Vendor(factories.vendor_reply()), body_of
        )


def test_no_sentence_holds_a_key(pauses: list[float]) -> None:
    secret = "AIzaSecret-of-ours"
    said = f"key {secret} and sk-proj-abcd**** are\nnot\x1b[31m good"
    for status in (400, 401, 403, 404, 418, 429, 500, None):
        with pytest.raises((VendorRefused, VendorUnavailable)) as raised:
            caller(vendor_attempts=1, GEMINI_API_KEY=secret).ask(
                factories.vendor_call(), Vendor(Trouble(said, status=status)), body_of
            )
        told = str(raised.value)
        assert "Secret" not in told
        assert "abcd" not in told
        assert told.isprintable()


def test_a_key_with_blanks_around_it_is_not_shown_either(pauses: list[float]) -> None:
    with pytest.raises(VendorRefused) as raised:
        caller(OPENAI_API_KEY=" a-key-of-our-own\n").ask(
            factories.vendor_call(), Vendor(Trouble("no a-key-of-our-own", status=400)), body_of
        )
    assert "a-key-of-our-own" not in str(raised.value)


def test_nothing_that_the_log_keeps_of_an_error_holds_a_key() -> None:
    secret = "a-key-of-our-own"
    with pytest.raises(VendorRefused) as raised:
        caller(OPENAI_API_KEY=secret).ask(
            factories.vendor_call(), Vendor(Trouble(secret, status=400)), body_of
        )
    messages = traceback.TracebackException.from_exception(raised.value).format()
    assert secret not in "".join(line for line in messages if "ask(" not in line)


def test_a_key_depends_on_every_part() -> None:
    assert key_of("a", "bc") != key_of("ab", "c")
    assert key_of({"x": 1, "y": 2}) == key_of({"y": 2, "x": 1})
