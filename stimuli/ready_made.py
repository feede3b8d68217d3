"""Sound files that are to be compared as they are -> stimuli; levels are left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mixers.loudness import integrated_loudness
from mixers.multitrack import Samples
from stimuli.anchors import ANCHORS, low_pass
from stimuli.audio import read, resample, write_wav
from stimuli.importing import Imported
from stimuli.manifest import Manifest, Role, Stimulus, write_manifest
from stimuli.names import slug
from stimuli.provenance import code_version
from stimuli.seeds import seed_for

REFERENCE = "reference"
SILENT_LUFS = -70.0
"""What the gate of BS.1770 does not let pass is said to be so loud."""
PEAK = 0.999


@dataclass(frozen=True)
class ReadyMade:
    """The files of one passage.

    Attributes:
        passage: its name.
        systems: name of a system -> its file.
        reference: hidden among them, and open beside them.
        anchors: of `stimuli.anchors`, made of the reference.
    """

    passage: str
    systems: Mapping[str, Path]
    reference: Path | None = None
    anchors: tuple[str, ...] = ()


def write_ready_made(
    title: str,
    passages: Sequence[ReadyMade],
    out: Path,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Write stimuli and their manifest, as loud as their files are.

    The stimuli of a passage get one rate, one number of channels and one length, for nothing but
    their sound may tell them apart; every change is a notice. Only where a peak is beyond full
    scale, all of a passage are lowered by one gain.

    Raises:
        ValueError: a file is no sound, or has more than two channels; the message names it.
        OSError: a file cannot be read or written.
    """
    stimuli: list[Stimulus] = []
    notices: list[str] = []
    for done, item in enumerate(passages):
        progress(done, len(passages))
        sounds, rate_hz, said = _alike(item)
        stimuli += _write(item, sounds, rate_hz, out, seed, said)
        notices += said
    now = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(title, seed, code_version(), now, tuple(stimuli))
    write_manifest(manifest, out)
    progress(len(passages), len(passages))
    return Imported(manifest, tuple(notices))


def _alike(item: ReadyMade) -> tuple[dict[str, Samples], int, list[str]]:
    """The sounds of a passage at one rate, with as many channels and one length."""
    files = {**({REFERENCE: item.reference} if item.reference else {}), **item.systems}
    heard = {name: read(path) for name, path in files.items()}
    rate_hz = max(rate for _, rate in heard.values())
    channels = max(len(samples) for samples, _ in heard.values())
    notices = []
    sounds: dict[str, Samples] = {}
    for name, (samples, from_hz) in heard.items():
        if len(samples) > 2:
            raise ValueError(f"{files[name]} has {len(samples)} channels; must be mono or stereo")
        if from_hz != rate_hz:
            notices.append(f"{files[name]}: resampled from {from_hz} Hz to {rate_hz} Hz")
        if len(samples) < channels:
            notices.append(f"{files[name]}: made stereo, as others of its passage are")
        wide = np.repeat(samples, channels // len(samples), axis=0)
        sounds[name] = resample(wide, from_hz, rate_hz)
    frames = max(samples.shape[1] for samples in sounds.values())
    for name, samples in sounds.items():
        short = frames - samples.shape[1]
        if short:
            notices.append(f"{files[name]}: {short / rate_hz:.3f} s of silence added at its end")
            sounds[name] = np.pad(samples, ((0, 0), (0, short)))
    for name in item.anchors:
        sounds[name] = low_pass(sounds[REFERENCE], rate_hz, ANCHORS[name])
    return sounds, rate_hz, notices


def _write(
    item: ReadyMade,
    sounds: Mapping[str, Samples],
    rate_hz: int,
    out: Path,
    seed: int,
    notices: list[str],
) -> list[Stimulus]:
    peak = max(float(np.abs(samples).max()) for samples in sounds.values())
    gain = min(1.0, PEAK / peak) if peak > PEAK else 1.0
    gain_db = 20 * float(np.log10(gain))
    if gain < 1:
        notices.append(
            f"passage {item.passage}: all lowered by {-gain_db:.2f} dB, or one would be beyond "
            "full scale"
        )
    folder = slug(item.passage)
    (out / folder).mkdir(parents=True, exist_ok=True)
    stimuli = []
    for name, samples in sounds.items():
        for role in _roles(name, item):
            file = slug(name if role != "open_reference" else "open_reference")
            path = f"{folder}/{file}.wav"
            louder = samples * np.float32(gain)
            write_wav(out / path, louder, rate_hz, seed_for(seed, path, "dither"))
            stimuli.append(
                Stimulus(
                    id=f"{folder}.{file}",
                    song=item.passage,
                    passage=item.passage,
                    system=name,
                    role=role,
                    path=path,
                    sha256=hashlib.sha256((out / path).read_bytes()).hexdigest(),
                    sample_rate_hz=rate_hz,
                    start_s=0.0,
                    duration_s=samples.shape[1] / rate_hz,
                    loudness_lufs=round(max(SILENT_LUFS, integrated_loudness(louder, rate_hz)), 3),
                    gain_db=round(gain_db, 3),
                )
            )
    return stimuli


def _roles(name: str, item: ReadyMade) -> tuple[Role, ...]:
    """A reference is written twice, each time with its own dither: hidden and open."""
    if name == REFERENCE and item.reference:
        return ("reference", "open_reference")
    return ("anchor",) if name in item.anchors else ("system",)
