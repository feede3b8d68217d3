"""Which songs a system learns from, and which are kept from it.

Songs are split as wholes, never by passage, by a lot that depends on the seed and on the song's id
alone, or as a stored split says. Whatever trains or evaluates takes its songs from here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mixers.multitrack import Multitrack
from mixers.whole import whole
from stimuli.datasets.dataset import Dataset
from stimuli.datasets.song import Song
from stimuli.seeds import seed_for

Part = Literal["training", "validation", "test"]
How = Literal["song", "artist", "published", "toolkit", "authors"]

ENST_SIZES: dict[str, tuple[int, int, int]] = {"toolkit": (168, 21, 21), "authors": (284, 20, 14)}
"""Training, validation, test: of automix-toolkit, and of the Wave-U-Net's authors."""

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


def make_split(dataset: Dataset, how: How, seed: int) -> Split:
    """Split a dataset.

    Args:
        dataset: the songs.
        how: `song` draws songs; `artist` draws artists with all their songs, songs alone where the
            artist is not known; `published` keeps the test songs of MUSDB18 and DSD100; `toolkit`
            and `authors` have the sizes of the two splits of ENST-Drums in the literature. Those
            lists were never published: they are drawn from the takes in order of their names.
        seed: of the lot, `toolkit` and `authors` excepted, which take 42.

    Raises:
        ValueError: the dataset has no such split, or a song cannot be read.
    """
    ids = dataset.song_ids()
    if how == "song":
        return split_songs(ids, seed)
    if how in ENST_SIZES:
        if dataset.layout != "enst-drums":
            raise ValueError(f"{how} is a split of ENST-Drums; {dataset.root} is {dataset.layout}")
        return _shuffled(ids, ENST_SIZES[how])
    if how == "published":
        return _published(dataset, ids, seed)
    artists = {song.id: song.notes.get("artist", "") or song.id for song in dataset.songs()}
    drawn = split_songs(sorted(set(artists.values())), seed)
    return Split(
        *(tuple(name for name in ids if artists[name] in part) for part in asdict(drawn).values())
    )


def write_split(split: Split, path: Path) -> None:
    """Store a split as JSON, whole or not at all."""
    with whole(path) as partial:
        partial.write_text(json.dumps(asdict(split), indent=1) + "\n", encoding="utf-8")


def read_split(path: Path, song_ids: list[str]) -> Split:
    """Read a stored split of these songs.

    Raises:
        ValueError: it is no split, names a song twice, or one that is not there.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        split = Split(**{part: tuple(data[part]) for part in get_args(Part)})
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is no split; `flask songs split` makes one") from None
    named = [*split.training, *split.validation, *split.test]
    twice = sorted(name for name, count in Counter(named).items() if count > 1)
    if twice:
        raise ValueError(f"{path} names {twice[0]!r} more than once")
    if gone := sorted(set(named) - set(song_ids)):
        raise ValueError(f"{path} names {gone[0]!r}, which is not among the {len(song_ids)} songs")
    return split


def _shuffled(ids: list[str], sizes: tuple[int, int, int]) -> Split:
    if len(ids) < sum(sizes):
        raise ValueError(f"this split takes {sum(sizes)} takes; there are {len(ids)}")
    drawn = [ids[place] for place in np.random.default_rng(42).permutation(len(ids))]
    first, second = sizes[0], sizes[0] + sizes[1]
    parts = (drawn[:first], drawn[first:second], drawn[second : sum(sizes)])
    return Split(*(tuple(sorted(part)) for part in parts))


def _published(dataset: Dataset, ids: list[str], seed: int) -> Split:
    if dataset.layout not in ("musdb18", "stems"):
        raise ValueError(
            f"{dataset.root} is {dataset.layout}, which has no published list of songs"
        )
    test = tuple(name for name in ids if name.startswith(("test/", "Test/")))
    rest = sorted(set(ids) - set(test), key=lambda song: (seed_for(seed, "split", song), song))
    count = round(VALIDATION_SHARE * len(rest))
    return Split(tuple(sorted(rest[count:])), tuple(sorted(rest[:count])), test)


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
