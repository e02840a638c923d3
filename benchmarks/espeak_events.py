"""Speech by espeak-ng whose word starts are known: the library reports each word and phoneme."""

import ctypes
import ctypes.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from av import AudioFrame, AudioResampler

from pitchquest_assets.media.sound import SAMPLE_RATE_HZ

# Of speak_lib.h.
RETRIEVAL, PHONEME_EVENTS, UTF8, CHARACTERS, BUFFER_MILLISECONDS = 1, 1, 1, 1, 200
END_OF_EVENTS, WORD, PHONEME = 0, 1, 7
PAUSES = ("_", "")


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    ]


@dataclass(frozen=True)
class Spoken:
    """Sound, int16 at 16 kHz, and the words in it with the seconds at which each begins."""

    samples: np.ndarray
    words: list[tuple[str, float]]


class Speaker:
    """One espeak-ng library; raises OSError where there is none."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if name is None:
            raise OSError("libespeak-ng is not installed: apt-get install espeak-ng")
        self._library: Any = ctypes.CDLL(name)
        self._rate = self._library.espeak_Initialize(
            RETRIEVAL, BUFFER_MILLISECONDS, None, PHONEME_EVENTS
        )

    def say(self, voice: str, text: str) -> Spoken:
        """Say the text; a word begins with its first phoneme, not with the pause before it."""
        pieces: list[np.ndarray] = []
        events: list[tuple[int, int, int, int, str]] = []

        def keep(wav: Any, count: int, reported: Any) -> int:
            if wav and count:
                pieces.append(np.ctypeslib.as_array(wav, (count,)).copy())
            index = 0
            while reported[index].type != END_OF_EVENTS:
                one = reported[index]
                name = one.name.decode(errors="replace") if one.type == PHONEME else ""
                events.append((one.type, one.text_position, one.length, one.audio_position, name))
                index += 1
            return 0

        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
        )
        callback = kind(keep)
        self._library.espeak_SetSynthCallback(callback)
        self._library.espeak_SetVoiceByName(voice.encode())
        plain = text.encode()
        self._library.espeak_Synth(plain, len(plain) + 1, 0, CHARACTERS, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return Spoken(self._resampled(np.concatenate(pieces)), list(_words(text, events)))

    def _resampled(self, samples: np.ndarray) -> np.ndarray:
        frame = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = self._rate
        resampler = AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
        made = [*resampler.resample(frame), *resampler.resample(None)]
        return np.concatenate([piece.to_ndarray()[0] for piece in made])


def _words(text: str, events: list[tuple[int, int, int, int, str]]) -> Iterator[tuple[str, float]]:
    for index, (kind, position, length, _, _) in enumerate(events):
        if kind != WORD:
            continue
        for other, _, _, milliseconds, name in events[index + 1 :]:
            if other == WORD:
                break
            if other == PHONEME and not name.startswith(PAUSES[0]) and name not in PAUSES:
                yield text[position - 1 : position - 1 + length], milliseconds / 1000
                break
