"""Ready-made mixes -> stimuli: the same loudness, format and length as what is rendered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mixers.alignment import estimate_offset
from mixers.loudness import integrated_loudness
from mixers.multitrack import Samples
from stimuli.audio import SUFFIXES, is_sound, read, resample, write_wav
from stimuli.likeness import MOST_OFFSET_S, SURE
from stimuli.loudness import (
    TARGET_LUFS,
    Level,
    Matched,
    amplify,
    matching_gains_db,
    measure_level,
)
from stimuli.manifest import Manifest, Role, Stimulus, make_folder, replace_manifest
from stimuli.mp3 import stated_delay
from stimuli.names import slug
from stimuli.passages import fade
from stimuli.provenance import code_version
from stimuli.render_passage import Failure
from stimuli.seeds import seed_for
from stimuli.session import FADE_S, RATE_HZ
from stimuli.workers import in_parallel

SHORTEST_S = 0.5
"""What all mixes of a passage must have in common; BS.1770 measures blocks of 0.4 s."""


@dataclass(frozen=True)
class Imported:
    """The manifest of what was imported, what was done to files, and what could not be imported."""

    manifest: Manifest
    notices: tuple[str, ...]
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class _Passage:
    """What came of one passage."""

    stimuli: tuple[Stimulus, ...]
    notices: tuple[str, ...]
    failures: tuple[Failure, ...]


def import_mixes(
    folder: Path,
    out: Path,
    seed: int = 0,
    target_lufs: float = TARGET_LUFS,
    jobs: int = 1,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Imported:
    """Import mixes that lie as `<passage>/<system>.<suffix>`.

    All mixes of a passage are resampled to 44.1 kHz, aligned to the sample, cut to what all of them
    have, faded, brought to one loudness below one true peak, and written as 16-bit WAV. A file
    called `reference` becomes the hidden reference, and is written again as the open one; `anchor…`
    becomes an anchor. A file that cannot be used is left out, and is one of the failures.

    Args:
        folder: of the passages' folders.
        out: the folder of the stimuli; made where it is missing.
        seed: of the dither.
        target_lufs: the loudness of all stimuli.
        jobs: processes at work.
        on_progress: told the step, how many passages are done, and how many there are.

    Raises:
        ValueError: there are no mixes, or none that can be used.
        OSError: a folder cannot be read or written.
    """
    passages = {
        path.name: sorted(file for file in path.iterdir() if is_sound(file))
        for path in sorted(folder.iterdir())
        if path.is_dir()
    }
    bare = [folder / name for name, files in passages.items() if not files]
    passages = {name: files for name, files in passages.items() if files}
    if not passages:
        raise ValueError(f"{folder} holds no mixes: expected <passage>/<system>.wav")
    make_folder(out)
    tasks = [(_import, (name, files, out, seed, target_lufs)) for name, files in passages.items()]
    made = list(in_parallel(tasks, jobs, lambda *at: on_progress("Importing", *at)))
    failures = tuple(failure for passage in made for failure in passage.failures)
    stimuli = tuple(stimulus for passage in made for stimulus in passage.stimuli)
    if not stimuli:
        reasons = "; ".join(f"{failure.what}: {failure.reason}" for failure in failures)
        raise ValueError(f"nothing could be imported: {reasons}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(folder.resolve().name, seed, code_version(), now, stimuli)
    notices = [f"{path}: is left alone; no mixes lie in it" for path in bare]
    notices.extend(notice for passage in made for notice in passage.notices)
    return Imported(replace_manifest(manifest, out), tuple(notices), failures)


def _import(passage: str, files: list[Path], out: Path, seed: int, target_lufs: float) -> _Passage:
    """Import one passage; what goes wrong is part of the result."""
    notices = _left_alone(files[0].parent)
    failures: list[Failure] = []
    sounds: dict[str, Samples] = {}
    for path in files:
        try:
            if path.stem in sounds:
                raise ValueError(f"passage {passage} has two mixes called {path.stem!r}")
            sounds[path.stem], said = _read(path)
            notices.extend(said)
        except (ValueError, OSError) as error:
            failures.append(Failure(str(path), str(error).removeprefix(f"{path} ")))
    if not sounds:
        return _Passage((), tuple(notices), tuple(failures))
    try:
        cut, said = _together(passage, sounds)
    except ValueError as error:
        return _Passage((), tuple(notices), (*failures, Failure(f"passage {passage}", str(error))))
    notices.extend(said)
    levels: dict[str, Level] = {}
    for name, samples in cut.items():
        try:
            levels[name] = measure_level(samples, RATE_HZ, name)
        except ValueError as error:
            failures.append(Failure(f"passage {passage}", str(error)))
    gains_db = matching_gains_db(levels, target_lufs)
    matched = {name: Matched(amplify(cut[name], gain), gain) for name, gain in gains_db.items()}
    stimuli = _write_passage(passage, matched, out, seed)
    return _Passage(tuple(stimuli), tuple(notices), tuple(failures))


def _read(path: Path) -> tuple[Samples, list[str]]:
    """A mix at the rate of the stimuli, on two channels, and what was done to it."""
    samples, rate_hz = read(path)
    if len(samples) > 2:
        raise ValueError(f"has {len(samples)} channels; must be mono or stereo")
    notices = [f"{path}: {_encoder(path)}"] if path.suffix.lower() == ".mp3" else []
    if rate_hz != RATE_HZ:
        notices.append(f"{path}: resampled from {rate_hz} Hz to {RATE_HZ} Hz")
    stereo = np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples
    return resample(stereo, rate_hz, RATE_HZ), notices


def _together(passage: str, sounds: dict[str, Samples]) -> tuple[dict[str, Samples], list[str]]:
    """The stretch that all mixes of a passage have, and what was done to get it.

    Nothing is filled with silence: it would tell which mix was late.
    """
    offsets, notices = _offsets(passage, sounds)
    begin = max(-offset for offset in offsets.values())
    end = min(sounds[name].shape[1] - offset for name, offset in offsets.items())
    if end - begin < SHORTEST_S * RATE_HZ:
        kept_s = max(0, end - begin) / RATE_HZ
        raise ValueError(f"its mixes have {kept_s:.3f} s in common; {SHORTEST_S:g} s is the least")
    lengths = [sound.shape[1] for sound in sounds.values()]
    if max(lengths) > min(lengths):
        notices.append(
            f"passage {passage}: lengths differ by up to "
            f"{(max(lengths) - min(lengths)) / RATE_HZ:.3f} s; "
            f"all are cut to {(end - begin) / RATE_HZ:.3f} s"
        )
    cut = {
        name: fade(sounds[name][:, begin + offset : end + offset], RATE_HZ, FADE_S)
        for name, offset in offsets.items()
    }
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


def _offsets(passage: str, sounds: dict[str, Samples]) -> tuple[dict[str, int], list[str]]:
    """How many frames each mix is late against the reference, as encoders and studios leave them.

    Without a reference the first mix is the one to lie on. Where mixes have too little in common
    to tell, they stay as they are.
    """
    first = next((name for name in sounds if name.lower() == "reference"), next(iter(sounds)))
    offsets = dict.fromkeys(sounds, 0)
    notices = []
    for name in sounds:
        found = estimate_offset([sounds[first]], sounds[name], RATE_HZ, MOST_OFFSET_S)
        if name != first and found.offset_frames and found.confidence > SURE:
            offsets[name] = found.offset_frames
            side = "late" if found.offset_frames > 0 else "early"
            notices.append(
                f"passage {passage}: {name} was {abs(found.offset_frames)} frames {side} "
                f"against {first}; moved"
            )
    return offsets, notices


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
    (out / name).mkdir(parents=True, exist_ok=True)
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
