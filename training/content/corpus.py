"""Reads the labelled corpus; `python training/content/corpus.py [FILE…]` says what is wrong."""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pitchquest_assets.analysis.content.facts import FACTS

HERE = Path(__file__).parent
# The second labelling of some texts, made from the guide alone.
SECOND = HERE / "second" / "second.txt"
KINDS = ("pitch", "fragment", "nonpitch", "nonsense")
STYLES = ("written", "spoken", "asr", "caption")
REASONS = ("rival", "customer", "plan", "question", "hypothesis", "negation", "other")
# The labels' short names of the items.
ITEMS = {name.split("_")[0] if name != "why_now" else name: name for name in FACTS}
LABEL = re.compile(r"(-?)([a-z_]+)\(([a-z_, ]+)\)")


@dataclass
class Line:
    """One sentence: its text, its facts by item, and the items that it only looks like."""

    text: str
    facts: dict[str, set[str]] = field(default_factory=dict)
    traps: dict[str, str] = field(default_factory=dict)


@dataclass
class Text:
    """One pitch or other text of a batch."""

    id: str
    kind: str
    style: str
    about: str
    clarity: int | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def batch(self) -> str:
        """The name of its batch, such as b01."""
        return self.id.split("-")[0]


def read_texts(paths: list[Path] | None = None) -> list[Text]:
    """Return the texts of the files, by default of the whole corpus.

    Raises:
        ValueError: a line that the guide does not allow; the message names file and line.
    """
    texts: list[Text] = []
    for path in paths or sorted((HERE / "corpus").glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                _take(line.strip(), texts)
            except (ValueError, IndexError) as error:
                raise ValueError(f"{path.name}:{number}: {error}: {line!r}") from None
    return texts


def _take(line: str, texts: list[Text]) -> None:
    if not line:
        return
    if line.startswith("=="):
        name, kind, style, about = (part.strip() for part in line[2:].split("|", 3))
        if kind not in KINDS or style not in STYLES:
            raise ValueError(f"kind {kind!r} or style {style!r} is unknown")
        texts.append(Text(name, kind, style, about))
    elif line.startswith("= clarity"):
        texts[-1].clarity = int(line.split()[2])
    else:
        texts[-1].lines.append(read_line(line))


def read_line(line: str) -> Line:
    """Return the line's text and labels."""
    text, _, labels = line.partition(">>")
    read = Line(text.strip())
    rest = LABEL.sub("", labels).strip(" ,;")
    if rest:
        raise ValueError(f"{rest!r} is no label")
    for sign, item, names in LABEL.findall(labels):
        if item not in ITEMS:
            raise ValueError(f"item {item!r} is unknown")
        item = ITEMS[item]
        facts = {name.strip() for name in names.split(",")}
        if unknown := facts - set(REASONS if sign else FACTS[item]):
            raise ValueError(f"{sorted(unknown)} is no fact of {item}")
        if sign:
            read.traps[item] = facts.pop()
        else:
            read.facts.setdefault(item, set()).update(facts)
    return read


def main() -> None:
    """Print counts of the files named, or of the whole corpus; exit 1 at a mistake."""
    texts = read_texts([Path(name) for name in sys.argv[1:]] or None)
    kinds = Counter(text.kind for text in texts)
    items = Counter(item for t in texts for line in t.lines for item in line.facts)
    facts = Counter(
        f"{i}.{f}" for t in texts for line in t.lines for i in line.facts for f in line.facts[i]
    )
    traps = Counter(item for t in texts for line in t.lines for item in line.traps)
    print(len(texts), "texts,", sum(len(t.lines) for t in texts), "lines", dict(kinds))
    print("items", dict(items))
    print("traps", dict(traps))
    print("facts", dict(sorted(facts.items())))
    if mistake := mistake_in(texts):
        sys.exit(mistake)


def mistake_in(texts: list[Text]) -> str | None:
    """Return what is missing or wrong in one of the texts as a whole; None if nothing is."""
    for text in texts:
        if text.kind == "pitch" and text.clarity not in range(6):
            return f"{text.id} has no clarity from 0 to 5"
        if text.kind == "nonpitch" and any(line.facts for line in text.lines):
            return f"{text.id} is no pitch and has facts"
    return None


if __name__ == "__main__":
    main()
