"""Systems measured on songs: one row of figures per song and system."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mixers.artefacts import find_artefacts
from mixers.distance import level_matched, stereo_distance
from mixers.errors import compare
from mixers.mixer import Mixer, load_mixer, weights_digest
from mixers.multitrack import Mix, Multitrack
from mixers.objective import MixFeatures, describe_mix, percentage_errors
from mixers.reverse import RecoveredGains, recover_gains
from mixers.settings import Settings, settings_from_json
from mixers.whole import whole
from stimuli.datasets.dataset import Dataset
from stimuli.provenance import code_version
from stimuli.seeds import seed_for
from stimuli.splits import Part, fingerprint, read_split, split_songs

Progress = Callable[[str, int, int], None]
Which = Literal["all", Part]

SETTINGS_FILE = "settings.json"
"""Beside a song's tracks: what its human mix was made with."""
ABOVE_HZ = 1_000.0
"""Where levels in finished mixes are compared, since mixes are equalised."""
WARM_UP_S = 1.0


@dataclass(frozen=True)
class Row:
    """One system on one song. What cannot be known (no human mix, no settings) is not there.

    Attributes:
        song, system: names.
        seen: whether the system learnt from this song.
        values: name of a measure -> value; `MEASURES` explains them, features come after.
        failure: why the system could not mix the song, else empty.
    """

    song: str
    system: str
    seen: bool
    values: dict[str, float] = field(default_factory=dict)
    failure: str = ""


