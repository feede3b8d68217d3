"""Where the human mix lies against its tracks, so that it starts with the other mixes.

Who switches between two mixes of a passage hears at once that one of them is late. Systems mix the
tracks where they lie; mixes that came from a studio may have silence before them, or lack some.
"""

from __future__ import annotations

from dataclasses import astuple

from stimuli.datasets.dataset import Dataset
from stimuli.datasets.fit import SURE, offsets
from stimuli.datasets.index import paths_of, state_of
from stimuli.datasets.levels import measure
from stimuli.datasets.song import Song
from stimuli.likeness import OFFSET_S
from stimuli.provenance import code_version
from stimuli.records import Records


def late_frames(dataset: Dataset, song_id: str, records: Records) -> int:
    """By how many frames the human mix of a song is late, at the song's rate; negative is early.

    0 where it cannot be told, is too little to be heard, or where there is no mix. A song that
    cannot be read counts as one without: whoever renders it will say why.
    """
    try:
        song = dataset.open_song(song_id)
        if song.target is None:
            return 0
        files = [(str(path), astuple(state_of(path))) for path in sorted(paths_of(song))]
        about = ("late", code_version(), files)
        known = records.get(*about)
        if known is None:
            known = {"frames": _estimate(song)}
            records.put(known, *about)
        return int(known["frames"])
    except (ValueError, OSError):
        return 0


def _estimate(song: Song) -> int:
    assert song.target is not None
    together, _ = offsets(song, song.target, measure(song.target).loudest_s)
    audible = abs(together.offset_frames) > OFFSET_S * song.sample_rate_hz
    return together.offset_frames if audible and together.confidence > SURE else 0
