"""All errors that a person sees; each message is one sentence that says what to do next."""


class PitchQuestError(Exception):
    """Base of all errors that are shown to a person; the message is one complete sentence."""


class InvalidInput(PitchQuestError):
    """The input itself is at fault, so a retry cannot help."""


class InvalidVideo(InvalidInput):
    """The file cannot be read as a video, or exceeds a limit."""


class InvalidCaptions(InvalidInput):
    """The captions cannot be read."""


class InvalidVideoId(InvalidInput):
    """The video id does not match `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`."""


class ObjectRefused(InvalidInput):
    """Storage refuses a file because of its size, media type or name."""


class SettingsError(PitchQuestError):
    """An environment variable is missing or has an unusable value."""


class StoreUnavailable(PitchQuestError):
    """The database or the object store does not answer; a retry may help."""


class StoreCorrupt(PitchQuestError):
    """Stored data is inconsistent, for example a row and its object do not match."""


class Interrupted(PitchQuestError):
    """Ctrl-C, SIGTERM, or a run that was terminated in Dagit."""

    def __init__(self) -> None:
        super().__init__("The analysis was interrupted; run it again.")


class Superseded(PitchQuestError):
    """Another run has taken the video since this run was started."""


class ResultSpooled(PitchQuestError):
    """The database could not take a result, so it waits in the spool folder."""


class UnknownVideo(PitchQuestError):
    """No video with that id is registered."""


class EngineUnavailable(PitchQuestError):
    """An engine that was asked for is not available."""


class VendorUnavailable(PitchQuestError):
    """A vendor did not answer, or allows no calls at the moment; a retry may help."""


class VendorRefused(PitchQuestError):
    """A vendor will never accept this call: wrong key, no permission, unknown model, no credit."""


class UnusableAnswer(PitchQuestError):
    """A vendor's answer cannot be used: blocked, cut off, empty, or not in the form asked for."""


class BudgetExceeded(PitchQuestError):
    """A call was not made, because it could have cost more than a budget allows."""


class CheckFailed(PitchQuestError):
    """A value fails a check that must pass, so nothing may be built on it."""
