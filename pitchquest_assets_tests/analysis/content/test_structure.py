import random
from itertools import permutations

import pytest

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.local import judge_content
from pitchquest_assets.analysis.content.reading import Reading, Shown, settings_of
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.content.sentences import Sentence, split_sentences
from pitchquest_assets.analysis.content.structure import clarity_of, level_by, measurements
from pitchquest_assets.model import ContentAnalysis
from pitchquest_assets_tests.support.pitch_texts import PITCHES
from pitchquest_assets_tests.support.spoken import speak

PUNCTUATED = {name: pitch.text for name, pitch in PITCHES.items() if pitch.punctuated}
RUBRIC = load_rubric().clarity
SECOND = "a second pitch, or the same one again, seems to begin at "


def judge(text: str) -> ContentAnalysis:
    return judge_content(speak(text), load_rubric())


def clarity(text: str) -> int:
    """The score of clarity, 0 for a text that is not taken for a pitch."""
    return judge(text).clarity or 0


@pytest.mark.parametrize("name", PUNCTUATED)
def test_a_pitch_that_is_said_twice_gains_nothing(name: str) -> None:
    once, twice = judge(PUNCTUATED[name]), judge(f"{PUNCTUATED[name]} {PUNCTUATED[name]}")
    # The buzzwords of the vague one leave it nothing to lose.
    assert (twice.clarity or 0) < (once.clarity or 0) or (name == "vague" and twice.clarity == 0)
    assert "nothing said twice" not in twice.items[-1].found


def test_most_second_pitches_are_noticed_near_where_they_begin() -> None:
    noticed, pairs = 0, list(permutations(PUNCTUATED.values(), 2))
    for first, second in pairs:
        end = speak(first).words[-1].end_seconds
        for told in judge(f"{first} {second}").warnings:
            if told.startswith(SECOND):
                begins = float(told.removeprefix(SECOND).split(" s:")[0])
                noticed += 0.5 * end < begins < 1.5 * end
    # Of the corpus, 65 %; see docs/content_judge.md.
    assert noticed >= len(pairs) / 2


@pytest.mark.parametrize("name", PUNCTUATED)
def test_one_pitch_is_not_taken_for_two(name: str) -> None:
    assert not any(SECOND in one for one in judge(PUNCTUATED[name]).warnings)


def test_shuffled_sentences_make_pitches_less_clear() -> None:
    chance = random.Random(1)
    plain = shuffled = 0
    for text in PUNCTUATED.values():
        sentences = " ".join(text.split()).split(". ")
        plain += clarity(text)
        shuffled += clarity(". ".join(chance.sample(sentences, len(sentences))))
    assert shuffled < plain


def test_a_pitch_that_does_not_say_what_it_is_is_less_clear() -> None:
    text = " ".join(PITCHES["saas"].text.split())
    before, _, rest = text.partition("Ledgerly is a platform")
    _, _, after = rest.partition("nine days to two. ")
    told = "a plain word on what it is and what it does"
    whole, without = judge(text), judge(before + after)
    assert told in whole.items[-1].found
    assert told not in without.items[-1].found
    assert (without.clarity or 0) < (whole.clarity or 0)


def test_a_pitch_that_talks_of_other_things_is_less_to_the_point() -> None:
    chatter = "The weather was lovely on our way here, and my dog slept in the car. " * 30
    point = "most sentences to the point"
    assert point in judge(PITCHES["saas"].text).items[-1].found
    assert point not in judge(f"{PITCHES['saas'].text} {chatter}").items[-1].found


def reading_of(order: str, level: int = 3) -> tuple[Reading, list[Sentence]]:
    """A reading of one sentence for each of the items, in this order."""
    names = order.split()
    heard = split_sentences(speak("One sentence is here. " * max(len(names), 1)).words)
    shown: dict[str, list[Shown]] = {item: [] for item in FACTS}
    for at, item in enumerate(names):
        shown[item].append(Shown(at, frozenset(), 1.0))
    levels = {item: level if some else 0 for item, some in shown.items()}
    return Reading(shown, levels, pitch_probability=1.0, is_pitch=True), heard


@pytest.mark.parametrize(
    ("order", "fits"),
    [
        ("problem_clarity solution_fit traction team ask", True),
        ("team problem_clarity solution_fit traction ask", True),
        ("ask problem_clarity solution_fit traction team", True),
        ("team ask problem_clarity solution_fit traction", True),
        ("traction solution_fit problem_clarity team ask", False),
    ],
)
def test_speakers_and_television_may_begin_with_the_team_or_the_ask(order: str, fits: bool) -> None:
    assert (measurements(RUBRIC, *reading_of(order))["in_order"] == 1.0) == fits


def test_what_is_left_and_taken_up_again_is_counted() -> None:
    straight, back = (
        measurements(RUBRIC, *reading_of(order))["goes_back"]
        for order in ("team team ask ask", "team ask team ask")
    )
    assert (straight, back) == (1, 2)


@pytest.mark.parametrize(("bias", "level"), [(-9.0, 0), (2.4, 2), (9.0, 5)])
def test_a_level_is_never_below_0_or_above_5(bias: float, level: int) -> None:
    measured = measurements(RUBRIC, *reading_of("team ask"))
    assert level_by(dict.fromkeys(measured, 0.0) | {"bias": bias}, measured) == level


@pytest.mark.parametrize(("order", "score"), [("", 0), ("ask", 1), ("solution_fit ask", 3)])
def test_with_one_item_there_is_no_structure_to_judge(order: str, score: int) -> None:
    item = clarity_of(RUBRIC, *reading_of(order), settings_of(False)["clarity"])
    assert item.score == score
    assert bool(item.found) == (score > 1)
    assert item.evidence


def fillers_of(text: str) -> float:
    reading, _ = reading_of("ask")
    return measurements(RUBRIC, reading, split_sentences(speak(text).words))["fillers"]


def test_more_fillers_and_jargon_make_a_pitch_less_clear() -> None:
    text = PITCHES["saas"].text
    filled = text.replace(". ", ". Um, you know, basically, ")
    assert fillers_of("We sell, um, lunch boxes. Uhh, okay.") == pytest.approx(300 / 7)
    assert fillers_of("It looks right for clinics, so we built it well.") == 0
    jargon = f"{text} It is a disruptive, seamless, scalable, best in class ecosystem. " * 2
    assert clarity(filled) < clarity(text)
    assert clarity(jargon) < clarity(text)
