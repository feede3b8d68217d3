"""The random forest: track descriptors in, level and pan out.

After Moffat and Sandler, "Machine Learning Multitrack Gain Mixing of Drums" (AES eBrief 527, 2019):
gains that a human mix was made with are recovered by least squares, and one multi-output random
forest learns to predict them from descriptors of the tracks. Here a prediction is made per track,
with the rest of the song as context, so that any number of tracks in any order can be mixed.

Loudness is predicted relative to the song's other tracks, as it will sound, so the level at which
a track was recorded does not matter. Of the pan only the width is predicted: whether an engineer
looked from the stage or from the audience is no property of a track. Sides are then dealt out.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mixers.console import render
from mixers.features import VECTOR_NAMES, describe, vector
from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack, Samples
from mixers.reverse import recover_gains
from mixers.settings import RANGES, Settings, TrackSettings
from mixers.sides import deal_sides
from mixers.whole import whole

Array = NDArray[np.float64]

WEIGHTS = Path(__file__).parent / "weights" / "forest.skops"
"""The forest that ships; its model card lies beside it."""
FORMAT_VERSION = 1

INPUT_NAMES: tuple[str, ...] = (
    *VECTOR_NAMES,
    *(f"{name}_beside_others" for name in VECTOR_NAMES),
    "brightness_rank",
    "tracks_log2",
)
"""What the forest sees of a track: its scale-free descriptors (`mixers.features`); how far each
lies above the mean of the song's sounding tracks; the share of those that are darker (0..1); and
how many they are, in octaves."""
OUTPUT_NAMES = ("level_lu", "width")
"""What it predicts: loudness in the mix above the mean of the song's tracks; absolute pan."""

LEVEL_LUFS = -25.0
"""Mean loudness of the tracks in a mix."""
SOFTEST_LU = -30.0
"""Tracks that are further below the mean are as good as muted, and count as this soft."""
ABOVE_HZ = 1_000.0
"""Where a human mix is compared with its tracks, since it is equalised."""
TREES = 120
SMALLEST_LEAF = 3


@dataclass(frozen=True)
class Example:
    """What a song teaches.

    Attributes:
        song: its name, by which it is known what the forest has learnt from.
        inputs: `(tracks, len(INPUT_NAMES))`.
        outputs: `(tracks, len(OUTPUT_NAMES))`, as least squares recovers them from a human mix.
    """

    song: str
    inputs: Array
    outputs: Array


class Forest:
    """Mix with the level and width that a random forest predicts for each track.

    Args:
        weights: a file that `save` wrote; read when it is first needed.

    Attributes:
        forest_: the fitted scikit-learn forest.
        songs_: names of the songs that it learnt from.
    """

    name = "forest"
    forest_: Any
    songs_: tuple[str, ...]

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.weights = weights

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used."""
        return replace(render(multitrack, self.settings(multitrack)), system=self.name)

    def settings(self, multitrack: Multitrack) -> Settings:
        """Gain and pan of every track; a silent one keeps 0 dB and the centre.

        Raises:
            ValueError, OSError: the weights cannot be read.
        """
        if not hasattr(self, "forest_"):
            self._load()
        heard, inputs = describe_song(multitrack)
        strips = {track.name: TrackSettings(track.name) for track in multitrack.tracks}
        if heard.any():
            outputs = self.predict(inputs)
            sides = deal_sides([t for t, h in zip(multitrack.tracks, heard, strict=True) if h])
            tracks = [t for t, h in zip(multitrack.tracks, heard, strict=True) if h]
            low_db, high_db = RANGES["gain_db"]
            for track, (level_lu, width), side in zip(tracks, outputs, sides, strict=True):
                recorded_lufs = integrated_loudness(track.samples, multitrack.sample_rate_hz)
                gain_db = float(np.clip(LEVEL_LUFS + level_lu - recorded_lufs, low_db, high_db))
                pan = float(np.clip(side * width, -1, 1))
                strips[track.name] = TrackSettings(track.name, gain_db=gain_db, pan=pan)
        return Settings(tuple(strips.values()))

    def predict(self, inputs: Array) -> Array:
        """Level and width, `(tracks, 2)`, of sounding tracks `(tracks, len(INPUT_NAMES))`."""
        outputs = np.asarray(self.forest_.predict(inputs), dtype=np.float64)
        outputs[:, 0] -= outputs[:, 0].mean()
        return outputs

    def fit(self, examples: Sequence[Example], seed: int) -> Self:
        """Grow the forest.

        Raises:
            ValueError: there are no examples.
        """
        from sklearn.ensemble import RandomForestRegressor

        if not examples:
            raise ValueError("there is no song with a human mix to learn from")
        inputs = np.concatenate([example.inputs for example in examples])
        outputs = np.concatenate([example.outputs for example in examples])
        self.forest_ = RandomForestRegressor(
            TREES, min_samples_leaf=SMALLEST_LEAF, max_features=1 / 3, random_state=seed % 2**32
        ).fit(inputs, outputs)
        self.songs_ = tuple(example.song for example in examples)
        return self

    def save(self, path: Path) -> None:
        """Write the forest in skops' format, which holds data and no code."""
        import skops.io

        stored = {
            "blindmix_forest": FORMAT_VERSION,
            "inputs": list(INPUT_NAMES),
            "songs": list(self.songs_),
            "forest": self.forest_,
        }
        data = skops.io.dumps(stored, compression=zipfile.ZIP_DEFLATED, compresslevel=9)
        with whole(path) as partial:
            partial.write_bytes(data)

    def _load(self) -> None:
        import skops.io
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            # Trees are arrays of indices; `_is_sound` checks those before they are followed.
            trusted = ["sklearn.tree._tree.Tree"]
            stored = skops.io.loads(self.weights.read_bytes(), trusted=trusted)
        except (zipfile.BadZipFile, UntrustedTypesFoundException, KeyError) as error:
            raise ValueError(f"{self.weights} holds no forest of Blindmix: {error}") from None
        known = isinstance(stored, dict) and stored.get("blindmix_forest") == FORMAT_VERSION
        if (
            not known
            or tuple(stored["inputs"]) != INPUT_NAMES
            or not all(_is_sound(grown.tree_) for grown in stored["forest"].estimators_)
        ):
            raise ValueError(
                f"{self.weights} is no forest of this version of Blindmix; train it again "
                "with flask mixers train forest"
            )
        self.forest_, self.songs_ = stored["forest"], tuple(stored["songs"])


