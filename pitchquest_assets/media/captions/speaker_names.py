"""Names of speakers before the captions, as Zoom and Teams write them ("Jordan Example: …")."""

import re
from collections import Counter
from collections.abc import Sequence

_PREFIX = re.compile(r"([^\W\d_][^:：]{0,49}?)\s?[:：](?:\s+|$)")
_MAX_NAME_WORDS = 5
_MAX_NAMES = 8


def without_names(captions: Sequence[list[str]]) -> list[list[str]]:
    """Return the lines of each caption without the names of the speakers.

    A prefix with a colon is a name only if the same few of them, each at least twice, stand before
    more than half of the captions: "Why now: …" is spoken.

    Args:
        captions: the lines of each.
    """
    counts = Counter(name for lines in captions if lines and (name := _name(lines[0])))
    names = {name for name, count in counts.most_common(_MAX_NAMES) if count > 1}
    with_name = sum(counts[name] for name in names)
    if with_name * 2 <= sum(1 for lines in captions if lines):
        return list(captions)
    return [
        [said for line in lines if (said := _without(line, names))] if lines else []
        for lines in captions
    ]


def _name(line: str) -> str | None:
    match = _PREFIX.match(line)
    if match is None or len(match[1].split()) > _MAX_NAME_WORDS:
        return None
    return " ".join(match[1].casefold().split())


def _without(line: str, names: set[str]) -> str:
    match = _PREFIX.match(line)
    return line[match.end() :] if match and _name(line) in names else line
