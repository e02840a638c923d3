"""Who judges the content: the rules, or a language model whose every claim is looked up.

The transcript goes out as data, by itself; the answer names a level and a quote for each item, and
an item whose quote is not in the transcript is not scored. Numbers of levels become scores here,
never in the model.
"""

import statistics
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from pitchquest_assets.analysis.content import rules
from pitchquest_assets.analysis.content.items import (
    addresses_the_judge,
    content_of,
    unreadable,
    unscored,
)
from pitchquest_assets.analysis.content.quotes import find_quote
from pitchquest_assets.analysis.content.rubric import ClarityItem, RubricDefinition, SpokenItem
from pitchquest_assets.analysis.content.sentences import Sentence, plain, split_sentences
from pitchquest_assets.engines.judges.json_answers import Answer, as_data, ask, one_line
from pitchquest_assets.engines.judges.language_models import Gemini, LanguageModel, OpenAI, Question
from pitchquest_assets.engines.judges.prompts import content_instructions, load_prompt
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.model import ContentAnalysis, Evidence, RubricItem, Transcript, Word
from pitchquest_assets.settings import Settings

# A wider spread of several answers is told as low confidence.
MAX_SPREAD = 1

JudgeName = Literal["rules", "gemini", "openai"]
Level = Annotated[int, Field(ge=0, le=5)]


class ItemAnswer(Answer):
    """What a model says about one item, evidence before score."""

    quote: str
    explanation: str
    not_present: bool
    score: Level
    suggestion: str


def choose_judge(settings: Settings) -> JudgeName:
    """PITCHQUEST_JUDGE; `auto` is Gemini where its key is set, else the rules.

    A key of OpenAI may be there for transcription alone, so its judge is chosen only by name.

    Raises:
        SettingsError: the judge that was asked for lacks its key or model.
    """
    if settings.judge == "auto":
        return "gemini" if settings.gemini_api_key else "rules"
    if settings.judge == "gemini" and settings.gemini_api_key is None:
        raise SettingsError("PITCHQUEST_JUDGE=gemini needs GEMINI_API_KEY.")
    if settings.judge == "openai":
        if not settings.openai_judge_model:
            raise SettingsError("PITCHQUEST_JUDGE=openai needs PITCHQUEST_OPENAI_JUDGE_MODEL.")
        if settings.openai_api_key is None and settings.openai_base_url is None:
            raise SettingsError("PITCHQUEST_JUDGE=openai needs OPENAI_API_KEY or OPENAI_BASE_URL.")
    return settings.judge


def judge_content(
    transcript: Transcript, rubric: RubricDefinition, caller: Caller
) -> ContentAnalysis:
    """The ten items by the judge that the settings choose; no other ever takes its place.

    Every item is null, with the reason and without a call, where nobody can trust the transcript.

    Raises:
        SettingsError: the judge that was asked for lacks its key or model.
        UnusableAnswer, BudgetExceeded, VendorRefused, VendorUnavailable: see `structured.ask`.
    """
    name = choose_judge(caller.settings)
    if name == "rules":
        return rules.judge_content(transcript, rubric)
    reason = unreadable(transcript)
    if reason is not None:
        return content_of([unscored(item, reason) for item in rubric.all_items], name)
    model: LanguageModel = Gemini(caller.settings) if name == "gemini" else OpenAI(caller.settings)
    return _judge_by(model, name, transcript, rubric, caller)


def _judge_by(
    model: LanguageModel,
    name: JudgeName,
    transcript: Transcript,
    rubric: RubricDefinition,
    caller: Caller,
) -> ContentAnalysis:
    prompt, form = load_prompt("content_judge"), _form_of(rubric)
    question = Question(
        content_instructions(prompt, rubric), (_data_of(transcript),), form.model_json_schema()
    )
    samples = caller.settings.judge_samples
    given = [ask(caller, model, question, form, "content", number) for number in range(samples)]
    answers = [answer for answer, _ in given]
    addressed = _addressed(transcript, rubric)
    items = [
        _median(
            [_verified(item, getattr(one, item.name), transcript, addressed) for one in answers]
        )
        for item in rubric.all_items
    ]
    return content_of(
        items,
        name,
        judge_model=given[0][1],
        prompt_version=prompt.version,
        samples=samples,
        cost_usd=caller.paid("content"),
        warnings=_warnings(addressed, caller, model),
    )


