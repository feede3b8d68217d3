"""Which side each track goes to, where only its width is decided."""

from __future__ import annotations

from collections.abc import Sequence

from mixers.expert import stereo_pairs
from mixers.multitrack import Track


def deal_sides(tracks: Sequence[Track]) -> list[int]:
    """A side per track, -1 (left) or 1 (right).

    Tracks whose names say a side get it; the others go left and right in turn, in their order. A
    stereo track keeps its own sides and is not counted.
    """
    named = dict(stereo_pairs([track.name for track in tracks if len(track.samples) == 1]))
    sides = dict.fromkeys(named, -1) | dict.fromkeys(named.values(), 1)
    turn = -1
    for track in tracks:
        if track.name not in sides:
            sides[track.name] = turn
            turn = -turn if len(track.samples) == 1 else turn
    return [sides[track.name] for track in tracks]
