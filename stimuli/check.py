"""Whether a set of stimuli is fit for a listening test."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from stimuli.audio import probe, read
from stimuli.loudness import CEILING_DBTP
from stimuli.manifest import Stimulus, read_manifest

LOUDNESS_TOLERANCE_LU = 0.5
"""Differences above this are heard as differences of level."""
PEAK_TOLERANCE_DB = 0.05


def check(folder: Path) -> Iterator[str]:
    """Name every flaw of a set of stimuli, with file and value.

    Checked are: files, checksums, format, length and byte size, loudness, true peak, channels that
    are out of phase, equal files, and systems that a passage lacks.

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
    for passage, stimuli in passages.items():
        missing = sorted(everyone - {_part(stimulus) for stimulus in stimuli})
        if missing:
            yield f"passage {passage}: lacks {', '.join(missing)}, which other passages have"
        yield from _check_passage(passage, stimuli, root)


def _part(stimulus: Stimulus) -> str:
    return stimulus.role if stimulus.role == "open_reference" else stimulus.system


def _check_passage(passage: str, stimuli: list[Stimulus], root: Path) -> Iterator[str]:
    sizes: dict[str, tuple[int, int, int, int]] = {}
    loudness_lufs: dict[str, float] = {}
    seen: dict[str, str] = {}
    for stimulus in stimuli:
        path = root / stimulus.path
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            info = probe(path)
            samples, rate_hz = read(path)
        except (ValueError, OSError) as error:
            yield f"{stimulus.path}: {error}"
            continue
        if digest != stimulus.sha256:
            yield f"{stimulus.path}: is not the file that the manifest describes (sha256 differs)"
        if digest in seen:
            yield f"{stimulus.path}: is byte for byte {seen[digest]}"
        seen[digest] = stimulus.path
        sizes[stimulus.path] = (rate_hz, info.channels, info.frames, path.stat().st_size)
        loudness_lufs[stimulus.path] = integrated_loudness(samples, rate_hz)
        peak_dbtp = true_peak(samples, rate_hz)
        if peak_dbtp > CEILING_DBTP + PEAK_TOLERANCE_DB:
            yield f"{stimulus.path}: true peak of {peak_dbtp:.2f} dBTP, above {CEILING_DBTP:g} dBTP"
        if len(samples) == 2 and samples.any() and np.array_equal(samples[0], -samples[1]):
            yield f"{stimulus.path}: left and right are out of phase and cancel each other"
    if len(set(sizes.values())) > 1:
        listed = "; ".join(
            f"{path}: {rate} Hz, {channels} channels, {frames} frames, {size} bytes"
            for path, (rate, channels, frames, size) in sizes.items()
        )
        yield f"passage {passage}: formats, lengths or byte sizes differ ({listed})"
    yield from _check_loudness(loudness_lufs)


def _check_loudness(loudness_lufs: dict[str, float]) -> Iterator[str]:
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
