"""What the demo studies play: composed songs, mixed by every system of the talk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_songs, recipes
from stimuli.plan import Plan
from stimuli.render import render

SONGS = 6
SONG_S = 16.0
PASSAGE_S = 8.0
SETS: dict[str, Plan] = {
    "mixes": Plan(
        ("mono", "random", "expert", "forest", "wave-u-net", "dmc", "ddsp", "target"),
        duration_s=PASSAGE_S,
    ),
    "mixes-with-reference": Plan(
        ("mono", "random", "expert"), duration_s=PASSAGE_S, anchors=True, reference=True
    ),
}
"""By the folder that they go into; the demo's study files name these folders."""


def make_demo(
    folder: Path,
    jobs: int,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> None:
    """Make the demo's songs and stimuli; what an earlier run made is taken as it is.

    Args:
        folder: gets `songs/` and a folder for each of `SETS`.
        jobs: processes at work.
        on_progress: told the step, how many of its parts are done, and how many there are.

    Raises:
        ValueError: something could not be rendered, or other songs are in the way.
        OSError: the folder cannot be written.
    """
    on_progress("Composing songs", 0, SONGS)
    wanted = recipes(SONGS, SONG_S, seed=0, family="both")
    for done, _ in enumerate(make_songs(wanted, folder / "songs", jobs), start=1):
        on_progress("Composing songs", done, SONGS)
    steps = len(SETS) * SONGS
    for place, (name, plan) in enumerate(SETS.items()):

        def show(step: str, done: int, total: int, before: int = place * SONGS) -> None:
            if step == "Rendering":
                on_progress("Mixing", before + done, steps)

        report = render(open_dataset(folder / "songs"), plan, folder / name, jobs, show)
        if report.failures:
            failures = "; ".join(f"{failure.what}: {failure.reason}" for failure in report.failures)
            raise ValueError(f"the demo could not be rendered: {failures}")
