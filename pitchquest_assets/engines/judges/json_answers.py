"""Asks a language model for JSON, checks the answer, and asks once more if it is unusable."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pitchquest_assets.engines.judges.language_models import LanguageModel, Picture, Question
from pitchquest_assets.engines.vendors.calls import Caller, key_of
from pitchquest_assets.engines.vendors.errors import name_of
from pitchquest_assets.errors import UnusableAnswer
from pitchquest_assets.vendor_calls import Call, Purpose, Reply

T = TypeVar("T", bound=BaseModel)

MAX_TEXT_CHARACTERS = 400
CUT_OFF = ("MAX_TOKENS", "length")
# What to set if no model can do the job.
OTHERWISE: dict[Purpose, str] = {
    "content": "PITCHQUEST_JUDGE=local",
    "vision": "PITCHQUEST_VISION_JUDGE=off",
}


class Answer(BaseModel):
    """Base of an answer: all of its fields must be there, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def ask(
    caller: Caller, model: LanguageModel, question: Question, answer: type[T], purpose: Purpose,
    sample: int,
) -> tuple[T, str]:  # fmt: skip
    """Return the model's answer, and the model's name as the API gives it.

    If the answer is unusable, the model is asked once more, with the reason.

    Args:
        sample: the number of this answer, if several are wanted.

    Raises:
        UnusableAnswer: blocked, refused, cut off, empty or in the wrong form, twice in a row.
        BudgetExceeded, VendorRefused, VendorUnavailable: see `Caller.ask`.
    """
    call = Call(
        vendor=model.vendor,
        model=model.name,
        model_setting=model.setting,
        purpose=purpose,
        key=_key(model, question, sample),
        at_most=question.at_most,
    )

    def read(reply: Reply) -> tuple[T, str]:
        return read_answer(reply, answer), reply.model

    def send() -> Reply:
        pictures = sum(isinstance(part, Picture) for part in question.data)
        what = f"{pictures} pictures" if pictures else "the transcript"
        caller.announce(f"{name_of(model.vendor, caller.settings)}: {what} and a prompt are sent")
        return model.send(question)

    def mend(error: UnusableAnswer) -> Reply:
        caller.announce(f"{model.name} {error}: asking once more")
        return model.send(_complaining(question, error))

    try:
        return caller.ask(call, send, read, mend)
    except UnusableAnswer as error:
        raise UnusableAnswer(
            f"{model.name} {error}, even when asked again: choose another model with "
            f"{model.setting}, or set {OTHERWISE[purpose]}."
        ) from error


def read_answer(reply: Reply, answer: type[T]) -> T:
    """Parse the answer.

    Raises:
        UnusableAnswer: its message continues the sentence "the model …".
    """
    ended, text = reply.body["ended"], reply.body["text"]
    if ended in CUT_OFF:
        raise UnusableAnswer(f"stopped before its answer was whole ({ended})")
    if ended:
        raise UnusableAnswer(f"refused to answer ({ended})")
    if not text.strip():
        raise UnusableAnswer("gave an empty answer")
    try:
        return answer.model_validate_json(text)
    except ValidationError as error:
        raise UnusableAnswer(f"did not answer in the form asked for ({_wrong(error)})") from error


def _wrong(error: ValidationError) -> str:
    """The first error, without any of the answer's words: it goes back as an instruction."""
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        return "it is not JSON"
    known = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    return f"{'.'.join(map(str, known)) or 'the whole'}: {first['msg']}"


def as_data(document: Any) -> str:
    """Return JSON with its angle brackets escaped, so that nothing in it looks like a tag."""
    text = json.dumps(document, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def one_line(text: str) -> str | None:
    """Return a model's text in a form fit to show: one short, printable line; None if empty."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) > MAX_TEXT_CHARACTERS:
        line = line[: MAX_TEXT_CHARACTERS - 1] + "…"
    return line or None


def _complaining(question: Question, error: UnusableAnswer) -> Question:
    instructions = (
        f"{question.instructions}\n\nAn earlier answer of yours could not be used: it "
        f"{error}. Answer with the whole JSON object, in the form asked for and nothing else."
    )
    return Question(instructions, question.data, question.schema)


def _key(model: LanguageModel, question: Question, sample: int) -> str:
    """A hash of all that the answer depends on; the instructions include the prompt's version."""
    data = [
        {"jpeg": key_of(part.jpeg.hex())} if isinstance(part, Picture) else part
        for part in question.data
    ]
    return key_of(
        model.vendor, model.address, model.name, question.instructions, data, question.schema,
        sample,
    )  # fmt: skip
