"""What can go wrong, told in one sentence that says what to do next."""


class PitchQuestError(Exception):
    """Base of every error that is shown to a person; its message is one whole sentence."""


class InvalidInput(PitchQuestError):
    """The input itself is at fault, so trying again cannot help."""


class InvalidVideo(InvalidInput):
    """The file cannot be read as a video, or is beyond the limits."""


class InvalidCaptions(InvalidInput):
    """The captions cannot be read."""


class InvalidVideoId(InvalidInput):
    """The video id does not fit `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`."""


class ObjectRefused(InvalidInput):
    """Storage does not take a file: too large, of another media type, or by its name."""


class SettingsError(PitchQuestError):
    """An environment variable is missing or makes no sense."""


class StoreUnavailable(PitchQuestError):
    """The database or the object store does not answer; worth another try."""


class StoreCorrupt(PitchQuestError):
    """A row and its object do not belong together."""


class Interrupted(PitchQuestError):
    """Ctrl-C, a polite kill, or a run that was terminated in Dagit."""

    def __init__(self) -> None:
        super().__init__("The analysis was interrupted; run it again.")


class Superseded(PitchQuestError):
    """Another run has taken the video since this one was started."""


class ResultSpooled(PitchQuestError):
    """The database could not take a result, which waits in the spool folder."""


class UnknownVideo(PitchQuestError):
    """No video with that id is registered."""


class EngineUnavailable(PitchQuestError):
    """An engine that was asked for by name cannot be had here."""


class VendorUnavailable(PitchQuestError):
    """A vendor did not answer, or allows no call now; worth another try."""


class VendorRefused(PitchQuestError):
    """A vendor will never take this call: wrong key, no rights, unknown model, no credit."""


class UnusableAnswer(PitchQuestError):
    """A vendor answered, and nothing can be made of it: blocked, cut off, empty, not as asked."""


class BudgetExceeded(PitchQuestError):
    """A call was not made, as it could have cost more than a budget allows."""


class CheckFailed(PitchQuestError):
    """A value that was made is not as it must be, so nothing may be built on it."""
