"""Gemini looks at the pictures: body language, posture, eye contact and slides, with evidence.

Its answers are shown beside the measured figures and change none of them. They do not count towards
the score, because the rubric gives them no weight, so scores with and without them are comparable.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, create_model

from pitchquest_assets.analysis.content.rubric import MAX_ITEM_SCORE, MAX_SUB_SCORE
from pitchquest_assets.analysis.visual.analyse import MAX_NOTABLE_FRAMES
from pitchquest_assets.engines.judges.content import choose_judge
from pitchquest_assets.engines.judges.json_answers import Answer, as_data, ask, one_line
from pitchquest_assets.engines.judges.language_models import Gemini, Part, Picture, Question
from pitchquest_assets.engines.judges.prompts import load_prompt, vision_instructions
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.errors import SettingsError
from pitchquest_assets.media.sampling import iter_frames
from pitchquest_assets.model import Event, Frame, Frames, Score, VisualAnalysis
from pitchquest_assets.settings import Settings

POSTURE = "posture"
EVENT_KIND = "vision_judge"


class AspectAnswer(Answer):
    """What a model says about one aspect: evidence first, then the score."""

    picture: Annotated[int, Field(ge=0)]
    observation: str
    not_visible: bool
    score: Annotated[int, Field(ge=0, le=5)]
    suggestion: str


def wants_vision_judge(settings: Settings) -> bool:
    """Whether PITCHQUEST_VISION_JUDGE is on; `auto` is on if Gemini judges the content.

    Raises:
        SettingsError: it is on, but there is no key.
    """
    if settings.vision_judge == "gemini" and settings.gemini_api_key is None:
        raise SettingsError("PITCHQUEST_VISION_JUDGE=gemini needs GEMINI_API_KEY.")
    if settings.vision_judge == "auto":
        return choose_judge(settings) == "gemini"
    return settings.vision_judge == "gemini"


def judge_pictures(frames: Frames, analysis: VisualAnalysis, caller: Caller) -> VisualAnalysis:
    """Add what a vision judge sees, if one is wanted and there are pictures.

    Each aspect becomes a score 0–10 (`body_language`, `posture`, `eye_contact`, `slides`) and an
    event `vision_judge` at its picture. The score is null with a reason if the aspect is not
    visible, or if the picture named as evidence does not exist.

    Raises:
        UnusableAnswer, BudgetExceeded, VendorRefused, VendorUnavailable: see `json_answers.ask`.
    """
    if not wants_vision_judge(caller.settings) or not frames.frames:
        return analysis
    prompt, model = load_prompt("vision_judge"), Gemini(caller.settings)
    shown = _spread(list(iter_frames(frames)), caller.settings.vision_max_frames)
    form = create_model(
        "Sight", __base__=Answer, **dict.fromkeys(prompt.aspects, (AspectAnswer, ...))
    )  # type: ignore[call-overload]
    question = Question(vision_instructions(prompt), _data_of(shown), form.model_json_schema())
    answer, version = ask(caller, model, question, form, "vision", 0)
    seen = {name: getattr(answer, name) for name in prompt.aspects}
    scores = {name: _score(one, shown) for name, one in seen.items()}
    scored = {name: one for name, one in seen.items() if scores[name].value is not None}
    events = [_event(prompt.aspects[name].title, one, shown) for name, one in scored.items()]
    pointed_at = [shown[one.picture - 1][0].name for one in scored.values()]
    unpriced = caller.unpriced(model.vendor, model.name)
    return analysis.model_copy(
        update={
            "posture_quality": scores[POSTURE].value,
            "scores": analysis.scores | scores,
            "events": sorted(
                [*analysis.events, *events], key=lambda event: (event.start_seconds, event.kind)
            ),
            "notable_frames": list(dict.fromkeys([*pointed_at, *analysis.notable_frames]))[
                :MAX_NOTABLE_FRAMES
            ],
            "judge": f"{model.vendor}: {version}",
            "prompt_version": prompt.version,
            "cost_usd": caller.paid("vision"),
            "warnings": [*analysis.warnings, *([unpriced] if unpriced else [])],
        }
    )


def _spread(pictures: Sequence[tuple[Frame, bytes]], most: int) -> list[tuple[Frame, bytes]]:
    """At most `most` pictures, evenly spread over the video, including the first and the last."""
    if len(pictures) <= most:
        return list(pictures)
    last = len(pictures) - 1
    return [pictures[round(at * last / max(1, most - 1))] for at in range(most)]


def _data_of(shown: Sequence[tuple[Frame, bytes]]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, (frame, jpeg) in enumerate(shown, 1):
        about: dict[str, Any] = {"picture": number, "second": round(frame.time_seconds, 1)}
        parts += [as_data(about), Picture(jpeg)]
    return tuple(parts)


def _score(answer: AspectAnswer, shown: Sequence[tuple[Frame, bytes]]) -> Score:
    observation = one_line(answer.observation)
    if answer.not_visible or answer.score == 0:
        return Score(value=None, reason=observation or "not visible in the pictures")
    if not 1 <= answer.picture <= len(shown):
        return Score(value=None, reason="the picture given as evidence does not exist")
    return Score(
        value=answer.score * MAX_SUB_SCORE / MAX_ITEM_SCORE,
        basis=f"{observation or 'seen'} (vision judge, {answer.score} of {MAX_ITEM_SCORE})",
        time_seconds=round(shown[answer.picture - 1][0].time_seconds, 2),
    )


def _event(title: str, answer: AspectAnswer, shown: Sequence[tuple[Frame, bytes]]) -> Event:
    time = round(shown[answer.picture - 1][0].time_seconds, 2)
    texts = [one_line(answer.observation), one_line(answer.suggestion)]
    return Event(
        kind=EVENT_KIND,
        start_seconds=time,
        end_seconds=time,
        text=" ".join([f"{title}:", *(one for one in texts if one)]),
    )