def _form_of(rubric: RubricDefinition) -> type[Answer]:
    """One field for each item, so that none can be missing or twice."""
    fields: dict[str, Any] = {item.name: (ItemAnswer, ...) for item in rubric.all_items}
    return create_model("Judgement", __base__=Answer, **fields)


def _data_of(transcript: Transcript) -> str:
    sentences = [
        {"number": number, "second": round(one.start_seconds, 1), "text": one.text}
        for number, one in enumerate(split_sentences(transcript.words), 1)
    ]
    return as_data({"sentences": sentences})


def _verified(
    item: SpokenItem | ClarityItem,
    answer: ItemAnswer,
    transcript: Transcript,
    addressed: Sequence[Sentence],
) -> RubricItem:
    """The item as one answer has it, unless its quote was not said, or said to the judge."""
    told = {
        "explanation": one_line(answer.explanation),
        "suggestion": one_line(answer.suggestion),
    }
    if answer.not_present or answer.score == 0:
        absent = Evidence(measurement="the judge found nothing of it in the transcript")
        return _scored(item, 0, [absent], **told)
    if find_quote(answer.quote, transcript.words) is None:
        return unscored(item, "the quote given as evidence is not in the transcript")
    evidence = find_quote(answer.quote, _outside(addressed, transcript.words))
    if evidence is None:
        return unscored(item, "the sentence given as evidence speaks to the judge")
    return _scored(item, answer.score, [evidence], **told)


def _median(answers: Sequence[RubricItem]) -> RubricItem:
    """The lower median of the scored answers, as the first answer with that score has it."""
    scored = [one for one in answers if one.score is not None]
    if 2 * len(scored) <= len(answers) and len(scored) < len(answers):
        return next(one for one in answers if one.score is None)
    scores = [one.score for one in scored if one.score is not None]
    median = statistics.median_low(scores)
    chosen = next(one for one in scored if one.score == median)
    if len(answers) == 1:
        return chosen
    spread = max(scores) - min(scores)
    unsure = spread > MAX_SPREAD
    told = f"{len(scores)} answers from {min(scores)} to {max(scores)}: low confidence"
    return chosen.model_copy(
        update={
            "spread": spread,
            "low_confidence": unsure,
            "reason": told if unsure else None,
        }
    )


def _scored(
    item: SpokenItem | ClarityItem, score: int, evidence: list[Evidence], **told: str | None
) -> RubricItem:
    return RubricItem(
        name=item.name,
        title=item.title,
        score=score,
        looked_for=item.looked_for,
        evidence=evidence,
        explanation=told["explanation"],
        suggestion=told["suggestion"],
    )


def _addressed(transcript: Transcript, rubric: RubricDefinition) -> list[Sentence]:
    """The sentences that speak to the judge; nothing in them is evidence, as with the rules."""
    sentences = split_sentences(transcript.words)
    return [one for one in sentences if addresses_the_judge(plain(one.text), rubric)]


def _outside(sentences: Sequence[Sentence], words: Sequence[Word]) -> list[Word]:
    def is_in(word: Word, one: Sentence) -> bool:
        start = word.start_seconds
        # The next sentence may begin at the moment in which this one ends.
        return one.start_seconds <= start < one.end_seconds or start == one.start_seconds

    return [word for word in words if not any(is_in(word, one) for one in sentences)]


def _warnings(addressed: Sequence[Sentence], caller: Caller, model: LanguageModel) -> list[str]:
    told = [
        f"at {one.start_seconds:.0f} s the pitch speaks to its judge "
        f"({one_line(one.text[:80])!r}): look at the scores of the content yourself"
        for one in addressed[:1]
    ]
    unpriced = caller.unpriced(model.vendor, model.name)
    return [*told, unpriced] if unpriced else told