MEASURES: dict[str, str] = {
    "distance": "stereo MR-STFT distance to the human mix, both at -23 LUFS",
    "level_error_db": "median error of the tracks' levels in the mix, the whole mix turned to fit",
    "pan_error": "mean error of the tracks' places in the mix, 0..2; swapped sides are no error",
    "settings_gain_error_db": "median error of the console's gains, where the true ones are known",
    "settings_pan_error": "mean error of the console's pans; swapped sides are no error",
    "feature_error_percent": "mean absolute percentage error of the objective features",
    "clicks_per_s": "isolated jumps in the mix",
    "clipped_share": "share of samples on flat tops",
    "dc_db": "mean over root mean square",
    "excess_high_db": "energy above 8 kHz beyond what any track has, in the worst band",
    "real_time_factor": "time to mix over duration of the song, model loaded",
}
"""What is measured beside the objective features (`mixers.objective`); smaller is better."""


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated.

    Attributes:
        systems: names from the table of mixers, or `LABEL=FILE` for weights of one's own.
        which: all songs, or one part of the split.
        seed: of the split and of systems that use chance.
        split_file: the split, as `flask songs split` stores it, instead of one by the seed.
    """

    systems: tuple[str, ...]
    which: Which = "all"
    seed: int = 0
    split_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.systems:
            raise ValueError("no system is named")
        if self.which not in ("all", *get_args(Part)):
            raise ValueError(f"there is no part {self.which!r} of a split")
        if self.which == "all" and self.split_file is not None:
            raise ValueError(
                f"all songs are meant; say which part of {self.split_file} with --split"
            )


def evaluate(
    dataset: Dataset, wanted: Evaluation, progress: Progress, kept: Path | None = None
) -> Iterator[Row]:
    """Measure every system on every song, song by song; only one song is in memory.

    Args:
        dataset: the songs.
        wanted: which of them, by which systems.
        progress: is told how far it is.
        kept: folder that keeps every row as soon as it is measured; what is there of this song,
            system, seed and code is not measured again.

    Raises:
        ValueError: no such system, no song in this part of the split, or a song cannot be read. A
            system that cannot mix a song is no error but a row that says so.
    """
    mixers = [load_mixer(name) for name in wanted.systems]
    weights = [weights_digest(name) for name in wanted.systems]
    ids = dataset.song_ids()
    if wanted.which != "all":
        stored = wanted.split_file
        split = read_split(stored, ids) if stored else split_songs(ids, wanted.seed)
        ids = list(split.part(wanted.which))
    if not ids:
        raise ValueError(f"{dataset.root} has too few songs for a {wanted.which} part")
    warm: set[str] = set()
    for place, song_id in enumerate(ids):
        song = dataset.open_song(song_id)
        multitrack = song.load()
        label = fingerprint(song, multitrack)
        truth = _true_settings(song.tracks[0].sound.path.parent / SETTINGS_FILE)
        reference = Reference(multitrack, truth)
        for number, mixer in enumerate(mixers):
            progress("Mixes", place * len(mixers) + number, len(ids) * len(mixers))
            seed = seed_for(wanted.seed, song_id, mixer.name)
            about = (label, mixer.name, weights[number], seed)
            record = kept and kept / f"{_digest(about, reference)}.json"
            row = _read_row(record)
            if row is None:
                if mixer.name not in warm:
                    _warm_up(mixer, multitrack)
                    warm.add(mixer.name)
                row = _row(mixer, reference, seed, label)
                _keep_row(row, record)
            yield row
    progress("Mixes", len(ids) * len(mixers), len(ids) * len(mixers))


class Reference:
    """A song with what the mixes of all systems are compared with.

    Attributes:
        multitrack: the song.
        truth: settings of the human mix, where they are known.
        target: the human mix at the level of comparison, or None.
        features: of that, or None.
        levels: as least squares finds them in it, or None.
    """

    def __init__(self, multitrack: Multitrack, truth: Settings | None) -> None:
        self.multitrack = multitrack
        names = {track.name for track in multitrack.tracks}
        fits = truth is not None and {strip.track for strip in truth.tracks} == names
        self.truth = truth if fits else None
        self.target = None
        self.features: MixFeatures | None = None
        self.levels: RecoveredGains | None = None
        if multitrack.target is not None and multitrack.target.any():
            self.target = level_matched(multitrack.target, multitrack.sample_rate_hz)
            self.features = describe_mix(self.target, multitrack.sample_rate_hz)
            self.levels = _levels(multitrack, self.target)


def measure(mix: Mix, reference: Reference) -> dict[str, float]:
    """All measures and features of a mix but the time it took."""
    song = reference.multitrack
    matched = level_matched(mix.samples, mix.sample_rate_hz)
    features = describe_mix(matched, mix.sample_rate_hz)
    values = asdict(find_artefacts(mix, song))
    if reference.target is not None and reference.features is not None:
        values["distance"] = stereo_distance(matched, reference.target)
        errors = percentage_errors(features, reference.features)
        values["feature_error_percent"] = float(np.mean(list(errors.values())))
    if reference.levels is not None and mix.samples.any():
        found, silent = _levels(song, matched), reference.levels.undetermined
        if len(silent) < len(song.tracks):
            wanted = reference.levels.settings
            heard = compare(found.settings, wanted, silent)
            swapped = compare(_swapped(found.settings), wanted, silent)
            values["level_error_db"] = float(np.median(heard.gain_db))
            values["pan_error"] = float(min(heard.pan.mean(), swapped.pan.mean()))
    if reference.truth is not None and mix.settings is not None:
        errors_set = compare(mix.settings, reference.truth)
        values["settings_gain_error_db"] = float(np.median(errors_set.gain_db))
        mirrored = compare(_swapped(mix.settings), reference.truth)
        values["settings_pan_error"] = float(min(errors_set.pan.mean(), mirrored.pan.mean()))
    return values | asdict(features)


def _row(mixer: Mixer, reference: Reference, seed: int, label: str) -> Row:
    song = reference.multitrack
    started = time.perf_counter()
    try:
        mix = mixer.mix(song, seed)
    except ValueError as error:
        return Row(song.song, mixer.name, seen=False, failure=str(error))
    took_s = time.perf_counter() - started
    values = measure(mix, reference) | {"real_time_factor": took_s / song.duration_s}
    return Row(song.song, mixer.name, label in getattr(mixer, "songs_", ()), values)


def _digest(about: tuple[object, ...], reference: Reference) -> str:
    """Tells apart all that a row depends on."""
    target = reference.multitrack.target
    heard = b"" if target is None else target.tobytes()
    facts = repr((*about, reference.truth, code_version())).encode()
    return hashlib.sha256(facts + heard).hexdigest()[:24]


def _read_row(record: Path | None) -> Row | None:
    if record is None or not record.is_file():
        return None
    return Row(**json.loads(record.read_text(encoding="utf-8")))


def _keep_row(row: Row, record: Path | None) -> None:
    if record is not None:
        with whole(record) as partial:
            partial.write_text(json.dumps(asdict(row)), encoding="utf-8")


def _levels(multitrack: Multitrack, mix: np.ndarray) -> RecoveredGains:
    above_hz = ABOVE_HZ if multitrack.sample_rate_hz > 2 * ABOVE_HZ else None
    return recover_gains(multitrack, mix, above_hz)


def _swapped(settings: Settings) -> Settings:
    """The same with left and right swapped, as seen from the audience."""
    return replace(
        settings, tracks=tuple(replace(strip, pan=-strip.pan) for strip in settings.tracks)
    )


def _warm_up(mixer: Mixer, multitrack: Multitrack) -> None:
    """Mix a moment, so that loading and compiling are not timed; what fails, fails again later."""
    frames = round(WARM_UP_S * multitrack.sample_rate_hz)
    target = None if multitrack.target is None else multitrack.target[:, :frames]
    tracks = tuple(replace(t, samples=t.samples[:, :frames]) for t in multitrack.tracks)
    try:
        mixer.mix(replace(multitrack, tracks=tracks, target=target), 0)
    except ValueError:
        return


def _true_settings(path: Path) -> Settings | None:
    return settings_from_json(path.read_text(encoding="utf-8")) if path.is_file() else None
