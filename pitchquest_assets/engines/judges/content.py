"""Judges the content on this machine, or by a language model whose every claim is looked up.

The model gets the transcript as data, separate from its instructions. Its answer gives a level and
a quote for each item; an item whose quote is not in the transcript is not scored. The overall score
is computed here, never by the model.
"""

import statistics
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from pitchquest_assets.analysis.content import local
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
from pitchquest_assets.engines.judges.sentence_vectors import fetch_encoder
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.engines.weights.progress import log_progress
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.model import ContentAnalysis, Evidence, RubricItem, Transcript, Word
from pitchquest_assets.settings import Settings

# If several answers differ by more than this, the item is marked as low confidence.
MAX_SPREAD = 1

RENAMED = "PITCHQUEST_JUDGE=rules is the old name of PITCHQUEST_JUDGE=local: the rules are gone"

JudgeName = Literal["local", "gemini", "openai"]
Level = Annotated[int, Field(ge=0, le=5)]


class ItemAnswer(Answer):
    """What a model says about one item: evidence first, then the score."""

    quote: str
    explanation: str
    not_present: bool
    score: Level
    suggestion: str


def choose_judge(settings: Settings) -> JudgeName:
    """Return the judge of PITCHQUEST_JUDGE; `auto` is Gemini if its key is set, else the local one.

    OpenAI judges only if it is named: its key may be there just for transcription.

    Raises:
        SettingsError: the judge that was asked for has no key or no model.
    """
    if settings.judge == "auto":
        return "gemini" if settings.gemini_api_key else "local"
    if settings.judge == "rules":
        return "local"
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
    """Judge the ten items, 0–5 each, by the judge that the settings choose.

    If the transcript cannot be trusted, every item is null with the reason, and no call is made. If
    the judge fails, no other takes its place.

    Raises:
        SettingsError: the judge that was asked for has no key or no model.
        UnusableAnswer, BudgetExceeded, VendorRefused, VendorUnavailable: see `json_answers.ask`.
    """
    name = choose_judge(caller.settings)
    if name == "local":
        return _judge_locally(transcript, rubric, caller)
    reason = unreadable(transcript)
    if reason is not None:
        return content_of([unscored(item, reason) for item in rubric.all_items], name)
    model: LanguageModel = Gemini(caller.settings) if name == "gemini" else OpenAI(caller.settings)
    return _judge_by(model, name, transcript, rubric, caller)


def _judge_locally(
    transcript: Transcript, rubric: RubricDefinition, caller: Caller
) -> ContentAnalysis:
    progress = log_progress(caller.announce)
    encoder = None if unreadable(transcript) else fetch_encoder(caller.settings, progress)
    judged = local.judge_content(transcript, rubric, encoder.states if encoder else None)
    renamed = [RENAMED] if caller.settings.judge == "rules" else []
    read_by = "words and vectors" if encoder else "words"
    return judged.model_copy(
        update={
            "judge_model": None if judged.clarity is None else read_by,
            "warnings": [*renamed, *judged.warnings],
        }
    )


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
    """An answer with one field per item, so that none can be missing or repeated."""
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
    """The item as the answer scores it, unless its quote was not said, or addresses the judge."""
    texts = {
        "explanation": one_line(answer.explanation),
        "suggestion": one_line(answer.suggestion),
    }
    if answer.not_present or answer.score == 0:
        absent = Evidence(measurement="the judge found no sign of it in the transcript")
        return _scored(item, 0, [absent], **texts)
    if find_quote(answer.quote, transcript.words) is None:
        return unscored(item, "the quote given as evidence is not in the transcript")
    evidence = find_quote(answer.quote, _outside(addressed, transcript.words))
    if evidence is None:
        return unscored(item, "the sentence given as evidence addresses the judge")
    return _scored(item, answer.score, [evidence], **texts)


def _median(answers: Sequence[RubricItem]) -> RubricItem:
    """The first answer whose score is the lower median of the scored answers."""
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
    reason = f"{len(scores)} answers from {min(scores)} to {max(scores)}: low confidence"
    return chosen.model_copy(
        update={
            "spread": spread,
            "low_confidence": unsure,
            "reason": reason if unsure else None,
        }
    )


def _scored(
    item: SpokenItem | ClarityItem, score: int, evidence: list[Evidence], **texts: str | None
) -> RubricItem:
    return RubricItem(
        name=item.name,
        title=item.title,
        score=score,
        looked_for=item.looked_for,
        evidence=evidence,
        explanation=texts["explanation"],
        suggestion=texts["suggestion"],
    )


def _addressed(transcript: Transcript, rubric: RubricDefinition) -> list[Sentence]:
    """The sentences that address the judge; nothing in them is evidence."""
    sentences = split_sentences(transcript.words)
    return [one for one in sentences if addresses_the_judge(plain(one.text), rubric)]


def _outside(sentences: Sequence[Sentence], words: Sequence[Word]) -> list[Word]:
    def is_in(word: Word, one: Sentence) -> bool:
        start = word.start_seconds
        # The next sentence may begin at the very moment that this one ends.
        return one.start_seconds <= start < one.end_seconds or start == one.start_seconds

    return [word for word in words if not any(is_in(word, one) for one in sentences)]


def _warnings(addressed: Sequence[Sentence], caller: Caller, model: LanguageModel) -> list[str]:
    warnings = [
        f"at {one.start_seconds:.0f} s the pitch addresses its judge "
        f"({one_line(one.text[:80])!r}): look at the scores of the content yourself"
        for one in addressed[:1]
    ]
    unpriced = caller.unpriced(model.vendor, model.name)
    return [*warnings, unpriced] if unpriced else warnings
