"""`pitchquest judge`: judges a script before it is recorded, without a video or a database."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pitchquest_assets.analysis.content.rubric import (
    MAX_ITEM_SCORE,
    RubricDefinition,
    load_rubric,
)
from pitchquest_assets.engines.judges.content import judge_content
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.errors import InvalidInput
from pitchquest_assets.model import ContentAnalysis, Transcript, Word
from pitchquest_assets.settings import Settings

# The pace that docs/scoring.md recommends, and its middle, for which times are given.
SLOW_WPM, MIDDLE_WPM, FAST_WPM = 110, 135, 160
# An hour of speech; anything longer is not the script of a pitch.
MAX_WORDS = 10_000


def judge_script(path: Path, settings: Settings, json_file: str | None) -> None:
    """Judge the words of a text file, and print what they show and what is missing.

    Args:
        json_file: also write the analysis as JSON, `-` for stdout instead of the table.

    Raises:
        InvalidInput: the file is missing, empty, not UTF-8 text, or far too long for a pitch.
    """
    words = words_of(_read(path))
    rubric = load_rubric()
    transcript = Transcript(
        text=" ".join(word.text for word in words),
        words=words,
        language="en",
        engine="captions",
        trusted=True,
    )
    caller = Caller(settings, announce=lambda sentence: print(sentence, file=sys.stderr))
    analysis = judge_content(transcript, rubric, caller)
    document = json.dumps(
        analysis.model_dump() | {"words": len(words), "seconds": _seconds(len(words))}, indent=2
    )
    if json_file == "-":
        print(document)
        return
    if json_file:
        Path(json_file).write_text(document + "\n", "utf-8")
    _print(analysis, rubric, len(words))


def words_of(text: str) -> list[Word]:
    """Return the words of a script, with times as if it were spoken at 135 words a minute."""
    words, clock = [], 0.0
    for token in text.split():
        end = clock + 60 / MIDDLE_WPM
        words.append(Word(text=token, start_seconds=clock, end_seconds=end, probability=1.0))
        clock = end
    return words


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InvalidInput(f"{path} does not exist: check the path.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8 text: save the script as plain text.") from None
    count = len(text.split())
    if not count:
        raise InvalidInput(f"{path} is empty: write the words of the pitch into it.")
    if count > MAX_WORDS:
        raise InvalidInput(f"{path} has {count:,} words: a pitch has at most {MAX_WORDS:,}.")
    return text


def _seconds(words: int) -> dict[str, float]:
    """How long the script takes, at the ends of the comfortable pace."""
    return {f"at {wpm} wpm": round(60 * words / wpm, 1) for wpm in (SLOW_WPM, FAST_WPM)}


def _print(analysis: ContentAnalysis, rubric: RubricDefinition, count: int) -> None:
    console = Console()
    for warning in analysis.warnings:
        console.print(Text(f"Note: {warning}."))
    if analysis.clarity is None:
        console.print(Text(f"Not judged: {analysis.items[0].reason}."))
        return
    table = Table("item", "0–5", "the sentence", "what is missing", show_lines=True)
    for rule, item in zip(rubric.all_items, analysis.items, strict=True):
        missing = [
            advice
            for title, advice in rule.advice.items()
            if title not in item.found and item.score != MAX_ITEM_SCORE
        ]
        proof = item.evidence[0] if item.evidence else None
        told = (proof.quote or proof.measurement or "") if proof else (item.reason or "")
        advice = item.suggestion or item.explanation or "; ".join(missing)
        score = "–" if item.score is None else str(item.score)
        table.add_row(item.title, score, Text(told), Text(advice))
    console.print(table)
    fast, slow = 60 * count / FAST_WPM, 60 * count / SLOW_WPM
    console.print(
        f"{count} words: {fast:.0f} to {slow:.0f} s at {SLOW_WPM} to {FAST_WPM} words a minute. "
        f"Judged by {analysis.judge} ({analysis.judge_model})."
    )
