"""How clearly a pitch is built: its subject, its order, its sentences, what is said twice."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.features import tokens_of
from pitchquest_assets.analysis.content.reading import Reading, carrier
from pitchquest_assets.analysis.content.rubric import MAX_ITEM_SCORE, ClarityItem, compiled
from pitchquest_assets.analysis.content.sentences import Sentence, plain
from pitchquest_assets.analysis.windows import typical_time
from pitchquest_assets.model import Evidence, RubricItem

# Words in a row that nobody says twice by chance.
REPEATED_WORDS = 5
# So many items on both sides of a place make it the start of a second pitch: seen in 80 % of two
# joined pitches and in 0.3 % of single ones (training/content/structure.py).
MIN_ITEMS_OF_A_PITCH = 5
# The orders that pitches use: that of decks, with the team first, as most speakers have it, and
# with the ask first, as on television, before the team or after it.
_MIDDLE = tuple(item for item in FACTS if item not in ("team", "ask"))
ORDERS = (
    (*_MIDDLE, "team", "ask"),
    ("team", *_MIDDLE, "ask"),
    ("ask", *_MIDDLE, "team"),
    ("team", "ask", *_MIDDLE),
)


def clarity_of(
    item: ClarityItem, reading: Reading, heard: Sequence[Sentence], weights: Mapping[str, float]
) -> RubricItem:
    """Return the item Clarity: its level by the weights of what is measured, and its signs.

    Args:
        weights: of `measurements`, and the `bias`: those of the trained head.
    """
    found = sum(level > 0 for level in reading.levels.values())
    if found < item.minimum_items:
        # The anchor of 1 is that single sentences can be understood.
        score, signs = min(found, 1), {}
        evidence = [
            Evidence(measurement=f"only {found} of the {len(FACTS)} other items were found")
        ]
    else:
        score = level_by(weights, measurements(item, reading, heard))
        signs = {name: one for name, one in _signs(item, reading, heard) if one}
        evidence = list(signs.values())
    return RubricItem(
        name=item.name,
        title=item.title,
        score=score,
        looked_for=item.looked_for,
        found=list(signs),
        evidence=evidence or [Evidence(measurement="none of the signs of a clear line was found")],
    )


def measurements(
    item: ClarityItem, reading: Reading, heard: Sequence[Sentence]
) -> dict[str, float]:
    """Return what the level of clarity follows from.

    Returns:
        `levels`, the sum of those of the nine items; `to_the_point`, the share of sentences that
        show an item; `in_order`, the share of pairs of items in the order of `ORDERS` that fits
        best; `goes_back`, the most items that are spoken of both before and after one place;
        `fillers` and `jargon`, each per 100 words.
    """
    in_order, pairs = _in_order(reading)
    return {
        "levels": sum(reading.levels.values()),
        "to_the_point": _count_to_the_point(reading, heard) / len(heard),
        "in_order": in_order / pairs if pairs else 0.0,
        "goes_back": max(_items_around(reading, heard), default=0),
        "fillers": _fillers(item, heard),
        "jargon": _jargon(item, heard),
    }


def level_by(weights: Mapping[str, float], measured: Mapping[str, float]) -> int:
    """Return the level, 0 to 5, that the weights give to what was measured."""
    sum_of_all = weights["bias"] + sum(weights[name] * value for name, value in measured.items())
    return min(max(round(sum_of_all), 0), MAX_ITEM_SCORE)


def second_start(reading: Reading, heard: Sequence[Sentence]) -> Sentence | None:
    """Return the sentence where a second pitch, or the same one again, seems to begin."""
    around = _items_around(reading, heard)
    starts = [at for at, count in enumerate(around, 1) if count >= MIN_ITEMS_OF_A_PITCH]
    return heard[starts[len(starts) // 2]] if starts else None


def repeated_share(heard: Sequence[Sentence]) -> float:
    """Return the share of all runs of five words that occurred before."""
    words = [token for one in heard for token in tokens_of(one.text)]
    runs = list(zip(*(words[at:] for at in range(REPEATED_WORDS)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _items_around(reading: Reading, heard: Sequence[Sentence]) -> list[int]:
    """How many items are spoken of on both sides of each place between two sentences."""
    spans = [(shown[0].sentence, shown[-1].sentence) for shown in reading.shown.values() if shown]
    return [sum(first < at <= last for first, last in spans) for at in range(1, len(heard))]


def _signs(
    item: ClarityItem, reading: Reading, heard: Sequence[Sentence]
) -> Iterable[tuple[str, Evidence | None]]:
    names = item.signs
    yield names.subject_first, _subject(item, reading, heard)
    yield names.told, _told(item, reading, heard)
    levels = sum(reading.levels.values())
    facts = Evidence(
        measurement=f"{levels} of {MAX_ITEM_SCORE * len(FACTS)} points in the nine items"
    )
    yield names.concrete, facts if levels >= item.min_sum_of_levels else None
    yield names.order, _order(item, reading)
    back = max(_items_around(reading, heard), default=0)
    apart = Evidence(measurement=f"at most {back} subjects open at the same time")
    yield names.straight_on, apart if back <= item.max_items_gone_back_to else None
    yield names.to_the_point, _to_the_point(item, reading, heard)
    yield names.short_sentences, _short(item, heard)
    share = repeated_share(heard)
    once = Evidence(measurement=f"{share:.0%} of the runs of five words came before")
    yield names.said_once, once if share <= item.max_repeated_share else None
    fillers, jargon = _fillers(item, heard), _jargon(item, heard)
    measured = f"{fillers:.1f} filler phrases and {jargon:.1f} jargon words per 100 words"
    is_plain = fillers <= item.max_fillers_per_100_words and jargon <= item.max_jargon_per_100_words
    yield names.plain_words, Evidence(measurement=measured) if is_plain else None


def _subject(item: ClarityItem, reading: Reading, heard: Sequence[Sentence]) -> Evidence | None:
    """The first sentence on the problem or the solution, if it comes early."""
    subjects = ("problem_clarity", "solution_fit")
    first = min(
        (one.sentence for name in subjects for one in reading.shown[name]),
        default=None,
    )
    if first is None or heard[first].start_seconds > item.subject_within_seconds:
        return None
    return Evidence(quote=heard[first].text, time_seconds=heard[first].start_seconds)


def _told(item: ClarityItem, reading: Reading, heard: Sequence[Sentence]) -> Evidence | None:
    """The sentence on the solution, if it is clear what it is and what it does."""
    if reading.levels["solution_fit"] < item.min_solution_level:
        return None
    told = heard[carrier(reading.shown["solution_fit"]).sentence]
    return Evidence(quote=told.text, time_seconds=told.start_seconds)


def _to_the_point(
    item: ClarityItem, reading: Reading, heard: Sequence[Sentence]
) -> Evidence | None:
    """How many sentences show an item, if they are enough; said again, one counts once."""
    count = _count_to_the_point(reading, heard)
    if count < item.min_share_of_sentences * len(heard):
        return None
    return Evidence(measurement=f"{count} of {len(heard)} sentences show one of the nine items")


def _count_to_the_point(reading: Reading, heard: Sequence[Sentence]) -> int:
    shown = {one.sentence for some in reading.shown.values() for one in some}
    return len({plain(heard[at].text) for at in shown})


def _order(item: ClarityItem, reading: Reading) -> Evidence | None:
    """How many pairs of items come in the order that fits best of those that pitches use."""
    in_order, pairs = _in_order(reading)
    if not pairs or in_order < item.min_share_in_order * pairs:
        return None
    return Evidence(measurement=f"{in_order} of {pairs} pairs of items in a usual order")


def _in_order(reading: Reading) -> tuple[int, int]:
    """The pairs of items in the order of `ORDERS` that fits best, and all pairs."""
    places = {name: carrier(shown).sentence for name, shown in reading.shown.items() if shown}
    fits = [
        [a <= b for a, b in combinations([places[name] for name in order if name in places], 2)]
        for order in ORDERS
    ]
    return max(map(sum, fits)), len(fits[0])


def _short(item: ClarityItem, heard: Sequence[Sentence]) -> Evidence | None:
    mean = sum(one.word_count for one in heard) / len(heard)
    if mean > item.max_mean_sentence_words:
        return None
    counts = [one.word_count for one in heard]
    at = typical_time([one.start_seconds for one in heard], counts, mean)
    measured = f"{len(heard)} sentences of {mean:.0f} words on average"
    return Evidence(measurement=measured, time_seconds=at)


def _fillers(item: ClarityItem, heard: Sequence[Sentence]) -> float:
    # The plain form has no um and uh.
    return _per_100_words(item.fillers, [one.text.lower() for one in heard], heard)


def _jargon(item: ClarityItem, heard: Sequence[Sentence]) -> float:
    return _per_100_words(item.jargon, [plain(one.text) for one in heard], heard)


def _per_100_words(
    patterns: Iterable[str], texts: Sequence[str], heard: Sequence[Sentence]
) -> float:
    count = sum(len(compiled(p).findall(text)) for p in patterns for text in texts)
    return 100 * count / sum(one.word_count for one in heard)
