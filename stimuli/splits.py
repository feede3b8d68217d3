"""Which songs a system learns from, and which are kept from it.

Songs are split as wholes, never by passage, by a lot that depends on the seed and on the song's id
alone. Whatever trains or evaluates takes its songs from here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from mixers.multitrack import Multitrack
from stimuli.datasets.song import Song
from stimuli.seeds import seed_for

Part = Literal["training", "validation", "test"]

VALIDATION_SHARE = 0.1
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Split:
    """Ids of songs; each song is in one part.

    Attributes:
        training: what a system learns from.
        validation: what tells it when to stop.
        test: what nothing is decided by.
    """

    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def part(self, name: Part) -> tuple[str, ...]:
        """The songs of one part."""
        songs: tuple[str, ...] = getattr(self, name)
        return songs


def split_songs(song_ids: list[str], seed: int) -> Split:
    """Split songs into 70 % training, 10 % validation and 20 % test, rounded.

    The order of the ids does not matter. A dataset of one song is for training only.
    """
    drawn = sorted(song_ids, key=lambda song: (seed_for(seed, "split", song), song))
    tested = round(TEST_SHARE * len(drawn))
    validated = round(VALIDATION_SHARE * len(drawn))
    return Split(
        training=tuple(sorted(drawn[tested + validated :])),
        validation=tuple(sorted(drawn[tested : tested + validated])),
        test=tuple(sorted(drawn[:tested])),
    )


def fingerprint(song: Song, multitrack: Multitrack) -> str:
    """A name for a song that tells it from others of the same id: id and digest of its tracks.

    Systems keep the fingerprints of what they learnt from, so that an evaluation can say which
    songs they know.
    """
    digest = hashlib.sha256(f"{multitrack.sample_rate_hz} {multitrack.frames}".encode())
    for track in multitrack.tracks:
        digest.update(track.name.encode() + track.samples[:, ::101].tobytes())
    return f"{song.id}:{digest.hexdigest()[:12]}"
