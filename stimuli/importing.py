"""Ready-made mixes -> stimuli: the same loudness, format and length as what is rendered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mixers.alignment import align, estimate_offset
from mixers.loudness import integrated_loudness
from mixers.multitrack import Samples
from stimuli.audio import SUFFIXES, is_sound, read, resample, write_wav
from stimuli.likeness import MOST_OFFSET_S, SURE
from stimuli.loudness import TARGET_LUFS, Matched, match_loudness
from stimuli.manifest import Manifest, Role, Stimulus, write_manifest
from stimuli.mp3 import stated_delay
from stimuli.names import slug
from stimuli.passages import fade
from stimuli.provenance import code_version
from stimuli.seeds import seed_for
from stimuli.session import FADE_S, RATE_HZ


@dataclass(frozen=True)
class Imported:
    """The manifest of what was imported, and what was done to files, one sentence each."""

    manifest: Manifest
    notices: tuple[str, ...]


def import_mixes(
    folder: Path, out: Path, seed: int = 0, target_lufs: float = TARGET_LUFS
) -> Imported:
    """Import mixes that lie as `<passage>/<system>.<suffix>`.

    All mixes of a passage are resampled to 44.1 kHz, aligned to the sample, cut to the shortest,
    faded, brought to one loudness below one true peak, and written as 16-bit WAV. A file called
    `reference` becomes the hidden reference, and is written again as the open one; `anchor…`
    becomes an anchor.

    Raises:
        ValueError: no mixes, or one that cannot be used; the message names the file. Nothing is
            written to the manifest then.
        OSError: a file cannot be read or written.
    """
    passages = {
        path.name: sorted(file for file in path.iterdir() if is_sound(file))
        for path in sorted(folder.iterdir())
        if path.is_dir()
    }
    passages = {name: files for name, files in passages.items() if files}
    if not passages:
        raise ValueError(f"{folder} holds no mixes: expected <passage>/<system>.wav")
    out.mkdir(parents=True, exist_ok=True)
    stimuli: list[Stimulus] = []
    notices: list[str] = []
    for name, files in passages.items():
        notices.extend(_left_alone(folder / name))
        sounds, done = _read_passage(name, files)
        notices.extend(done)
        try:
            matched = match_loudness(sounds, RATE_HZ, target_lufs)
        except ValueError as error:
            raise ValueError(f"passage {name}: {error}") from None
        stimuli.extend(_write_passage(name, matched, out, seed))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(folder.resolve().name, seed, code_version(), now, tuple(stimuli))
    write_manifest(manifest, out)
    return Imported(manifest, tuple(notices))


def _read_passage(passage: str, files: list[Path]) -> tuple[dict[str, Samples], list[str]]:
    """The mixes of one passage at one rate and length, and what was done to them."""
    sounds: dict[str, Samples] = {}
    notices: list[str] = []
    for path in files:
        if path.stem in sounds:
            raise ValueError(f"{path}: passage {passage} has two mixes called {path.stem!r}")
        samples, rate_hz = read(path)
        if len(samples) > 2:
            raise ValueError(f"{path} has {len(samples)} channels; must be mono or stereo")
        if path.suffix.lower() == ".mp3":
            notices.append(f"{path}: {_encoder(path)}")
        if rate_hz != RATE_HZ:
            notices.append(f"{path}: resampled from {rate_hz} Hz to {RATE_HZ} Hz")
        stereo = np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples
        sounds[path.stem] = resample(stereo, rate_hz, RATE_HZ)
    notices.extend(_align(passage, sounds))
    frames = min(samples.shape[1] for samples in sounds.values())
    longest = max(samples.shape[1] for samples in sounds.values())
    if longest > frames:
        notices.append(
            f"passage {passage}: lengths differ by up to {(longest - frames) / RATE_HZ:.3f} s; "
            f"all are cut to {frames / RATE_HZ:.3f} s"
        )
    cut = {name: fade(sound[:, :frames], RATE_HZ, FADE_S) for name, sound in sounds.items()}
    return cut, notices


def _left_alone(folder: Path) -> list[str]:
    """Say which files of a passage are no sound that can be read, so that none is missed."""
    others = (
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not is_sound(path) and not path.name.startswith(".")
    )
    wanted = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
    return [f"{path}: is left alone; sound files are {wanted}" for path in others]


def _encoder(path: Path) -> str:
    """What is known of the silence that an MP3 encoder puts before the sound."""
    stated = stated_delay(path)
    if stated is None:
        return (
            "does not state its encoder's delay, 1105 frames as a rule; it is taken out only if "
            "the passage has a mix to compare with"
        )
    return (
        f"{stated.encoder} states a delay of {stated.delay} frames and a padding of "
        f"{stated.padding}; both were taken out"
    )


def _align(passage: str, sounds: dict[str, Samples]) -> list[str]:
    """Move mixes that lie late or early, as encoders leave them, onto the reference.

    Without a reference the first mix is the one to lie on. Where mixes have too little in common
    to tell, they stay as they are.
    """
    first = next((name for name in sounds if name.lower() == "reference"), next(iter(sounds)))
    notices = []
    for name in sounds:
        found = estimate_offset([sounds[first]], sounds[name], RATE_HZ, MOST_OFFSET_S)
        if name != first and found.offset_frames and found.confidence > SURE:
            sounds[name] = align(sounds[name], found.offset_frames, sounds[name].shape[1])
            side = "late" if found.offset_frames > 0 else "early"
            notices.append(
                f"passage {passage}: {name} was {abs(found.offset_frames)} frames {side} "
                f"against {first}; moved"
            )
    return notices


def _role(system: str) -> Role:
    """`reference` is the reference; what begins with `anchor` is an anchor."""
    name = system.lower()
    if name == "reference":
        return "reference"
    return "anchor" if name.startswith("anchor") else "system"


def _write_passage(
    passage: str, matched: dict[str, Matched], out: Path, seed: int
) -> list[Stimulus]:
    name = slug(passage)
    (out / name).mkdir(exist_ok=True)
    stimuli: list[Stimulus] = []
    for system, sound in sorted(matched.items()):
        role = _role(system)
        roles: list[Role] = [role, "open_reference"] if role == "reference" else [role]
        for written in roles:
            file = "open_reference" if written == "open_reference" else slug(system)
            path = f"{name}/{file}.wav"
            write_wav(out / path, sound.samples, RATE_HZ, seed_for(seed, path, "dither"))
            stimuli.append(
                Stimulus(
                    id=f"{name}.{file}",
                    song=passage,
                    passage=name,
                    system=system,
                    role=written,
                    path=path,
                    sha256=hashlib.sha256((out / path).read_bytes()).hexdigest(),
                    sample_rate_hz=RATE_HZ,
                    start_s=0.0,
                    duration_s=sound.samples.shape[1] / RATE_HZ,
                    loudness_lufs=round(integrated_loudness(*read(out / path)), 3),
                    gain_db=round(sound.gain_db, 3),
                )
            )
    return stimuli