def describe_song(multitrack: Multitrack) -> tuple[NDArray[np.bool_], Array]:
    """Which tracks sound, `(tracks,)`, and the forest's inputs for those, `(sounding, inputs)`."""
    described = describe(multitrack)
    heard = np.array([not features.silent for features in described])
    own = np.array([vector(f) for f in described if not f.silent]).reshape(-1, len(VECTOR_NAMES))
    if not heard.any():
        return heard, np.empty((0, len(INPUT_NAMES)))
    centroids = own[:, VECTOR_NAMES.index("centroid_hz")]
    darker = (centroids[None, :] < centroids[:, None]).sum(axis=1) / max(len(own) - 1, 1)
    count = np.full(len(own), np.log2(len(own)))
    return heard, np.column_stack([own, own - own.mean(axis=0), darker, count])


def learn_from(multitrack: Multitrack, mix: Samples, song: str) -> Example:
    """Turn a song and its human mix, aligned with the tracks, into an example.

    Raises:
        ValueError: the mix is silent, or has another shape.
    """
    heard, inputs = describe_song(multitrack)
    strips = recover_gains(multitrack, mix, ABOVE_HZ).settings.tracks
    levels, widths = [], []
    for track, strip, sounds in zip(multitrack.tracks, strips, heard, strict=True):
        if sounds:
            recorded_lufs = integrated_loudness(track.samples, multitrack.sample_rate_hz)
            levels.append(strip.gain_db + recorded_lufs)
            widths.append(abs(strip.pan))
    level_lu = np.array(levels)
    level_lu = np.maximum(level_lu - np.median(level_lu), SOFTEST_LU) if levels else level_lu
    return Example(song, inputs, np.column_stack([level_lu - level_lu.mean(), widths]))


def _is_sound(tree: Any) -> bool:
    """Whether every branch leads to a later node and asks for an input that there is.

    scikit-learn follows a tree's indices without looking, so a file from elsewhere could otherwise
    crash the process.
    """
    nodes = np.arange(tree.node_count)
    branches = tree.children_left != -1
    children = np.stack([tree.children_left, tree.children_right])[:, branches]
    asked = tree.feature[branches]
    return bool(
        tree.value.shape == (tree.node_count, len(OUTPUT_NAMES), 1)
        and (children > nodes[branches]).all()
        and (children < tree.node_count).all()
        and (asked >= 0).all()
        and (asked < len(INPUT_NAMES)).all()
    )
