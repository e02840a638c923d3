"""Finds where the clock of a recording jumps, from the times of its packets.

A gap is a jump if nothing is there that would fill it: a picture may stay for long while somebody
speaks, and a microphone may be switched off while pictures go on. A step back is always a jump.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, zip_longest
from typing import Any, Literal

import numpy as np
from av.packet import Packet
from av.stream import Stream

from pitchquest_assets.media.clock import MIN_STEP_BACK_SECONDS
from pitchquest_assets.media.streams import presentation, time_base
from pitchquest_assets.model import ClockPiece

# A shorter gap is silence, or a picture that stays.
MIN_GAP_SECONDS = 2.0
# Without sound to tell the two apart, a picture may stay for so long.
MIN_SILENT_GAP_SECONDS = 60.0
# Pictures that come slowly but steadily leave no gap.
USUAL_STEPS = 3
# Fewer packets at a time of their own have damaged timestamps.
MIN_PIECE_PACKETS = 3
# People pause and join recordings a few times; more is damage, or meant to cost memory.
MAX_PIECES = 100
MAX_NAMED_JUMPS = 3

Kind = Literal["video", "audio"]


@dataclass(frozen=True)
class Stretch:
    """Packets of a stream without a gap between them: their number, and their times in seconds."""

    kind: Kind
    first: float
    last: float  # when the last one begins
    end: float
    packets: int

    def joined(self, other: "Stretch") -> "Stretch":
        """Return both as one."""
        return replace(
            self,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
            end=max(self.end, other.end),
            packets=self.packets + other.packets,
        )


Piece = dict[Kind, Stretch]


class TooManyJumps(ValueError):
    """The clock jumps more often than that of any recording."""


class PacketTimes:
    """When the packets of a stream are presented; a new run begins where time steps back."""

    def __init__(self, stream: Stream, zero: Fraction) -> None:
        self.kind: Kind = "video" if stream.type == "video" else "audio"
        self.unit = time_base(stream)
        self.rate = stream.average_rate if stream.type == "video" else None
        self.packets = 0
        self._zero = zero
        self._usual_duration = round(1 / (self.rate * self.unit)) if self.rate else 0
        self._step_back = MIN_STEP_BACK_SECONDS / self.unit
        self._latest = 0
        self._runs: list[tuple[array[int], array[int]]] = []

    def add(self, packet: "Packet[Any]") -> None:
        """Note a packet, in the order of the file.

        Raises:
            TooManyJumps: time has stepped back too often.
        """
        pts = presentation(packet)
        if pts is None or packet.is_discard or packet.is_corrupt:
            return
        # Only a keyframe may be earlier than what came before it without being reordered.
        is_back = packet.is_keyframe and pts < self._latest - self._step_back
        if is_back or not self._runs:
            self._runs.append((array("q"), array("q")))
            self._latest = pts
            if len(self._runs) > MAX_PIECES:
                raise TooManyJumps
        times, durations = self._runs[-1]
        times.append(pts)
        durations.append(packet.duration or self._usual_duration)
        self._latest = max(self._latest, pts)
        self.packets += 1

    def runs(self) -> Iterator[list[Stretch]]:
        """Yield the stretches of each run, in order of time."""
        for times, durations in self._runs:
            order = np.argsort(times, kind="stable").tolist()
            begins = np.array([times[index] for index in order], np.float64)
            usual = float(np.median(np.diff(begins))) if begins.size > 1 else 0.0
            allowed = max(MIN_GAP_SECONDS / float(self.unit), USUAL_STEPS * usual)
            # MP4 has no gaps: what comes before one is said to last until its end.
            shown = [
                round(usual) if durations[index] > allowed else durations[index]
                for index in order[:-1]
            ] + [durations[order[-1]]]
            reached = np.maximum.accumulate(begins + np.array(shown, np.float64))
            breaks = np.flatnonzero(begins[1:] - reached[:-1] > allowed) + 1
            yield [
                Stretch(
                    self.kind,
                    first=self._seconds(times[order[start]]),
                    last=self._seconds(times[order[stop - 1]]),
                    end=self._seconds(max(times[order[n]] + shown[n] for n in range(start, stop))),
                    packets=stop - start,
                )
                for start, stop in pairwise([0, *breaks.tolist(), begins.size])
            ]

    def _seconds(self, pts: int) -> float:
        return float(pts * self.unit - self._zero)


def find_pieces(streams: Sequence[PacketTimes]) -> list[Piece]:
    """Return the pieces of a recording in order, each with what is there of each stream.

    Raises:
        TooManyJumps: there are more than any recording has.
    """
    pieces: list[Piece] = []
    # The first run of the pictures and the first run of the sound are of the same recording.
    for runs in zip_longest(*(stream.runs() for stream in streams), fillvalue=()):
        pieces += _united(sorted((s for run in runs for s in run), key=lambda one: one.first))
        if len(pieces) > MAX_PIECES:
            raise TooManyJumps
    whole = [p for p in pieces if sum(s.packets for s in p.values()) >= MIN_PIECE_PACKETS]
    return whole or pieces


def _united(stretches: Sequence[Stretch]) -> list[Piece]:
    """Join the stretches between which there is no jump."""
    sounds = [stretch.first for stretch in stretches if stretch.kind == "audio"]
    pieces: list[Piece] = []
    for stretch in stretches:
        if not pieces or _is_jump(pieces[-1], stretch, sounds):
            pieces.append({stretch.kind: stretch})
            continue
        before = pieces[-1].get(stretch.kind)
        pieces[-1][stretch.kind] = before.joined(stretch) if before else stretch
    return pieces


def _is_jump(before: Piece, stretch: Stretch, sounds: Sequence[float]) -> bool:
    gap = stretch.first - max(one.end for one in before.values())
    index = bisect_left(sounds, stretch.first)
    sound_goes_on = index < len(sounds) and sounds[index] - stretch.first <= MIN_GAP_SECONDS
    if "audio" in before and sound_goes_on:
        return gap > MIN_GAP_SECONDS
    return gap > MIN_SILENT_GAP_SECONDS


def mended_clock(pieces: Sequence[Piece]) -> list[ClockPiece]:
    """Return when each piece begins on a clock without jumps; [] if there are no jumps.

    A piece begins when all of its streams have ended in the pieces before it.
    """
    ends: dict[Kind, float] = {}
    clock = []
    for piece in pieces:
        start = min(stretch.first for stretch in piece.values())
        begins = max([ends[kind] for kind in piece if kind in ends] or [*ends.values(), 0.0])
        if not ends and start <= MIN_GAP_SECONDS:
            begins = start
        ends |= {kind: stretch.end - start + begins for kind, stretch in piece.items()}
        end = max(stretch.end for stretch in piece.values())
        clock.append(ClockPiece(start_seconds=start, end_seconds=end, begins_at_seconds=begins))
    moved = [abs(one.begins_at_seconds - one.start_seconds) for one in clock]
    return clock if max(moved, default=0) >= MIN_STEP_BACK_SECONDS else []


def end_seconds(pieces: Sequence[Piece], clock: Sequence[ClockPiece]) -> float:
    """Return when the last stream ends on that clock; without one, on that of the file."""
    shifts = [one.begins_at_seconds - one.start_seconds for one in clock] or [0.0] * len(pieces)
    ends = zip(pieces, shifts, strict=True)
    return max(s.end + shift for piece, shift in ends for s in piece.values())


def frame_rate(pieces: Sequence[Piece], claimed: Fraction | None) -> float | None:
    """Return the pictures per second while there are any; what is claimed if there is only one."""
    seen = [piece["video"] for piece in pieces if "video" in piece]
    steps, seconds = sum(s.packets - 1 for s in seen), sum(s.last - s.first for s in seen)
    if seconds > 0:
        return round(steps / seconds, 3)
    return float(claimed) if claimed else None


def name_jumps(clock: Sequence[ClockPiece], filename: str) -> list[str]:
    """Return a warning that names the jumps; none if there are none."""
    jumps = []
    start = ClockPiece(start_seconds=0, end_seconds=0, begins_at_seconds=0)
    for before, after in pairwise([start, *clock]):
        ahead = after.start_seconds - before.end_seconds
        shift = after.start_seconds - after.begins_at_seconds
        if abs(shift - before.start_seconds + before.begins_at_seconds) < MIN_STEP_BACK_SECONDS:
            continue
        way = "ahead" if ahead > 0 else "back"
        jumps.append(f"{way} by {abs(ahead):.1f} s at {after.begins_at_seconds:.1f} s")
    if not jumps:
        return []
    named = ", ".join(jumps[:MAX_NAMED_JUMPS])
    more = len(jumps) - MAX_NAMED_JUMPS
    named += f", and {more} more times" if more > 0 else ""
    return [
        f"The clock of {filename} jumps {named} (the recorder was paused, or recordings were "
        "joined): the parts are analysed as one, without the gap."
    ]
