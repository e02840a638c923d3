"""Chooses the transcriber: captions, then OpenAI, then Whisper, then PocketSphinx."""

from pitchquest_assets.engines.transcription.captions.aligned import transcribe_captions
from pitchquest_assets.engines.transcription.captions.checked import check_captions
from pitchquest_assets.engines.transcription.openai import transcribe_openai
from pitchquest_assets.engines.transcription.other_languages import transcribe_any_language
from pitchquest_assets.engines.transcription.pocketsphinx import transcribe_pocketsphinx
from pitchquest_assets.engines.transcription.trust import no_transcript
from pitchquest_assets.engines.vendors.calls import Caller
from pitchquest_assets.engines.weights import fetch as models
from pitchquest_assets.engines.weights.progress import Progress
from pitchquest_assets.errors import EngineUnavailable
from pitchquest_assets.media.caption_files import (
    Cue,
    beside,
    clean_cues,
    mend_cues,
    read_captions,
)
from pitchquest_assets.media.decoding import in_child
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, embedded_captions
from pitchquest_assets.model import Audio, Transcript
from pitchquest_assets.settings import Settings

UNCHECKED = (
    "without Whisper's weights the captions were checked by PocketSphinx alone, which refuses some "
    "true ones and may trust some that fit in part"
)
CAPTIONS_HINT = "give captions (--captions FILE, or a .vtt or .srt beside the video)"


def transcribe(video: LocalVideo, audio: Audio, caller: Caller, progress: Progress) -> Transcript:
    """Transcribe with the engine that PITCHQUEST_TRANSCRIBER names, or the best available.

    If the chosen engine fails, no other takes its place.

    Raises:
        EngineUnavailable: the engine that PITCHQUEST_TRANSCRIBER names is not available.
        InvalidCaptions: the captions cannot be read.
        SettingsError, BudgetExceeded, VendorRefused, VendorUnavailable, UnusableAnswer: OpenAI
            fails, see `transcribe_openai`.
    """
    settings = caller.settings
    wanted = settings.transcriber
    if not audio.payload:
        return no_transcript(audio.reason or "the video has no sound", hint=None)
    if wanted == "off":
        return no_transcript(
            "transcription is switched off", "set PITCHQUEST_TRANSCRIBER=auto for a transcript"
        )
    if wanted in ("auto", "captions") and (cues := find_captions(video)):
        return _checked(cues, audio, settings, progress)
    if wanted == "captions":
        raise EngineUnavailable(
            f"PITCHQUEST_TRANSCRIBER=captions, but {video.source.filename} has none; "
            f"{CAPTIONS_HINT}."
        )
    if uses_openai(settings):
        return transcribe_openai(audio, caller, f"for a better one {CAPTIONS_HINT}")
    if wanted in ("auto", "whisper") and (found := models.fetch_whisper(settings, progress)):
        return transcribe_any_language(found, audio, settings, f"for a better one {CAPTIONS_HINT}")
    names = models.whisper_names(settings)
    pull = " or ".join(f"`pitchquest models pull {name}`" for name in names[:2])
    if wanted == "whisper":
        raise EngineUnavailable(
            f"PITCHQUEST_TRANSCRIBER=whisper, but {names[0]} is not in {settings.models_path}"
            f"{''.join(f', nor is {name}' for name in names[1:])}; run {pull}."
        )
    return transcribe_pocketsphinx(audio, f"for a better one {CAPTIONS_HINT} or run {pull}")


def _checked(cues: list[Cue], audio: Audio, settings: Settings, progress: Progress) -> Transcript:
    """The captions as far as Whisper bears them out, or PocketSphinx if Whisper is missing."""
    try:
        found, missing = models.fetch_whisper(settings, progress), ""
    except EngineUnavailable as error:
        found, missing = None, f": {error}"
    if found:
        heard = transcribe_any_language(found, audio, settings, hint=CAPTIONS_HINT)
        return check_captions(cues, audio, heard)
    alone = transcribe_captions(cues, audio, language=None)
    return alone.model_copy(update={"warnings": [*alone.warnings, UNCHECKED + missing]})


def uses_openai(settings: Settings) -> bool:
    """Whether OpenAI transcribes videos without captions.

    It does if it is named, or if its key is set. A self-hosted server is often there only to judge,
    so it gets the sound only if it is named.
    """
    if settings.transcriber == "auto":
        return settings.openai_api_key is not None and settings.openai_base_url is None
    return settings.transcriber == "openai"


def find_captions(video: LocalVideo) -> list[Cue]:
    """Return the captions given for a video, beside it, or inside it; [] if there are none."""
    path = video.captions or beside(video.path)
    if path:
        cues = in_child(read_captions, path.name, Limits())(path)
        return mend_cues(cues, video.source) if video.source.clock else cues
    name, clock = video.source.filename, video.source.clock
    found = in_child(embedded_captions, name, Limits())(video.path, clock)
    return clean_cues(Cue(text, start, end) for start, end, text in found)
