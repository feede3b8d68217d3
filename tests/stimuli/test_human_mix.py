"""A human mix that lies late or early is moved onto its tracks; one that lies well is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mixers.alignment import estimate_offset
from stimuli.audio import read
from stimuli.datasets.check import check_song
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_song, recipes
from stimuli.plan import Plan
from stimuli.render import Report, render

Write = Callable[..., Path]
RATE_HZ = 44_100
PLAN = Plan(("mono", "target"), duration_s=1.0)


@pytest.fixture
def songs(tmp_path: Path, write_sound: Write) -> Callable[[int], Path]:
    """A song whose mix is so many frames late."""

    def make(late: int) -> Path:
        folder = tmp_path / "songs" / "song"
        rng = np.random.default_rng(1)
        tracks = [0.1 * rng.standard_normal((1, 3 * RATE_HZ), np.float32) for _ in range(2)]
        for name, track in zip(("kick", "bass"), tracks, strict=True):
            write_sound(folder / f"{name}.wav", track)
        mix = np.repeat(0.5 * tracks[0] + 0.4 * tracks[1], 2, axis=0)
        moved = np.pad(mix, ((0, 0), (max(late, 0), 0)))[:, max(-late, 0) :]
        write_sound(folder / "mix.wav", moved)
        return tmp_path / "songs"

    return make


def offset(report: Report, out: Path) -> int:
    mono, target = (read(out / stimulus.path)[0] for stimulus in report.manifest.stimuli)
    return estimate_offset([mono], target, RATE_HZ, 0.5).offset_frames


@pytest.mark.parametrize("late", [6_000, -2_205, 100])
def test_a_mix_that_lies_elsewhere_is_moved_onto_its_tracks(
    songs: Callable[[int], Path], tmp_path: Path, late: int
) -> None:
    report = render(open_dataset(songs(late)), PLAN, tmp_path / "out")
    side = "late" if late > 0 else "early"
    assert report.notices == (
        f"song: the human mix is {abs(late)} frames ({abs(late) / 44.1:.1f} ms) {side} "
        "against its tracks; it was moved onto them",
    )
    assert offset(report, tmp_path / "out") == 0
    again = render(open_dataset(tmp_path / "songs"), PLAN, tmp_path / "out")
    assert again == report


def test_a_mix_that_lies_well_stays(songs: Callable[[int], Path], tmp_path: Path) -> None:
    report = render(open_dataset(songs(0)), PLAN, tmp_path / "out")
    assert report.notices == ()
    assert offset(report, tmp_path / "out") == 0


@pytest.mark.slow
def test_microphones_that_hear_each_others_drums_do_not_make_the_mix_early(tmp_path: Path) -> None:
    # In this song, what the snare's microphone hears is nearer to most tracks than their own drum.
    make_song(recipes(1, 20.0, 77, "drums")[0], tmp_path)
    (song,) = open_dataset(tmp_path).songs()
    assert check_song(song).flaws == ()
