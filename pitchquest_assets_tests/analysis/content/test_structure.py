import random
from itertools import permutations

import pytest

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.local import judge_content
from pitchquest_assets.analysis.content.reading import Reading, Shown
from pitchquest_assets.analysis.content.rubric import load_rubric
from pitchquest_assets.analysis.content.sentences import split_sentences
from pitchquest_assets.analysis.content.structure import measurements
from pitchquest_assets.model import ContentAnalysis
from pitchquest_assets_tests.support.pitch_texts import PITCHES
from pitchquest_assets_tests.support.spoken import speak

PUNCTUATED = {name: pitch.text for name, pitch in PITCHES.items() if pitch.punctuated}
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


def test_a_single_item_has_no_structure_to_judge() -> None:
    content = judge("We built an app that finds parking for nurses. It is a free app. Thank you.")
    assert content.clarity == 1
    assert not content.items[-1].found


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
    places = {item: at for at, item in enumerate(order.split())}
    shown = {
        item: [Shown(places[item], frozenset(), 0.9)] if item in places else [] for item in FACTS
    }
    levels = {item: int(bool(some)) for item, some in shown.items()}
    heard = split_sentences(speak("One sentence is here. " * len(places)).words)
    reading = Reading(shown, levels, pitch_probability=1.0, is_pitch=True)
    measured = measurements(load_rubric().clarity, reading, heard)
    assert (measured["in_order"] == 1.0) == fits


def test_more_fillers_and_jargon_make_a_pitch_less_clear() -> None:
    text = PITCHES["saas"].text
    filled = text.replace(". ", ". So, like, um, you know, basically, ")
    jargon = f"{text} It is a disruptive, seamless, scalable, best in class ecosystem. " * 2
    assert clarity(filled) < clarity(text)
    assert clarity(jargon) < clarity(text)
