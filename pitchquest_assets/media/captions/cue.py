"""What all caption formats are read into, and why a text cannot be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption; start and end are seconds, or None if the file carries no times."""

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When a caption is shown, in seconds; the end is never before the start."""

    start_seconds: float
    end_seconds: float

    def cue(self, text: str) -> Cue:
        """Return the caption that is shown then."""
        return Cue(text, self.start_seconds, self.end_seconds)


class CannotRead(Exception):
    """A text cannot be read; the message continues the sentence "The captions NAME …"."""


def times_of(start_seconds: float, end_seconds: float) -> Times:
    """Return the times of a caption; one that ends before it starts is shown for no time."""
    return Times(start_seconds, max(start_seconds, end_seconds))
