"""Dataset x systems x passages -> stimuli.

Three rounds go over the cores: one chooses the passages of each song, one finds where its human
mix lies, one renders each passage. A passage is the unit of work because its stimuli share one
gain. What was made is remembered in `.rendered/`, so that a second run makes what is missing only:
after an interruption, and after a change that concerns other passages or systems.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stimuli.datasets.dataset import Dataset
from stimuli.human_mix import late_frames
from stimuli.manifest import Manifest, Stimulus, make_folder, replace_manifest
from stimuli.names import slug
from stimuli.passages import Passage, choose_passages
from stimuli.plan import Plan
from stimuli.provenance import code_version
from stimuli.records import Records
from stimuli.render_passage import RECORDS, Failure, reason, render_passage
from stimuli.seeds import seed_for
from stimuli.session import TARGET
from stimuli.workers import in_parallel


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
        ValueError: nothing could be rendered, or the folder is that of the songs.
        OSError: the folder cannot be written.
    """
    if out.resolve() == dataset.root.resolve():
        raise ValueError(f"{out} is where the songs are; render into another folder")
    make_folder(out)
    began_s = time.time()
    failures: list[Failure] = []
    passages = list(plan.by_hand)
    if not passages:
        for chosen in choose(dataset, plan, jobs, on_progress):
            failures.append(chosen) if isinstance(chosen, Failure) else passages.extend(chosen)
    stimuli: list[Stimulus] = []
    notices: list[str] = []
    late = _late(dataset, sorted({passage.song for passage in passages}), plan, out, jobs,
                 on_progress)  # fmt: skip
    work = [
        (render_passage, (dataset, passage, plan, out, late.get(passage.song, 0)))
        for passage in passages
    ]
    for made in in_parallel(work, jobs, lambda *at: on_progress("Rendering", *at)):
        stimuli.extend(made.stimuli)
        notices.extend(made.notices)
        failures.extend(made.failures)
    _remove_partials(out, began_s)
    if not stimuli:
        reasons = "; ".join(f"{failure.what}: {failure.reason}" for failure in failures)
        raise ValueError(f"nothing could be rendered: {reasons}")
    manifest = _manifest(dataset.root.resolve().name, plan, stimuli)
    return Report(replace_manifest(manifest, out), tuple(dict.fromkeys(notices)), tuple(failures))


def choose(
    dataset: Dataset,
    plan: Plan,
    jobs: int = 1,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Iterator[list[Passage] | Failure]:
    """Choose the passages of every song as the plan says; in the order of the songs."""
    tasks = [(_choose_of_song, (dataset, song_id, plan)) for song_id in dataset.song_ids()]
    yield from in_parallel(tasks, jobs, lambda *at: on_progress("Choosing passages", *at))


def _late(
    dataset: Dataset,
    song_ids: list[str],
    plan: Plan,
    out: Path,
    jobs: int,
    on_progress: Callable[[str, int, int], None],
) -> dict[str, int]:
    """By how many frames human mixes are late, song by song; none where no stimulus is of one."""
    if not (TARGET in plan.systems or plan.reference or plan.anchors):
        return {}
    tasks = [(late_frames, (dataset, song_id, Records(out / RECORDS))) for song_id in song_ids]
    found = in_parallel(tasks, jobs, lambda *at: on_progress("Aligning human mixes", *at))
    return dict(zip(song_ids, found, strict=True))


def _choose_of_song(dataset: Dataset, song_id: str, plan: Plan) -> list[Passage] | Failure:
    try:
        return choose_passages(
            dataset.open_song(song_id),
            slug(song_id),
            plan.passages_per_song,
            plan.duration_s,
            seed_for(plan.seed, song_id, "passages"),
            plan.how,
            plan.on_beat,
        )
    except Exception as error:
        # A fault in one song must not cost the other songs; it is reported.
        return Failure(song_id, reason(error))


def _manifest(title: str, plan: Plan, stimuli: list[Stimulus]) -> Manifest:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(title, plan.seed, code_version(), now, tuple(stimuli))


def _remove_partials(out: Path, before_s: float) -> None:
    """Remove what a process that was killed has left half-written in an earlier run."""
    for partial in out.glob("*/*.part"):
        if partial.stat().st_mtime < before_s:
            partial.unlink(missing_ok=True)
