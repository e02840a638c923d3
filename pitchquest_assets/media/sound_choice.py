"""The sound of a video, from the track and the channel in which somebody speaks.

A recorder may put a silent desktop first and the microphone second, and a cable may turn one of two
channels upside down, so that their mix is silence. What is taken instead is said in a warning.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pitchquest_assets.errors import InvalidVideo
from pitchquest_assets.media.channels import NAMES
from pitchquest_assets.media.local_video import LocalVideo
from pitchquest_assets.media.probe import Limits, open_media
from pitchquest_assets.media.sound_track import decode_track
from pitchquest_assets.media.streams import audio_streams
from pitchquest_assets.media.voice import voice_of
from pitchquest_assets.model import Audio

# Tracks beyond these are not heard; recorders write six at most.
MAX_TRACKS = 8
# The default track stays unless another holds this many times as much speech, and at least that.
MUCH_MORE_SPEECH = 3.0
MIN_SPEECH_SECONDS = 1.0
# A channel with less than this share of the other's speech only adds noise to it.
NO_SPEECH_SHARE = 0.05


@dataclass(frozen=True)
class _Taken:
    """A sound that was decoded, and the channel it is limited to."""

    audio: Audio | None
    channel: int | None
    damaged: int


def extract_audio(video: LocalVideo, *, limits: Limits) -> Audio:
    """Extract the sound as 16 kHz mono FLAC.

    Returns:
        The sound; an empty payload and the reason if there is a picture but no sound.

    Raises:
        InvalidVideo: nothing at all can be decoded, or decoding takes longer than the limit.
    """
    source = video.source
    tracks = _tracks(video, limits) if source.has_audio else []
    if not tracks:
        return _no_audio("the file has no audio stream")
    chosen, taken = _best_track(video, tracks, limits)
    warnings = [f"{source.filename}: {note}" for note in _notes(tracks, chosen, taken)]
    if taken.damaged:
        what = f"some of the sound ({taken.damaged} pieces) could not be decoded"
        warnings.append(f"{source.filename} is damaged: {what}.")
    if taken.audio is not None:
        return taken.audio.model_copy(update={"warnings": warnings})
    if not source.has_video:
        raise InvalidVideo(f"No sound of {source.filename} can be decoded: export it again.")
    return _no_audio("no sound can be decoded", warnings)


def _tracks(video: LocalVideo, limits: Limits) -> list[int]:
    """The indices of the sound tracks in the file, the default one first."""
    with open_media(video.path, filename=video.source.filename, limits=limits) as container:
        return [stream.index for stream in audio_streams(container)][:MAX_TRACKS]


def _best_track(video: LocalVideo, tracks: list[int], limits: Limits) -> tuple[int, _Taken]:
    """The track to use, by its index, and its sound: the default one unless another speaks more."""
    chosen, best = tracks[0], _take(video, tracks[0], limits)
    if len(tracks) == 1:
        return chosen, best
    spoken = _speech_seconds(best.audio)
    for index in tracks[1:]:
        other = _take(video, index, limits)
        seconds = _speech_seconds(other.audio)
        if seconds >= max(MIN_SPEECH_SECONDS, MUCH_MORE_SPEECH * spoken):
            chosen, best, spoken = index, other, seconds
    return chosen, best


def _take(video: LocalVideo, index: int, limits: Limits) -> _Taken:
    """The sound of a track: both channels mixed, or one of them where the other spoils it."""
    track = decode_track(video, index, limits=limits)
    mixed = _Taken(track.audio, None, track.damaged)
    if track.channels.cancel:
        one = decode_track(video, index, limits=limits, channel=track.channels.louder)
        return _Taken(one.audio, track.channels.louder, track.damaged)
    if not track.channels.differ:
        return mixed
    apart = [decode_track(video, index, limits=limits, channel=n).audio for n in range(len(NAMES))]
    spoken = [_speech_seconds(audio) for audio in apart]
    if min(spoken) > NO_SPEECH_SHARE * max(spoken) or max(spoken) < MIN_SPEECH_SECONDS:
        return mixed
    speaking = spoken.index(max(spoken))
    return _Taken(apart[speaking], speaking, track.damaged)


def _speech_seconds(audio: Audio | None) -> float:
    return sum(end - start for start, end in voice_of(audio)) if audio is not None else 0.0


def _notes(tracks: list[int], chosen: int, taken: _Taken) -> Iterable[str]:
    """What is used instead of the usual."""
    if chosen != tracks[0]:
        number = sorted(tracks).index(chosen) + 1
        yield f"nobody speaks on the default sound track; track {number} of {len(tracks)} is used."
    if taken.channel is not None:
        channel = NAMES[taken.channel]
        yield f"the two channels of the sound spoil each other; only the {channel} one is used."


def _no_audio(reason: str, warnings: list[str] | None = None) -> Audio:
    return Audio(duration_seconds=0, reason=reason, warnings=warnings or [], payload=b"")
