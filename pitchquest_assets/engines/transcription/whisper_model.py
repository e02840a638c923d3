"""Opens Whisper's weights and asks them which language is spoken."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pitchquest_assets.engines.weights.devices import Device, Wanted, choose_device, computing_on
from pitchquest_assets.media.sound import read_floats
from pitchquest_assets.media.speech_pieces import speech_pieces
from pitchquest_assets.media.voice import Span
from pitchquest_assets.model import Audio

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

# Whisper's window is 30 s.
PIECE_SECONDS = 30.0
COMPUTE_TYPES: dict[Device, str] = {"cpu": "int8", "cuda": "float16"}
SEED = 1
# This many pieces are checked for the language: a talk may begin with a greeting in another one.
LANGUAGE_PIECES = 3


class Language(NamedTuple):
    """A language, ISO 639-1, and how sure Whisper is of it, 0–1."""

    code: str
    probability: float


@contextmanager
def open_whisper(folder: Path, wanted: Wanted) -> Iterator[tuple["WhisperModel", Device]]:
    """Give the model and the device that it computes on.

    Raises:
        EngineUnavailable: the GPU that was asked for is missing or fails.
    """
    import ctranslate2
    from faster_whisper import WhisperModel

    # Rising temperatures draw at random; the same sound must give the same words.
    ctranslate2.set_random_seed(SEED)
    device = choose_device(wanted, gpus=ctranslate2.get_cuda_device_count())
    with computing_on(device):
        kind = COMPUTE_TYPES[device]
        model = WhisperModel(str(folder), device=device, compute_type=kind, local_files_only=True)
        yield model, device


def detect_language(folder: Path, audio: Audio, wanted: Wanted = "auto") -> Language | None:
    """Return the language of the first speech, from multilingual weights; None without a voice."""
    pieces = speech_pieces(audio, PIECE_SECONDS)[:LANGUAGE_PIECES]
    if not pieces:
        return None
    with open_whisper(folder, wanted) as (model, _):
        return language_of(model, audio, pieces)


def language_of(model: "WhisperModel", audio: Audio, pieces: Sequence[Span]) -> Language | None:
    """Return the language of the first pieces, which vote with their probabilities."""
    votes: Counter[str] = Counter()
    first = pieces[:LANGUAGE_PIECES]
    for piece in first:
        code, probability, _ = model.detect_language(read_floats(audio, *piece))
        votes[code] += probability
    if not votes:
        return None
    code, sum_of_probabilities = votes.most_common(1)[0]
    return Language(code, sum_of_probabilities / len(first))
