"""Whisper for sound in an unknown language: an English model is not left guessing at another."""

from pitchquest_assets.engines.transcription.languages import LANGUAGE_CODES
from pitchquest_assets.engines.transcription.whisper import ENGLISH_ONLY, transcribe_whisper
from pitchquest_assets.engines.transcription.whisper_model import detect_language
from pitchquest_assets.engines.weights.fetch import Whisper, multilingual_here
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets.settings import Settings

# Below this the language is a guess, as for English under noise or sound that is not language.
MIN_LANGUAGE_PROBABILITY = 0.5
_NAMES = {code: name.capitalize() for name, code in LANGUAGE_CODES.items()}


def transcribe_any_language(
    found: Whisper, audio: Audio, settings: Settings, hint: str
) -> Transcript:
    """Transcribe with the weights that were found.

    If they know only English, are not sure of what was said, and no language was set, the language
    is detected with `base`, if that is here. What is not English is then transcribed with `base`,
    and a warning says so.

    Raises:
        EngineUnavailable: the GPU that was asked for is missing or fails.
    """
    heard = _transcribe(found, audio, settings, hint, settings.language)
    if heard.trusted or settings.language or not found.size.endswith(ENGLISH_ONLY):
        return heard
    other = multilingual_here(settings)
    language = detect_language(other.folder, audio, settings.device) if other else None
    if not other or not language or language.code == "en":
        return heard
    if language.probability < MIN_LANGUAGE_PROBABILITY:
        return heard
    name = _NAMES.get(language.code, language.code)
    note = (
        f"the language seems to be {name}, which {found.size} does not know, "
        f"so {other.size} transcribed it"
    )
    again = _transcribe(other, audio, settings, hint, language.code)
    return again.model_copy(update={"warnings": [note, *again.warnings]})


def _transcribe(
    found: Whisper, audio: Audio, settings: Settings, hint: str, language: str | None
) -> Transcript:
    return transcribe_whisper(
        found.folder,
        found.size,
        audio,
        hint,
        wanted=settings.device,
        language=language,
        came_from=found.came_from,
    )
