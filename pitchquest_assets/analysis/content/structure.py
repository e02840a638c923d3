"""How clearly a pitch is built: its subject, its order, its sentences, what is said twice."""

from collections.abc import Iterable, Sequence

from pitchquest_assets.analysis.content.facts import FACTS
from pitchquest_assets.analysis.content.features import tokens_of
from pitchquest_assets.analysis.content.reading import Reading, carrier
from pitchquest_assets.analysis.content.rubric import ClarityItem, compiled
from pitchquest_assets.analysis.content.sentences import Sentence, plain
from pitchquest_assets.analysis.windows import typical_time
from pitchquest_assets.model import Evidence, RubricItem

# Words in a row that nobody says twice by chance.
REPEATED_WORDS = 5
# Signs that count for nothing; the rest make 0 to 5.
FREE_SIGNS = 2
# So many items on both sides of a place make it the start of a second pitch: seen in 77 % of two
# joined pitches and in 0.3 % of single ones (training/content/structure.py); by 4, in 83 and 1.8 %.
MIN_ITEMS_OF_A_PITCH = 5


def clarity_of(item: ClarityItem, reading: Reading, heard: Sequence[Sentence]) -> RubricItem:
    """Return the item Clarity: one point for each sign but two, 0 if too little is there to judge.

    Most pitches have at least two of the seven, so these say nothing.
    """
    found = sum(level > 0 for level in reading.levels.values())
    if found < item.minimum_items:
        signs = {}
        too_few = f"only {found} of the {len(FACTS)} other items were found"
        evidence = [Evidence(measurement=too_few)]
    else:
        signs = {name: one for name, one in _signs(item, reading, heard) if one}
        evidence = list(signs.values())
    return RubricItem(
        name=item.name,
        title=item.title,
        score=max(0, len(signs) - FREE_SIGNS),
        looked_for=item.looked_for,
        found=list(signs),
        evidence=evidence or [Evidence(measurement="none of the signs of a clear line was found")],
    )


def second_start(reading: Reading, heard: Sequence[Sentence]) -> Sentence | None:
    """Return the sentence where a second pitch, or the same one again, seems to begin."""
    places = [[one.sentence for one in shown] for shown in reading.shown.values() if shown]
    starts = [
        at
        for at in range(1, len(heard))
        if sum(min(seen) < at <= max(seen) for seen in places) >= MIN_ITEMS_OF_A_PITCH
    ]
    return heard[starts[len(starts) // 2]] if starts else None


def repeated_share(heard: Sequence[Sentence]) -> float:
    """Return the share of all runs of five words that occurred before."""
    words = [token for one in heard for token in tokens_of(one.text)]
    runs = list(zip(*(words[at:] for at in range(REPEATED_WORDS)), strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _signs(
    item: ClarityItem, reading: Reading, heard: Sequence[Sentence]
) -> Iterable[tuple[str, Evidence | None]]:
    names = item.signs
    yield names.subject_first, _subject(item, reading, heard)
    yield names.told, _told(item, reading, heard)
    yield names.order, _order(item, reading)
    yield names.to_the_point, _to_the_point(item, reading, heard)
    yield names.short_sentences, _short(item, heard)
    share = repeated_share(heard)
    once = Evidence(measurement=f"{share:.0%} of the runs of five words came before")
    yield names.said_once, once if share <= item.max_repeated_share else None
    fillers, jargon = (_per_100_words(kind, heard) for kind in (item.fillers, item.jargon))
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
    shown = {one.sentence for some in reading.shown.values() for one in some}
    count = len({plain(heard[at].text) for at in shown})
    if count < item.min_share_of_sentences * len(heard):
        return None
    return Evidence(measurement=f"{count} of {len(heard)} sentences show one of the nine items")


def _order(item: ClarityItem, reading: Reading) -> Evidence | None:
    """How many pairs of items come in the order in which most pitches have them."""
    places = [carrier(shown).sentence for name in FACTS if (shown := reading.shown[name])]
    pairs = [(a, b) for at, a in enumerate(places) for b in places[at + 1 :]]
    in_order = sum(a <= b for a, b in pairs)
    if not pairs or in_order < item.min_share_in_order * len(pairs):
        return None
    return Evidence(measurement=f"{in_order} of {len(pairs)} pairs of items in the usual order")


def _short(item: ClarityItem, heard: Sequence[Sentence]) -> Evidence | None:
    mean = sum(one.word_count for one in heard) / len(heard)
    if mean > item.max_mean_sentence_words:
        return None
    counts = [one.word_count for one in heard]
    at = typical_time([one.start_seconds for one in heard], counts, mean)
    measured = f"{len(heard)} sentences of {mean:.0f} words on average"
    return Evidence(measurement=measured, time_seconds=at)


def _per_100_words(patterns: Iterable[str], heard: Sequence[Sentence]) -> float:
    texts = [plain(one.text) for one in heard]
    count = sum(len(compiled(p).findall(text)) for p in patterns for text in texts)
    return 100 * count / sum(one.word_count for one in heard)
