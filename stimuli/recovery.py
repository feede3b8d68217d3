"""`flask mix recover`: from a folder of tracks and a finished mix to what it was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from mixers.alignment import align, estimate_offset
from mixers.chain import ReverbKind, recover_chain
from mixers.descent import Descent
from mixers.errors import compare, compare_chains
from mixers.multitrack import Multitrack, Samples
from mixers.reverse import recover_filters, recover_gains
from mixers.settings import Settings, settings_to_json
from mixers.whole import whole
from stimuli.audio import read, resample
from stimuli.datasets.dataset import open_dataset

Progress = Callable[[str, int, int], None]

UNSURE_BELOW = 1.5
"""Confidence in an offset below which it may be a guess (`mixers.alignment`)."""
MOST_UNKNOWNS = 4_096
"""Of the filters: sources times taps; more sources get shorter filters."""


@dataclass(frozen=True)
class Request:
    """What is to be recovered.

    Attributes:
        tracks: folder of one song.
        mix: sound file of the mix.
        out: where the result goes.
        method: "gains", "filters" or "chain".
        reverb: of the chain, "stereo" or "individual".
        steps, seed, device: of the chain's search (`mixers.descent`).
    """

    tracks: Path
    mix: Path
    out: Path
    method: str = "gains"
    reverb: str = "stereo"
    steps: int = 200
    seed: int = 0
    device: str = "auto"

    @property
    def state(self) -> Path:
        """What an interrupted search goes on from; it is gone when the result is there."""
        return self.out.with_name(self.out.name + ".state")


def recover(request: Request, true: Settings | None, progress: Progress) -> list[str]:
    """Recover, write the result, and return what to tell people.

    A chain's search that was interrupted goes on when the same is asked again.

    Args:
        request: what and how.
        true: settings to compare with, or None.
        progress: is told how far it is.

    Raises:
        ValueError: the folder holds several songs, a file cannot be read, the mix is silent or has
            nothing to do with the tracks' length, `true` is of other tracks, there is no such
            device, or what an interrupted search left behind is of another one.
        OSError: the result cannot be written.
    """
    progress("Read", 0, 2)
    multitrack = _load(request.tracks)
    mix = _load_mix(request.mix, multitrack.sample_rate_hz)
    progress("Read", 1, 2)
    mix, lines = _aligned(multitrack, mix)
    progress("Read", 2, 2)
    if request.method == "filters":
        return lines + _filters(multitrack, mix, request.out)
    settings, more = _settings(request, multitrack, mix, progress)
    lines += more
    silent = [track.name for track in multitrack.tracks if not track.samples.any()]
    lines += [f"{name}: silent, so nothing is known of it" for name in silent]
    if true is not None:
        lines += _beside(settings, true, silent, multitrack.sample_rate_hz)
    _write(request.out, settings_to_json(settings).encode())
    request.state.unlink(missing_ok=True)
    return [*lines, f"Settings: {request.out}"]


def _settings(
    request: Request, multitrack: Multitrack, mix: Samples, progress: Progress
) -> tuple[Settings, list[str]]:
    if request.method == "gains":
        found = recover_gains(multitrack, mix)
        return found.settings, [f"Unexplained: {found.residual_db:.1f} dB of the mix"]
    chain = recover_chain(
        multitrack,
        mix,
        Descent(request.steps, request.seed, request.device, request.state),
        cast(ReverbKind, request.reverb),
        lambda done, total: progress("Search", done, total),
    )
    return chain.settings, [
        f"Search: {chain.steps} steps",
        f"Unexplained: {chain.residual_db:.1f} dB of the mix",
        f"Unexplained by gains and pans alone: {chain.baseline_db:.1f} dB",
    ]


def _beside(found: Settings, true: Settings, silent: list[str], rate_hz: int) -> list[str]:
    """How far settings are from the truth."""
    errors = compare(found, true, silent)
    lines = [
        f"Beside the truth: gain off by {np.median(errors.gain_db):.2f} dB (median; "
        f"at most {errors.gain_db.max():.2f} dB), pan by {np.median(errors.pan):.3f} "
        f"(at most {errors.pan.max():.3f})"
    ]
    if any(strip.eq or strip.compressor for strip in found.tracks):
        off = compare_chains(found, true, rate_hz)
        lines.append("Medians: " + ", ".join(f"{name} {value:.2g}" for name, value in off.items()))
    return lines


def _load(folder: Path) -> Multitrack:
    dataset = open_dataset(folder)
    ids = dataset.song_ids()
    if len(ids) != 1:
        raise ValueError(f"{folder} holds {len(ids)} songs; name the folder of one")
    return replace(dataset.open_song(ids[0]).load(), target=None)


def _load_mix(path: Path, sample_rate_hz: int) -> Samples:
    samples, rate_hz = read(path)
    if len(samples) > 2:
        raise ValueError(f"{path} has {len(samples)} channels; a mix has two")
    samples = resample(samples, rate_hz, sample_rate_hz)
    return np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples


def _aligned(multitrack: Multitrack, mix: Samples) -> tuple[Samples, list[str]]:
    """The mix in step with the tracks and as long, and what to say of it."""
    rate_hz = multitrack.sample_rate_hz
    found = estimate_offset([track.samples for track in multitrack.tracks], mix, rate_hz)
    lines = []
    if found.offset_frames:
        side = "after" if found.offset_frames > 0 else "before"
        lines.append(f"The mix begins {abs(found.offset_frames) / rate_hz:.4f} s {side} the tracks")
    if 0 < found.confidence < UNSURE_BELOW:
        lines.append("It is not sure that the mix was made from these tracks, or how they lie")
    return align(mix, found.offset_frames, multitrack.frames), lines


def _filters(multitrack: Multitrack, mix: Samples, out: Path) -> list[str]:
    names = [
        track.name if len(track.samples) == 1 else f"{track.name} {side}"
        for track in multitrack.tracks
        for side in ("left", "right")[: len(track.samples)]
    ]
    taps = min(256, MOST_UNKNOWNS // len(names), multitrack.frames - 1)
    delay_frames = min(16, taps // 4)
    found = recover_filters(multitrack, mix, taps, delay_frames)
    with whole(out) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file, responses=found.responses, delay_frames=delay_frames, sources=np.array(names)
        )
    levels_db = 10 * np.log10(np.sum(found.responses**2, axis=2) + 1e-12)
    return [
        *(
            f"{name}: {left:+.1f} dB to the left, {right:+.1f} dB to the right"
            for name, (left, right) in zip(names, levels_db.T, strict=True)
        ),
        f"Unexplained: {found.residual_db:.1f} dB of the mix, by filters of {taps} taps",
        f"Unexplained by gains and pans: {recover_gains(multitrack, mix).residual_db:.1f} dB",
        f"Impulse responses: {out}",
    ]


def _write(path: Path, data: bytes) -> None:
    with whole(path) as partial:
        partial.write_bytes(data)
