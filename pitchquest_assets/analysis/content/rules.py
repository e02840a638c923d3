"""Judges what was said by transparent rules: which signs of each item were found, and where.

This module only applies the rules; they are in the rubric file. They read English and know common
wordings only: what they quote is rarely wrong, but what they miss may still have been said.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pitchquest_assets.analysis.content.items import (
    addresses_the_judge,
    any_matches,
    content_of,
    unreadable,
    unscored,
)
from pitchquest_assets.analysis.content.rubric import (
    MAX_ITEM_SCORE,
    ClarityItem,
    RubricDefinition,
    Sign,
    SpokenItem,
    compiled,
)
from pitchquest_assets.analysis.content.sentences import Sentence, plain, split_sentences
from pitchquest_assets.analysis.windows import typical_time
from pitchquest_assets.model import ContentAnalysis, Evidence, RubricItem, Transcript

JUDGE = "rules"
MAX_QUOTED_SENTENCES = 3

# "not only" and "not just" are no negations.
_NEGATION = r"(?:\b(?:not|never|no|neither)\b(?! only| just)|n't\b(?! only| just))"
_NEGATED_BEFORE = re.compile(_NEGATION + r"(?: \S+){0,2} $")
_NEGATED_INSIDE = re.compile(r"(?:\b(?:not|never)\b|n't\b)(?! only| just)")


@dataclass(frozen=True)
class Heard:
    """A sentence, and the plain form that patterns are matched against."""

    sentence: Sentence
    plain: str


@dataclass
class Findings:
    """Where the signs of one item were found: sentence indices by sign name."""

    by_sign: dict[str, set[int]] = field(default_factory=dict)
    anchors: set[int] = field(default_factory=set)

    @property
    def score(self) -> int:
        """One point per sign, at most 5; 0 without an anchor."""
        return min(MAX_ITEM_SCORE, len(self.by_sign)) if self.anchors else 0

    def signs_at(self, index: int) -> set[str]:
        """The names of the signs in the sentence."""
        return {name for name, places in self.by_sign.items() if index in places}

    def passages(self) -> list[list[int]]:
        """The fewest sentences that show the most signs; neighbours joined, best anchor first."""
        best = max(self.anchors, key=lambda index: (len(self.signs_at(index)), -index))
        chosen, shown = {best}, self.signs_at(best)
        candidates = sorted({index for places in self.by_sign.values() for index in places})
        while len(chosen) < MAX_QUOTED_SENTENCES:
            index = max(
                candidates, key=lambda at: (len(self.signs_at(at) - shown), -abs(at - best))
            )
            if not self.signs_at(index) - shown:
                break
            chosen.add(index)
            shown |= self.signs_at(index)
        passages = _neighbours(sorted(chosen))
        return sorted(passages, key=lambda passage: best not in passage)


def judge_content(transcript: Transcript, rubric: RubricDefinition) -> ContentAnalysis:
    """Judge the ten items: a score 0–5 each, the signs found, and the sentences that show them.

    A score is the number of signs found, at most 5; 0 means looked for, but not found. If the
    transcript is missing, not trusted, empty or not English, every item is null with the reason.
    """
    reason = _unreadable(transcript)
    if reason is not None:
        return content_of([unscored(item, reason) for item in rubric.all_items], JUDGE)
    heard = [
        Heard(sentence, plain(sentence.text)) for sentence in split_sentences(transcript.words)
    ]
    judged = [one for one in heard if not addresses_the_judge(one.plain, rubric)]
    findings = _find_items(judged, rubric)
    absent = (
        f"not found in the {len(transcript.words)} words of the transcript; "
        "the rules know common wordings only"
    )
    items = [_spoken_item(item, findings[item.name], judged, absent) for item in rubric.items]
    return content_of([*items, _clarity_item(rubric, findings, judged)], JUDGE)


def _unreadable(transcript: Transcript) -> str | None:
    """Why the rules cannot judge the transcript; None if they can."""
    # "und" is how containers name an unknown language.
    english = (transcript.language or "und").lower().startswith(("en", "und"))
    language = f"the rules read English only, and the language is {transcript.language!r}"
    return unreadable(transcript) if english else language


def _find_items(heard: Sequence[Heard], rubric: RubricDefinition) -> dict[str, Findings]:
    findings = {item.name: _find_anchors(item, heard) for item in rubric.items}
    if not _is_pitch(findings, heard, rubric):
        return {name: Findings() for name in findings}
    taken = Counter(index for finding in findings.values() for index in finding.anchors)
    for item in rubric.items:
        _find_further_signs(item, heard, findings[item.name], taken)
    return findings


def _is_pitch(
    findings: Mapping[str, Findings], heard: Sequence[Heard], rubric: RubricDefinition
) -> bool:
    context = rubric.pitch_context
    found = {name for name, finding in findings.items() if finding.anchors}
    return not found.isdisjoint(context.one_of) and (
        len(found) >= context.minimum_items
        or any(any_matches(context.patterns, one.plain) for one in heard)
    )


def _find_anchors(item: SpokenItem, heard: Sequence[Heard]) -> Findings:
    findings = Findings()
    for index, one in enumerate(heard):
        if any_matches(item.unless, one.plain):
            continue
        for sign in item.signs:
            if _shows(sign, sign.anchors, one.plain, item.negation_counts):
                findings.by_sign.setdefault(sign.name, set()).add(index)
                findings.anchors.add(index)
    return findings


def _find_further_signs(
    item: SpokenItem, heard: Sequence[Heard], findings: Findings, taken: Mapping[int, int]
) -> None:
    """Add the signs near the anchors, except from neighbours `taken` by other items."""
    for index, one in enumerate(heard):
        if any_matches(item.unless, one.plain):
            continue
        for sign in item.signs:
            own = index in findings.anchors or not taken[index] or sign.shared
            if (
                own
                and _within(sign, index, findings.anchors)
                and _shows(sign, sign.patterns, one.plain, negation_counts=True)
            ):
                findings.by_sign.setdefault(sign.name, set()).add(index)


def _within(sign: Sign, index: int, anchors: Iterable[int]) -> bool:
    return any(anchor - sign.reach_before <= index <= anchor + sign.reach for anchor in anchors)


def _shows(sign: Sign, patterns: Iterable[str], text: str, negation_counts: bool) -> bool:
    matches = (match for pattern in patterns for match in compiled(pattern).finditer(text))
    shown = any(negation_counts or not _is_negated(match) for match in matches)
    return shown and not any_matches(sign.unless, text)


def _is_negated(match: re.Match[str]) -> bool:
    before = match.string[: match.start()]
    return bool(_NEGATED_BEFORE.search(before) or _NEGATED_INSIDE.search(match[0]))


def _spoken_item(
    item: SpokenItem, findings: Findings, heard: Sequence[Heard], absent: str
) -> RubricItem:
    evidence = [Evidence(measurement=absent)]
    if findings.anchors:
        passages = findings.passages()
        evidence = [_quote(_with_answer(passage, heard)) for passage in passages]
    return RubricItem(
        name=item.name,
        title=item.title,
        score=findings.score,
        looked_for=item.looked_for,
        found=[name for name in item.sign_names if name in findings.by_sign],
        evidence=evidence,
    )


def _with_answer(passage: Sequence[int], heard: Sequence[Heard]) -> Sequence[Heard]:
    """The sentences of a passage; if it ends with a question, the answer is included."""
    last = passage[-1]
    asks = heard[last].sentence.text.endswith("?")
    return heard[passage[0] : last + (2 if asks else 1)]


def _neighbours(indices: Iterable[int]) -> list[list[int]]:
    """Group sorted indices into runs without gaps."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _quote(heard: Sequence[Heard]) -> Evidence:
    text = " ".join(one.sentence.text for one in heard)
    return Evidence(quote=text, time_seconds=heard[0].sentence.start_seconds)


