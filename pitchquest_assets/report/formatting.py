"""Words for times, figures and names in the report; all functions return plain text, no markup."""

import re
from datetime import UTC, datetime

PERCENT_UNITS = ("share", "ratio")
UNIT_WORDS = {
    "syll/s": "syllables/s",
    "1/min": "per minute",
    "per_minute": "per minute",
    "st": "semitones",
}
# Names that say more than the key's own words.
NAMES = {
    "hnr": "Harmonics-to-noise ratio",
    "camera_facing": "Facing the camera",
    "camera_facing_share": "Facing the camera",
    "face": "Face in the picture",
    "face_offset_x": "Face, sideways",
    "face_offset_y": "Face, up or down",
    "openai": "OpenAI",
}
EVENT_NAMES = {
    "long_pause": "Long pauses",
    "filler": "Fillers",
    "cut": "Cuts",
    "vision_judge": "Vision judge",
}
ABBREVIATIONS = {"f0": "F0", "sd": "SD", "pvq": "PVQ", "db": "dB", "hz": "Hz", "wpm": "wpm"}


def clock(seconds: float) -> str:
    """Format a time as m:ss, or as h:mm:ss from one hour on."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    tail = f"{whole % 60:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def gain(points: float | None) -> str:
    """Format the points that an improvement would bring, such as "+5 points"; "" for None."""
    if points is None:
        return ""
    shown = f"{points:.0f}" if points >= 0.95 else f"{max(points, 0.1):.1f}"
    return f"+{shown} {'point' if shown == '1' else 'points'}"


def spoken_time(seconds: float) -> str:
    """Format a duration: 21.4 s, 3 min 5 s, 1 h 2 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def day(moment: datetime) -> str:
    """Format a date and time, in UTC if the time zone is known."""
    known = moment.tzinfo is not None
    moment = moment.astimezone(UTC) if known else moment
    return f"{moment.day} {moment:%B %Y, %H:%M}{' UTC' if known else ''}"


def percent(share: float) -> str:
    """Format a share as percent, whole from 10 % on; anything below 1 is never shown as 100 %."""
    if 0.995 <= share < 1:
        return ">\u00a099 %"
    return f"{figure(round(100 * share, 0 if abs(share) >= 0.0995 else 1))} %"


def figure(value: float) -> str:
    """Format a number with three significant digits, thin spaces and a real minus sign."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}".replace(",", "\u202f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def quantity(value: float, unit: str) -> str:
    """Format a figure with its unit; shares become percent."""
    head, _, tail = unit.partition(" ")
    if head in PERCENT_UNITS:
        return f"{percent(value)} {tail}".strip()
    if unit[:1].isdigit() and "–" in unit:
        return f"{figure(value)} ({unit})"
    return f"{figure(value)} {UNIT_WORDS.get(unit, unit)}".strip()


def usual(reference: str, unit: str) -> str:
    """Format a reference in the unit in which `quantity` shows the value."""
    if unit.partition(" ")[0] not in PERCENT_UNITS:
        return reference
    shares = re.sub(r"\b[01](\.\d+)?\b", lambda one: f"{float(one[0]) * 100:.0f} %", reference)
    ranges = re.sub(r" %(\s?[–-]\s?\d)", r"\1", shares)
    return re.sub(r"(?<!\d)-(?=\d)", "−", ranges)


def name_of(key: str) -> str:
    """Return a field's key in words: `long_pause` is "Long pause"."""
    if key in NAMES:
        return NAMES[key]
    words = [ABBREVIATIONS.get(word, word) for word in key.replace("_", " ").split()]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def events_of(kind: str) -> str:
    """Return the name of a group of events: `long_pause` is "Long pauses"."""
    return EVENT_NAMES.get(kind, name_of(kind))


def size(bytes_count: int) -> str:
    """Format a file size in MB or kB (powers of ten)."""
    if bytes_count < 1_000_000:
        return f"{bytes_count / 1e3:.0f} kB"
    return f"{bytes_count / 1e6:.1f} MB"
