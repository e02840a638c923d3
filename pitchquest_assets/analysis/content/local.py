"""Judges what was said on this machine: what each sentence shows, and the levels that follow.

docs/content_judge.md says how well this agrees with people, and what it cannot do.
"""

import textwrap
from collections.abc import Callable, Sequence

from pitchquest_assets.analysis.content.doubts import doubts
from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.head import States
from pitchquest_assets.analysis.content.items import (
    addresses_the_judge,
    content_of,
    unreadable,
    unscored,
)
from pitchquest_assets.analysis.content.reading import Reading, Shown, carrier, read, settings_of
from pitchquest_assets.analysis.content.rubric import RubricDefinition, SpokenItem
from pitchquest_assets.analysis.content.sentences import Sentence, plain, split_sentences
from pitchquest_assets.analysis.content.structure import clarity_of, second_start
from pitchquest_assets.model import ContentAnalysis, Evidence, RubricItem, Transcript

JUDGE = "local"
MAX_QUOTED_SENTENCES = 3
MAX_SHOWN_LETTERS = 60

Encode = Callable[[Sequence[str]], Sequence[States]]


def judge_content(
    transcript: Transcript, rubric: RubricDefinition, encode: Encode | None = None
) -> ContentAnalysis:
    """Judge the ten items: a level 0–5 each, the facts found, and the sentences that state them.

    0 means looked for, but not found. If the transcript is missing, not trusted, empty, not English
    or not recognised as a pitch, every item is null with the reason.

    Args:
        encode: gives the states of the tokens of sentences; None judges by the words alone.
    """
    reason = _unreadable(transcript)
    if reason is not None:
        return _nothing(rubric, reason)
    heard = [
        one
        for one in split_sentences(transcript.words)
        if not addresses_the_judge(plain(one.text), rubric)
    ]
    if not heard:
        return _nothing(rubric, "every sentence addresses the judge")
    texts = [one.text for one in heard]
    reading = read(texts, encode(texts) if encode else None)
    if reading.is_pitch is False:
        return _nothing(rubric, _no_pitch(reading))
    items = [_spoken_item(item, reading, heard, transcript) for item in rubric.items]
    weights = settings_of(encode is not None)["clarity"]
    clarity = clarity_of(rubric.clarity, reading, heard, weights)
    return content_of([*items, clarity], JUDGE, warnings=_warnings(reading, heard))


def _unreadable(transcript: Transcript) -> str | None:
    """Why the words cannot be judged here; None if they can."""
    # "und" is how containers name an unknown language.
    english = (transcript.language or "und").lower().startswith(("en", "und"))
    language = f"the local judge reads English only, and the language is {transcript.language!r}"
    return unreadable(transcript) if english else language


def _nothing(rubric: RubricDefinition, reason: str) -> ContentAnalysis:
    return content_of([unscored(item, reason) for item in rubric.all_items], JUDGE)


def _no_pitch(reading: Reading) -> str:
    found = sum(level > 0 for level in reading.levels.values())
    kind = "nonsense in the form of a pitch" if reading.nonsense else "another kind of text"
    return (
        f"not recognised as a pitch: its sentences sound like those of {kind} "
        f"(probability of a pitch {reading.pitch_probability:.0%}, {found} of {len(FACTS)} items "
        "found)"
    )


def _warnings(reading: Reading, heard: Sequence[Sentence]) -> list[str]:
    warnings = []
    if reading.is_pitch is None:
        why = (
            "its sentences sound like nonsense"
            if reading.nonsense
            else f"probability {reading.pitch_probability:.0%}"
        )
        warnings.append(
            f"this may not be a pitch ({why}): look at the scores of the content yourself"
        )
    if start := second_start(reading, heard):
        at = f"{start.start_seconds:.0f} s"
        warnings.append(
            f"a second pitch, or the same one again, seems to begin at {at}: both are judged as one"
        )
    for doubt in doubts([one.text for one in heard], reading.shown):
        at = f"{heard[doubt.sentence].start_seconds:.0f} s"
        warnings.append(f"figures cannot be right at {at}: {doubt.reason}")
    return warnings


def _spoken_item(
    item: SpokenItem, reading: Reading, heard: Sequence[Sentence], transcript: Transcript
) -> RubricItem:
    shown = reading.shown[item.name]
    stated = {fact for one in shown for fact in one.facts}
    evidence = [_quote(run, heard) for run in _passages(shown)]
    return RubricItem(
        name=item.name,
        title=item.title,
        score=reading.levels[item.name],
        looked_for=item.looked_for,
        found=[fact.title for name, fact in item.facts.items() if name in stated],
        evidence=evidence or [_absent(item.name, reading, heard, transcript)],
    )


def _absent(
    item: str, reading: Reading, heard: Sequence[Sentence], transcript: Transcript
) -> Evidence:
    """That nothing was found, and after which sentence it would belong."""
    searched = f"not found in the {len(transcript.words)} words of the transcript"
    before = list(FACTS)[: list(FACTS).index(item)]
    present = [name for name in before if reading.shown[name]]
    if not present:
        return Evidence(measurement=searched)
    sentence = heard[carrier(reading.shown[present[-1]]).sentence]
    shown = textwrap.shorten(sentence.text, MAX_SHOWN_LETTERS, placeholder=" …")
    return Evidence(
        measurement=f"{searched}; it would fit after “{shown}”", time_seconds=sentence.end_seconds
    )


def _passages(shown: Sequence[Shown]) -> list[list[int]]:
    """The fewest sentences that state the most facts; neighbours joined, the carrier's first."""
    if not shown:
        return []
    best = carrier(shown)
    chosen, stated = {best.sentence}, set(best.facts)
    while len(chosen) < MAX_QUOTED_SENTENCES:
        more = max(shown, key=lambda one: (len(one.facts - stated), one.carries))
        if not more.facts - stated:
            break
        chosen.add(more.sentence)
        stated |= more.facts
    return sorted(_runs(sorted(chosen)), key=lambda run: best.sentence not in run)


def _runs(indices: Sequence[int]) -> list[list[int]]:
    """Group sorted indices into runs without gaps."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _quote(run: Sequence[int], heard: Sequence[Sentence]) -> Evidence:
    text = " ".join(heard[index].text for index in run)
    return Evidence(quote=text, time_seconds=heard[run[0]].start_seconds)
