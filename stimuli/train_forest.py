"""Training of the random forest, with a leave-one-song-out report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

import numpy as np

from mixers.baselines import GAIN_RANGE_DB
from mixers.forest import Array, Example, Forest, learn_from
from stimuli.seeds import seed_for
from stimuli.splits import fingerprint
from stimuli.training import Lesson, Progress


@dataclass(frozen=True)
class SongErrors:
    """Mean absolute errors of a song that the forest did not see while it predicted it.

    Attributes:
        level_db, mono_db, random_db: of the tracks' relative levels by the forest, by Mono (all
            equally loud) and by Random.
        width: of the pan's absolute value, 0..1.
    """

    level_db: float
    mono_db: float
    random_db: float
    width: float


def train(lesson: Lesson, progress: Progress) -> list[str]:
    """Grow the forest on the training and validation songs; it has nothing to stop early.

    Songs without a human mix are left out, and so are those with a silent one.

    Raises:
        ValueError: something was to be chosen.
    """
    if lesson.options:
        raise ValueError(f"the forest leaves no choice; {', '.join(lesson.options)} is none of it")
    ids = sorted((*lesson.split.training, *lesson.split.validation))
    examples = []
    for done, song_id in enumerate(ids):
        progress("Songs", done, len(ids))
        song = lesson.dataset.open_song(song_id)
        multitrack = song.load()
        if multitrack.target is not None and multitrack.target.any():
            label = fingerprint(song, multitrack)
            examples.append(learn_from(multitrack, multitrack.target, label))
    progress("Songs", len(ids), len(ids))
    errors = leave_one_out(examples, lesson.seed, lambda done, of: progress("Report", done, of))
    Forest().fit(examples, lesson.seed).save(lesson.out)
    return [
        f"learnt from {len(examples)} of {len(ids)} songs; "
        f"{len(lesson.split.test)} are kept for the test",
        *_report(errors),
    ]


def leave_one_out(
    examples: list[Example], seed: int, progress: Callable[[int, int], None]
) -> list[SongErrors]:
    """Predict each song by a forest that learnt from all others; none where there is one song."""
    errors = []
    for place, left_out in enumerate(examples):
        progress(place, len(examples))
        others = examples[:place] + examples[place + 1 :]
        if others and len(left_out.inputs):
            errors.append(song_errors(Forest().fit(others, seed), left_out, seed))
    progress(len(examples), len(examples))
    return errors


def song_errors(forest: Forest, example: Example, seed: int) -> SongErrors:
    """Errors of a forest, and of the baselines, on one song."""
    level_lu, width = example.outputs.T
    predicted = forest.predict(example.inputs)
    rng = np.random.default_rng(seed_for(seed, "random", example.song))
    return SongErrors(
        level_db=_spread(predicted[:, 0] - level_lu),
        mono_db=_spread(-level_lu),
        random_db=_spread(rng.uniform(*GAIN_RANGE_DB, len(level_lu)) - level_lu),
        width=float(np.abs(predicted[:, 1] - width).mean()),
    )


def _spread(errors_db: Array) -> float:
    """Mean absolute error after the whole mix was turned to where it fits best."""
    return float(np.abs(errors_db - np.median(errors_db)).mean())


def _report(errors: list[SongErrors]) -> list[str]:
    if not errors:
        return ["too few songs to leave one out"]
    better = sum(error.level_db < min(error.mono_db, error.random_db) for error in errors)
    return [
        "leave one song out, mean absolute error of a track's relative level: "
        f"forest {mean(e.level_db for e in errors):.2f} dB, "
        f"mono {mean(e.mono_db for e in errors):.2f} dB, "
        f"random {mean(e.random_db for e in errors):.2f} dB",
        f"forest is nearest on {better} of {len(errors)} songs; "
        f"error of its pan width {mean(e.width for e in errors):.2f}",
    ]
