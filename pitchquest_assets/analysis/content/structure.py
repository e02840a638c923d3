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
# A part that shows as many items as this could be a pitch by itself.
MIN_ITEMS_OF_A_PITCH = 3
# Two pitches share fewer of their longer words than this, two halves of one pitch share more.
MAX_SHARED_WORDS = 0.08
LONG_WORD = 5


def clarity_of(item: ClarityItem, reading: Reading, heard: Sequence[Sentence]) -> RubricItem:
    """Return the item Clarity: one point for each sign, 0 where too little is there to judge."""
    found = sum(level > 0 for level in reading.levels.values())
    if found < item.minimum_items:
        signs = {}
        proof = [f"only {found} of the {len(FACTS)} other items were found"]
        evidence = [Evidence(measurement=one) for one in proof]
    else:
        signs = {name: one for name, one in _signs(item, reading, heard) if one}
        evidence = list(signs.values())
    return RubricItem(
        name=item.name,
        title=item.title,
        score=len(signs),
        looked_for=item.looked_for,
        found=list(signs),
        evidence=evidence or [Evidence(measurement="none of the signs of a clear line was found")],
    )


def starts_again(reading: Reading, heard: Sequence[Sentence]) -> str | None:
    """Return a sentence where the text seems to hold two pitches, or one twice; None where not."""
    middle = _second_start(reading, len(heard))
    if middle is None:
        return None
    first, second = (_long_words(part) for part in (heard[:middle], heard[middle:]))
    shared = len(first & second) / max(1, min(len(first), len(second)))
    at = f"at {heard[middle].start_seconds:.0f} s"
    if shared < MAX_SHARED_WORDS:
        return f"a second pitch seems to begin {at}: both are judged as one"
    if repeated_share(heard) > 1 / 3:
        return f"the pitch seems to begin again {at}: what is said twice counts once"
    return None


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
    yield names.order, _order(item, reading)
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


def _second_start(reading: Reading, count: int) -> int | None:
    """Where both parts are as good as a pitch and show the same items, or None."""
    places = {
        name: [one.sentence for one in shown] for name, shown in reading.shown.items() if shown
    }
    starts = [
        at
        for at in range(1, count)
        if sum(min(seen) < at <= max(seen) for seen in places.values()) >= MIN_ITEMS_OF_A_PITCH
        and _is_offered_twice(places, at)
    ]
    return starts[len(starts) // 2] if starts else None


def _is_offered_twice(places: dict[str, list[int]], at: int) -> bool:
    offered = places.get("solution_fit", [])
    return any(one < at for one in offered) and any(one >= at for one in offered)


def _long_words(heard: Iterable[Sentence]) -> set[str]:
    return {t for one in heard for t in tokens_of(one.text) if len(t) >= LONG_WORD}


def _per_100_words(patterns: Iterable[str], heard: Sequence[Sentence]) -> float:
    texts = [plain(one.text) for one in heard]
    count = sum(len(compiled(p).findall(text)) for p in patterns for text in texts)
    return 100 * count / sum(one.word_count for one in heard)
