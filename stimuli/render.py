"""Dataset x systems x passages -> stimuli.

Two rounds go over the cores: one chooses the passages of each song, one renders each passage. A
passage is the unit of work because its stimuli share one gain. Its record, in `.rendered/`, is
named after all that its sound depends on, so that a second run takes what is there: after an
interruption, and after a change that concerns other passages only.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np

from mixers.mixer import load_mixer
from mixers.multitrack import Multitrack, Samples
from stimuli.anchors import ANCHORS, low_pass
from stimuli.audio import resample, write_wav
from stimuli.datasets.dataset import Dataset
from stimuli.loudness import TARGET_LUFS, match_loudness
from stimuli.manifest import MANIFEST_NAME, Manifest, Role, Stimulus, read_manifest, write_manifest
from stimuli.passages import Passage, choose_starts, fade
from stimuli.provenance import code_version
from stimuli.seeds import seed_for

RATE_HZ = 44_100
FADE_S = 0.02
LEAD_IN_S = 2.0
"""Mixed before the passage and cut off again, so that compressors and reverbs are in motion."""
RECORDS = ".rendered"
TARGET = "target"
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """What to render of every song.

    Attributes:
        systems: names of mixers.
        passages_per_song: how many.
        duration_s: of each passage.
        seed: of passages, of systems that use chance, and of dither.
        anchors: add BS.1534 anchors made from the human mix.
        reference: make the human mix the hidden reference, and add the open one.
        target_lufs: the loudness of all stimuli.
    """

    systems: tuple[str, ...]
    passages_per_song: int = 1
    duration_s: float = 10.0
    seed: int = 0
    anchors: bool = False
    reference: bool = False
    target_lufs: float = TARGET_LUFS

    def __post_init__(self) -> None:
        if not self.systems:
            raise ValueError("no systems to render; name one at least")
        if self.passages_per_song < 1:
            raise ValueError(f"{self.passages_per_song} passages per song; must be 1 or more")
        if not 1.0 <= self.duration_s <= 600.0:
            raise ValueError(f"passages of {self.duration_s:g} s; must last 1..600 s")
        if not -50.0 <= self.target_lufs <= -10.0:
            raise ValueError(f"loudness of {self.target_lufs:g} LUFS; must be -50..-10 LUFS")
        for system in self.systems:
            load_mixer(system)


@dataclass(frozen=True)
class Failure:
    """A song or passage that could not be rendered, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Rendered:
    """What became of one passage."""

    stimuli: tuple[Stimulus, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What a run made: the manifest, what was left out on purpose, and what failed."""

    manifest: Manifest
    notices: tuple[str, ...]
    failures: tuple[Failure, ...]


def render(
    dataset: Dataset,
    plan: Plan,
    out: Path,
    jobs: int = 1,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Report:
    """Render the stimuli of a dataset into a folder, with their manifest.

    Args:
        dataset: the songs.
        plan: what to render of each.
        out: the folder; made where it is missing.
        jobs: processes at work; joblib's other backends work too, inside `parallel_config`.
        on_progress: told the step, how many of its parts are done, and how many there are.

    Raises:
        ValueError: nothing could be rendered.
        OSError: the folder cannot be written.
    """
    (out / RECORDS).mkdir(parents=True, exist_ok=True)
    failures: list[Failure] = []
    passages: list[Passage] = []
    tasks = [(_choose, (dataset, song_id, plan)) for song_id in dataset.song_ids()]
    for chosen in _run(tasks, jobs, lambda *at: on_progress("Choosing passages", *at)):
        failures.append(chosen) if isinstance(chosen, Failure) else passages.extend(chosen)
    stimuli: list[Stimulus] = []
    notices: list[str] = []
    work = [(_render_passage, (dataset, passage, plan, out)) for passage in passages]
    for made in _run(work, jobs, lambda *at: on_progress("Rendering", *at)):
        if isinstance(made, Failure):
            failures.append(made)
        else:
            stimuli.extend(made.stimuli)
            notices.extend(made.notices)
    if not stimuli:
        reasons = "; ".join(f"{failure.what}: {failure.reason}" for failure in failures)
        raise ValueError(f"nothing could be rendered: {reasons}")
    manifest = _manifest(dataset.root.resolve().name, plan, stimuli)
    return Report(_store(manifest, out), tuple(dict.fromkeys(notices)), tuple(failures))


def _run(
    tasks: Sequence[tuple[Callable[..., T], tuple[Any, ...]]],
    jobs: int,
    on_progress: Callable[[int, int], None],
) -> Iterator[T]:
    """Do the tasks on several cores; results come in the tasks' order."""
    parallel = joblib.Parallel(n_jobs=min(jobs, max(len(tasks), 1)), return_as="generator")
    on_progress(0, len(tasks))
    results = parallel(joblib.delayed(function)(*given) for function, given in tasks)
    for done, result in enumerate(results, start=1):
        on_progress(done, len(tasks))
        yield result


def _choose(dataset: Dataset, song_id: str, plan: Plan) -> list[Passage] | Failure:
    try:
        song = dataset.open_song(song_id)
        starts = choose_starts(
            song, plan.passages_per_song, plan.duration_s, seed_for(plan.seed, song_id, "passages")
        )
    except (ValueError, OSError) as error:
        return Failure(song_id, str(error))
    return [
        Passage(f"{slug(song_id)}-{count}", song_id, start_s, plan.duration_s)
        for count, start_s in enumerate(starts, start=1)
    ]


def slug(text: str) -> str:
    """A name that is safe as part of a path everywhere; different texts stay different."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _render_passage(
    dataset: Dataset, passage: Passage, plan: Plan, out: Path
) -> Rendered | Failure:
    """Render one passage, or take what an earlier run made of the same content."""
    try:
        lead_in_s = min(LEAD_IN_S, passage.start_s)
        multitrack = dataset.open_song(passage.song).load(
            passage.start_s - lead_in_s, passage.duration_s + lead_in_s
        )
        record = out / RECORDS / f"{_content_hash(multitrack, passage, plan)}.json"
        known = _read_record(record, out)
        if known is not None:
            return known
        rendered = _render_new(multitrack, lead_in_s, passage, plan, out)
        partial = record.with_suffix(".part")
        partial.write_text(json.dumps(asdict(rendered)), encoding="utf-8")
        partial.replace(record)
        return rendered
    except Exception as error:
        # A fault of one system on one song must not cost the other songs; it is reported.
        known_kind = isinstance(error, ValueError | OSError)
        reason = str(error) if known_kind else f"{type(error).__name__}: {error}"
        return Failure(passage.name, reason)


def _render_new(
    multitrack: Multitrack, lead_in_s: float, passage: Passage, plan: Plan, out: Path
) -> Rendered:
    sounds, notices = _sounds(multitrack, passage, plan)
    skip = round(lead_in_s * RATE_HZ)
    frames = round(passage.duration_s * RATE_HZ)
    cut = {
        name: fade(_cut(samples, skip, frames), RATE_HZ, FADE_S) for name, samples in sounds.items()
    }
    matched = match_loudness(cut, RATE_HZ, plan.target_lufs)
    stimuli: list[Stimulus] = []
    for name, role, source in _entries(plan, list(matched)):
        path = f"{passage.name}/{name}.wav"
        (out / passage.name).mkdir(exist_ok=True)
        write_wav(out / path, matched[source].samples, RATE_HZ, seed_for(plan.seed, path, "dither"))
        stimuli.append(
            Stimulus(
                id=f"{passage.name}.{name}",
                song=passage.song,
                passage=passage.name,
                system=source,
                role=role,
                path=path,
                sha256=_file_hash(out / path),
                sample_rate_hz=RATE_HZ,
                start_s=passage.start_s,
                duration_s=frames / RATE_HZ,
                loudness_lufs=round(matched[source].loudness_lufs, 3),
                gain_db=round(matched[source].gain_db, 3),
            )
        )
    return Rendered(tuple(stimuli), tuple(notices))


def _sounds(
    multitrack: Multitrack, passage: Passage, plan: Plan
) -> tuple[dict[str, Samples], list[str]]:
    """Every system's mix at the rate of the stimuli, and the anchors; what is left out, and why."""
    systems = list(plan.systems)
    needs_target = plan.reference or plan.anchors
    if needs_target and TARGET not in systems:
        systems.append(TARGET)
    notices = []
    if multitrack.target is None and TARGET in systems:
        systems.remove(TARGET)
        extra = ", and with it reference and anchors" if needs_target else ""
        notices.append(f"{passage.song}: no human mix, so Target is skipped{extra}")
    sounds = {}
    for system in systems:
        mixer = load_mixer(system)
        if "torch" in sys.modules:
            # More threads would sum in another order: other bytes than those of another run.
            sys.modules["torch"].set_num_threads(1)
        mix = mixer.mix(multitrack, seed_for(plan.seed, passage.name, system))
        sounds[system] = resample(mix.samples, mix.sample_rate_hz, RATE_HZ)
    if plan.anchors and TARGET in sounds:
        for name, pass_hz in ANCHORS.items():
            sounds[name] = low_pass(sounds[TARGET], RATE_HZ, pass_hz)
    if needs_target and not plan.reference and TARGET not in plan.systems:
        sounds.pop(TARGET, None)
    return sounds, notices


def _entries(plan: Plan, names: list[str]) -> Iterator[tuple[str, Role, str]]:
    """Name, role and source of every file of a passage."""
    for name in sorted(names):
        if name in ANCHORS:
            yield name, "anchor", name
        elif name == TARGET and plan.reference:
            yield name, "reference", name
            yield "open_reference", "open_reference", name
        else:
            yield name, "system", name


def _cut(samples: Samples, skip: int, frames: int) -> Samples:
    part = samples[:, skip : skip + frames]
    return np.pad(part, ((0, 0), (0, frames - part.shape[1])))


def _content_hash(multitrack: Multitrack, passage: Passage, plan: Plan) -> str:
    """A name for all that the sound of a passage depends on."""
    digest = hashlib.sha256(code_version().encode())
    about = (asdict(passage), asdict(replace(plan, passages_per_song=1)), multitrack.sample_rate_hz)
    digest.update(json.dumps(about, sort_keys=True).encode())
    for track in multitrack.tracks:
        digest.update(json.dumps([track.name, track.role, track.samples.shape]).encode())
        digest.update(np.ascontiguousarray(track.samples).data)
    if multitrack.target is not None:
        digest.update(b"target")
        digest.update(np.ascontiguousarray(multitrack.target).data)
    return digest.hexdigest()


def _read_record(record: Path, out: Path) -> Rendered | None:
    """What an earlier run made, if every file of it is still what it was."""
    if not record.is_file():
        return None
    data = json.loads(record.read_text(encoding="utf-8"))
    stimuli = tuple(Stimulus(**entry) for entry in data["stimuli"])
    for stimulus in stimuli:
        path = out / stimulus.path
        if not path.is_file() or _file_hash(path) != stimulus.sha256:
            return None
    return Rendered(stimuli, tuple(data["notices"]))


def _file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _manifest(title: str, plan: Plan, stimuli: list[Stimulus]) -> Manifest:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(title, plan.seed, code_version(), now, tuple(stimuli))


def _store(manifest: Manifest, out: Path) -> Manifest:
    """Write the manifest, and remove the sound that only the manifest before it named."""
    before = read_manifest(out) if (out / MANIFEST_NAME).is_file() else None
    if before is not None and replace(before, created_at=manifest.created_at) == manifest:
        return before
    write_manifest(manifest, out)
    if before is not None:
        kept = {stimulus.path for stimulus in manifest.stimuli}
        for stimulus in before.stimuli:
            if stimulus.path not in kept:
                (out / stimulus.path).unlink(missing_ok=True)
    return manifest
