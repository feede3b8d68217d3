"""Whether a set of stimuli is fit for a listening test."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Samples
from stimuli.anchors import ANCHORS
from stimuli.audio import SoundInfo, probe, read
from stimuli.likeness import same, unlike
from stimuli.loudness import CEILING_DBTP
from stimuli.manifest import Stimulus, read_manifest
from stimuli.workers import in_parallel

LOUDNESS_TOLERANCE_LU = 0.5
"""Differences above this are heard as differences of level."""
STATED_TOLERANCE_LU = 0.1
"""The manifest may be so far from what is measured."""
PEAK_TOLERANCE_DB = 0.05
SIDES = ("left", "right")


@dataclass(frozen=True, eq=False)
class _Sound:
    """A stimulus and what its file holds."""

    stimulus: Stimulus
    info: SoundInfo
    bytes: int
    digest: str
    samples: Samples

    @property
    def loudness_lufs(self) -> float:
        return integrated_loudness(self.samples, self.info.sample_rate_hz)


@dataclass(frozen=True)
class _Checked:
    """What came of one passage: its flaws, and the digests of its files by path."""

    flaws: tuple[str, ...]
    digests: dict[str, str]


def check(
    folder: Path,
    jobs: int = 1,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Iterator[str]:
    """Name every flaw of a set of stimuli, with file and value.

    Checked are: files, checksums, format, length and byte size; loudness, within a passage and
    against the manifest; true peak; channels that are out of phase; mixes that lie early, late,
    upside down or with sides exchanged against their passage; equal files; and systems that a
    passage lacks. A process holds one passage in memory at a time.

    Args:
        folder: of the stimuli and their manifest.
        jobs: processes at work.
        on_progress: told the step, how many passages are checked, and how many there are.

    Yields:
        One sentence a flaw; none means that the set is fit.

    Raises:
        ValueError, OSError: there is no manifest that can be read.
    """
    manifest = read_manifest(folder)
    passages: dict[str, list[Stimulus]] = defaultdict(list)
    for stimulus in manifest.stimuli:
        passages[stimulus.passage].append(stimulus)
    root = folder if folder.is_dir() else folder.parent
    everyone = {_part(stimulus) for stimulus in manifest.stimuli}
    tasks = [(_check_passage, (*passage, everyone, root)) for passage in passages.items()]
    seen: dict[str, str] = {}
    for checked in in_parallel(tasks, jobs, lambda *at: on_progress("Checking", *at)):
        yield from checked.flaws
        for path, digest in checked.digests.items():
            if digest in seen:
                yield f"{path}: is byte for byte {seen[digest]}"
            seen[digest] = path


def _check_passage(
    passage: str, stimuli: Sequence[Stimulus], everyone: set[str], root: Path
) -> _Checked:
    flaws: list[str] = []
    missing = sorted(everyone - {_part(stimulus) for stimulus in stimuli})
    if missing:
        flaws.append(f"passage {passage}: lacks {', '.join(missing)}, which other passages have")
    sounds: list[_Sound] = []
    for stimulus in stimuli:
        try:
            sounds.append(_read(stimulus, root))
        except FileNotFoundError:
            flaws.append(f"{stimulus.path}: is missing")
        except (ValueError, OSError) as error:
            said = str(error).removeprefix(f"{root / stimulus.path} ").removeprefix(": ")
            flaws.append(f"{stimulus.path}: {said}")
    for sound in sounds:
        flaws.extend(_check_file(sound))
    flaws.extend(_check_shapes(sounds))
    flaws.extend(_check_loudness(sounds))
    flaws.extend(_check_likeness(sounds))
    return _Checked(tuple(flaws), {sound.stimulus.path: sound.digest for sound in sounds})


def _part(stimulus: Stimulus) -> str:
    return stimulus.role if stimulus.role == "open_reference" else stimulus.system


def _read(stimulus: Stimulus, root: Path) -> _Sound:
    path = root / stimulus.path
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _Sound(stimulus, probe(path), path.stat().st_size, digest, read(path)[0])


def _check_file(sound: _Sound) -> Iterator[str]:
    """What is wrong with one file by itself."""
    path, samples = sound.stimulus.path, sound.samples
    if sound.digest != sound.stimulus.sha256:
        yield f"{path}: is not the file that the manifest describes (sha256 differs)"
    peak_dbtp = true_peak(samples, sound.info.sample_rate_hz)
    if peak_dbtp > CEILING_DBTP + PEAK_TOLERANCE_DB:
        yield f"{path}: true peak of {peak_dbtp:.2f} dBTP, above {CEILING_DBTP:g} dBTP"
    if len(samples) == 2 and samples.any() and np.array_equal(samples[0], -samples[1]):
        yield f"{path}: left and right are out of phase and cancel each other"
    silent = [side for side, channel in zip(SIDES, samples, strict=False) if not channel.any()]
    if len(samples) == 2 and len(silent) == 1:
        yield f"{path}: the {silent[0]} side is silent"


def _check_shapes(sounds: Sequence[_Sound]) -> Iterator[str]:
    """Hold rate, channels, length, format and byte size to those that most files have."""
    shapes = [
        (
            f"{sound.info.sample_rate_hz} Hz",
            f"{sound.info.channels} channels",
            f"{sound.info.frames} frames",
            sound.info.subtype,
            f"{sound.bytes} bytes",
        )
        for sound in sounds
    ]
    for kind in zip(*shapes, strict=True):
        usual, count = Counter(kind).most_common(1)[0]
        others = "others have" if count > 1 else f"{sounds[kind.index(usual)].stimulus.path} has"
        for sound, shape in zip(sounds, kind, strict=True):
            if shape != usual:
                yield f"{sound.stimulus.path}: {shape}, {others} {usual}"


def _check_loudness(sounds: Sequence[_Sound]) -> Iterator[str]:
    loudness_lufs = {sound.stimulus.path: sound.loudness_lufs for sound in sounds}
    stated_lufs = {sound.stimulus.path: sound.stimulus.loudness_lufs for sound in sounds}
    silent = [path for path, value in loudness_lufs.items() if not np.isfinite(value)]
    for path in silent:
        yield f"{path}: is silent"
    heard = {path: value for path, value in loudness_lufs.items() if path not in silent}
    middle_lufs = float(np.median(list(heard.values()))) if heard else 0.0
    for path, value in heard.items():
        if abs(value - middle_lufs) > LOUDNESS_TOLERANCE_LU:
            yield (
                f"{path}: {value:.2f} LUFS, {value - middle_lufs:+.2f} LU from the median "
                "of its passage"
            )
        if abs(value - stated_lufs[path]) > STATED_TOLERANCE_LU:
            yield f"{path}: {value:.2f} LUFS, the manifest says {stated_lufs[path]:.2f} LUFS"


def _check_likeness(sounds: Sequence[_Sound]) -> Iterator[str]:
    """Compare the mixes of a passage that are equally long, the reference's own first."""
    # An anchor that is a spoilt mix, of one microphone say, need not lie on the others.
    spoilt = {
        sound.stimulus.path
        for sound in sounds
        if sound.stimulus.role == "anchor" and sound.stimulus.system not in ANCHORS
    }
    compared = sorted(
        (sound for sound in sounds if sound.stimulus.path not in spoilt),
        key=lambda sound: sound.stimulus.role != "reference",
    )
    if len({sound.samples.shape for sound in compared}) == 1:
        rate_hz = compared[0].info.sample_rate_hz
        by_path = {sound.stimulus.path: sound.samples for sound in compared}
        for path, flaw in unlike(by_path, rate_hz):
            yield f"{path}: {flaw}"
    yield from _check_sameness(sounds)


def _check_sameness(sounds: Sequence[_Sound]) -> Iterator[str]:
    """Systems that differ by nothing but dither; the two copies of the reference do so rightly."""
    rated = [sound for sound in sounds if sound.stimulus.role != "open_reference"]
    for shape in {sound.samples.shape for sound in rated}:
        alike = [sound for sound in rated if sound.samples.shape == shape]
        digests = {sound.stimulus.path: sound.digest for sound in alike}
        by_path = {sound.stimulus.path: sound.samples for sound in alike}
        for path, other in same(by_path):
            # Equal files are named among those of all passages.
            if digests[path] != digests[other]:
                yield f"{path}: is the same sound as {other}, but for gain and dither"