def _clarity_item(
    rubric: RubricDefinition, findings: dict[str, Findings], heard: Sequence[Heard]
) -> RubricItem:
    item = rubric.clarity
    mentioned = sum(bool(finding.anchors) for finding in findings.values())
    if mentioned < item.minimum_items:
        measured = f"only {mentioned} of the {len(rubric.items)} other items were found"
        signs: dict[str, list[Evidence]] = {}
        evidence = [Evidence(measurement=measured)]
    else:
        signs = _clarity_signs(item, findings, heard)
        evidence = [one for proof in signs.values() for one in proof]
    return RubricItem(
        name=item.name,
        title=item.title,
        score=min(MAX_ITEM_SCORE, len(signs)),
        looked_for=item.looked_for,
        found=[name for name in item.sign_names if name in signs],
        evidence=evidence or [Evidence(measurement="none of the signs of a clear line was found")],
    )


def _clarity_signs(
    item: ClarityItem, findings: dict[str, Findings], heard: Sequence[Heard]
) -> dict[str, list[Evidence]]:
    """The signs of clarity in the text, with their evidence."""
    names, signs = item.signs, dict[str, list[Evidence]]()
    words = sum(one.sentence.word_count for one in heard)
    mean_words = words / len(heard)
    if mean_words <= item.max_mean_sentence_words:
        measured = f"{len(heard)} sentences of {mean_words:.0f} words on average"
        typical = typical_time(
            [one.sentence.start_seconds for one in heard],
            [one.sentence.word_count for one in heard],
            mean_words,
        )
        signs[names.short_sentences] = [Evidence(measurement=measured, time_seconds=typical)]
    problem, solution = findings["problem_clarity"].anchors, findings["solution_fit"].anchors
    if problem and solution and min(problem) < min(solution):
        signs[names.problem_first] = [_quote([heard[min(problem)]]), _quote([heard[min(solution)]])]
    ask = findings["ask"].anchors
    if ask and _share_before(max(ask), heard) >= 1 - item.ask_in_last_share:
        signs[names.ask_last] = [_quote([heard[max(ask)]])]
    guides = {
        pattern: one
        for pattern in item.signposts
        for one in heard
        if compiled(pattern).search(one.plain)
    }
    if len(guides) >= item.min_signposts:
        measured = f"{len(guides)} kinds of words that guide through the pitch"
        first = min(one.sentence.start_seconds for one in guides.values())
        signs[names.signposts] = [Evidence(measurement=measured, time_seconds=first)]
    fillers, jargon = _per_100_words(item.fillers, heard), _per_100_words(item.jargon, heard)
    if fillers <= item.max_fillers_per_100_words and jargon <= item.max_jargon_per_100_words:
        measured = f"{fillers:.1f} filler phrases and {jargon:.1f} jargon words per 100 words"
        signs[names.plain_words] = [Evidence(measurement=measured)]
    return signs


def _share_before(index: int, heard: Sequence[Heard]) -> float:
    """The share of all words that were said by the end of the sentence."""
    counts = [one.sentence.word_count for one in heard]
    return sum(counts[: index + 1]) / sum(counts)


def _per_100_words(patterns: Iterable[str], heard: Sequence[Heard]) -> float:
    count = sum(len(compiled(p).findall(one.plain)) for p in patterns for one in heard)
    return 100 * count / sum(one.sentence.word_count for one in heard)
