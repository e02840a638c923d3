"""Captions as common programs write them, made from the words and their times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Writer = Callable[[Sequence["Spoken"]], str]


@dataclass(frozen=True)
class Spoken:
    """Words that are said between two times."""

    words: str
    start_seconds: float
    end_seconds: float


def clock(seconds: float, mark: str = ".") -> str:
    """hh:mm:ss.mmm, with that mark before the fraction."""
    thousandths = round(seconds * 1000)
    return (
        f"{thousandths // 3_600_000:02}:{thousandths // 60_000 % 60:02}:"
        f"{thousandths // 1000 % 60:02}{mark}{thousandths % 1000:03}"
    )


def webvtt(spoken: Sequence[Spoken], form: str = "{}", ids: str = "", note: str = "") -> str:
    """WebVTT; `form` is around the words, `ids` before each number, `note` before each cue."""
    blocks = ["WEBVTT"]
    for number, one in enumerate(spoken, 1):
        times = f"{clock(one.start_seconds)} --> {clock(one.end_seconds)}"
        name = [f"{ids}{number}"] if ids else []
        blocks += [note] if note else []
        blocks.append("\n".join([*name, times, form.format(one.words)]))
    return "\n\n".join(blocks) + "\n"


def subrip(spoken: Sequence[Spoken], form: str = "{}") -> str:
    """SubRip; `form` is around the words."""
    return "\n".join(
        f"{number}\n{clock(one.start_seconds, ',')} --> {clock(one.end_seconds, ',')}\n"
        f"{form.format(one.words)}\n"
        for number, one in enumerate(spoken, 1)
    )


def youtube_automatic(spoken: Sequence[Spoken]) -> str:
    """The lines roll: each cue has the line before and a new one whose words have times of their
    own; between them, a cue of 10 ms shows the finished line."""
    blocks = ["WEBVTT\nKind: captions\nLanguage: en"]
    before = " "
    for one in spoken:
        first, *rest = one.words.split()
        step = (one.end_seconds - one.start_seconds) / (len(rest) + 1)
        timed = "".join(
            f"<{clock(one.start_seconds + step * index)}><c> {word}</c>"
            for index, word in enumerate(rest, 1)
        )
        times = f"{clock(one.start_seconds)} --> {clock(one.end_seconds - 0.01)}"
        flash = f"{clock(one.end_seconds - 0.01)} --> {clock(one.end_seconds)}"
        blocks.append(f"{times} align:start position:0%\n{before}\n{first}{timed}")
        blocks.append(f"{flash} align:start position:0%\n{one.words}\n ")
        before = one.words
    return "\n\n".join(blocks) + "\n"


def repeated_tails(spoken: Sequence[Spoken]) -> str:
    """Each cue begins with the last two words of the one before."""
    tails = ["", *(" ".join(one.words.split()[-2:]) + " " for one in spoken)]
    return subrip(
        [
            Spoken(tail + one.words, one.start_seconds, one.end_seconds)
            for tail, one in zip(tails, spoken, strict=False)
        ]
    )


def two_inline_times(spoken: Sequence[Spoken]) -> str:
    """The first line has exactly two times in it, as the line of a cue's times has."""
    first, *rest = spoken
    a, b, *others = first.words.split()
    timed = f"{a}<00:00:00.370><c> {b}</c><00:00:00.740><c> {' '.join(others)}</c>"
    return webvtt([Spoken(timed, first.start_seconds, first.end_seconds), *rest])


def sbv(spoken: Sequence[Spoken]) -> str:
    """The format of YouTube Studio."""
    return "\n".join(
        f"{clock(one.start_seconds)[1:]},{clock(one.end_seconds)[1:]}\n{one.words}\n"
        for one in spoken
    )


def substation(spoken: Sequence[Spoken]) -> str:
    """Advanced SubStation Alpha."""
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]
    for one in spoken:
        times = f"{clock(one.start_seconds)[1:-1]},{clock(one.end_seconds)[1:-1]}"
        text = one.words.replace(" ", "\\N", 1)
        lines.append(f"Dialogue: 0,{times},Default,,0,0,0,,{{\\an8}}{text}")
    return "\n".join(lines) + "\n"


def ttml(spoken: Sequence[Spoken]) -> str:
    """Timed text of the W3C."""
    paragraphs = "\n".join(
        f'<p begin="{clock(one.start_seconds)}" end="{clock(one.end_seconds)}">{one.words}</p>'
        for one in spoken
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>\n{paragraphs}\n</div></body></tt>'
    )


def growing(spoken: Sequence[Spoken]) -> str:
    """Live captions: two lines, of which the upper one was the lower one before."""
    first = [Spoken(spoken[0].words, spoken[0].start_seconds, spoken[0].end_seconds)]
    rest = [
        Spoken(f"{before.words}\n{after.words}", after.start_seconds, after.end_seconds)
        for before, after in pairwise(spoken)
    ]
    return subrip(first + rest)


WRITERS: dict[str, tuple[str, Writer]] = {
    "zoom": (".vtt", lambda spoken: webvtt(spoken, "Jordan Example: {}")),
    "teams": (
        ".vtt",
        lambda spoken: (
            "\ufeff"
            + webvtt(spoken, "<v Jordan Example>{}</v>", "5f1c0e5a-1b4a/").replace("\n", "\r\n")
        ),
    ),
    "notes": (
        ".vtt",
        lambda spoken: webvtt(spoken, note="NOTE\nreviewed by the agency, check the spelling"),
    ),
    "styles": (".vtt", lambda spoken: webvtt(spoken, "<c.a>{}</c>", "intro-", "STYLE\n::cue {}")),
    "labels": (".srt", lambda spoken: subrip(spoken, "{{\\an8}}<i>{}</i> (audience laughing)")),
    "starred": (".srt", lambda spoken: subrip(spoken, "*applause* {} ♪")),
    "music": (".srt", lambda spoken: subrip(spoken, "♪ la la la ♪\n{}")),
    "brackets": (".srt", lambda spoken: subrip(spoken, "[Music]\n- {}")),
    "carriage-returns": (".srt", lambda spoken: subrip(spoken).replace("\n", "\r")),
    "arrows": (".srt", lambda spoken: subrip(spoken).replace(" --> ", " -> ")),
    "blanks": (".srt", lambda spoken: subrip(spoken).replace(",", ", ").replace(",  ", ", ")),
    "no-hours": (".srt", lambda spoken: subrip(spoken).replace("00:00:", "00:")),
    "youtube": (".vtt", youtube_automatic),
    "two-times": (".vtt", two_inline_times),
    "rolling": (".srt", growing),
    "tails": (".srt", repeated_tails),
    "sbv": (".sbv", sbv),
    "ass": (".ass", substation),
    "ttml": (".ttml", ttml),
    "dfxp": (".DFXP", ttml),
}
