"""FLAC of one length, 24 bits, degraded anchors: what else a set of stimuli may hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mixers.multitrack import Multitrack, Track
from stimuli.audio import probe, write_sound
from stimuli.check import check
from stimuli.datasets.dataset import open_dataset
from stimuli.degraded import RECIPES, make_degraded
from stimuli.flac import content_hash, pad_to_one_length
from stimuli.plan import Delivery, Plan
from stimuli.render import render

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]
PLAN = Plan(("mono", "random"), duration_s=1.5, degraded=("wrong-balance", "overheads"))


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    folder = tmp_path / "songs"
    for seed, name in enumerate(("kick", "overheads", "vocals", "mix")):
        channels = 2 if name in ("mix", "overheads") else 1
        write_sound(folder / "drums" / f"{name}.wav", noise(4.0, 44_100, channels, seed))
    return folder


@pytest.mark.parametrize("delivery", ["wav", "wav24", "flac", "flac24"])
def test_a_set_is_fit_however_delivered(songs: Path, tmp_path: Path, delivery: Delivery) -> None:
    out = tmp_path / "out"
    report = render(open_dataset(songs), replace(PLAN, delivery=delivery, anchors=True), out)
    assert report.failures == ()
    assert list(check(out)) == []
    paths = [out / stimulus.path for stimulus in report.manifest.stimuli]
    assert {probe(path).subtype for path in paths} == {
        "PCM_24" if delivery.endswith("24") else "PCM_16"
    }
    assert len({path.stat().st_size for path in paths}) == 1
    roles = {stimulus.system: stimulus.role for stimulus in report.manifest.stimuli}
    assert roles["anchor_overheads"] == roles["anchor_wrong_balance"] == "anchor"


def test_flac_is_resumed_and_takes_one_more_system(songs: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "out", replace(PLAN, delivery="flac")
    render(open_dataset(songs), plan, out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.flac")}
    render(open_dataset(songs), plan, out)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    more = replace(plan, systems=("mono", "random", "target"))
    render(open_dataset(songs), more, out)
    render(open_dataset(songs), more, tmp_path / "at once")
    for path in out.rglob("*.flac"):
        assert path.read_bytes() == (tmp_path / "at once" / path.relative_to(out)).read_bytes()


def test_padding_changes_the_length_and_not_the_sound(tmp_path: Path, noise: Noise) -> None:
    paths = [tmp_path / f"{gain}.flac" for gain in (0.001, 0.1, 1.0)]
    before = {}
    for path in paths:
        write_sound(path, float(path.stem) * noise(1.0, channels=2), 44_100)
        before[path] = (soundfile.read(path)[0], content_hash(path))
    assert len({path.stat().st_size for path in paths}) == 3
    pad_to_one_length(paths)
    padded = [path.read_bytes() for path in paths]
    pad_to_one_length(paths)
    assert [path.read_bytes() for path in paths] == padded
    assert len({path.stat().st_size for path in paths}) == 1
    for path in paths:
        np.testing.assert_array_equal(soundfile.read(path)[0], before[path][0])
        assert content_hash(path) == before[path][1]


def test_a_flac_that_was_changed_is_made_again(songs: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "out", replace(PLAN, delivery="flac")
    report = render(open_dataset(songs), plan, out)
    path = out / report.manifest.stimuli[0].path
    good = path.read_bytes()
    for bad in (good[:-9], b"no sound", b"fLaC"):
        path.write_bytes(bad)
        render(open_dataset(songs), plan, out)
        assert path.read_bytes() == good


def multitrack(noise: Noise, *roles: str) -> Multitrack:
    tracks = tuple(
        Track(f"{place} {role}", role, (1 + place) * noise(1.0, seed=place))
        for place, role in enumerate(roles)
    )
    return Multitrack("song", 44_100, tracks)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_makes_a_mix_that_its_seed_repeats(noise: Noise, recipe: str) -> None:
    song = multitrack(noise, "kick", "overhead", "vocals", "bass")
    first = make_degraded(recipe, song, 1)
    assert (first.shape, first.dtype) == ((2, song.frames), np.float32)
    assert np.abs(first).max() > 0
    np.testing.assert_array_equal(first, make_degraded(recipe, song, 1))


def gains(mix: NDArray[np.float32], song: Multitrack) -> NDArray[np.float64]:
    """What each track was multiplied by, left and right; tracks are independent noise."""
    tracks = np.stack([track.samples[0] for track in song.tracks]).astype(np.float64)
    return np.linalg.lstsq(tracks.T, mix.T.astype(np.float64), rcond=None)[0] * np.arange(
        1, 1 + len(tracks)
    )[:, None]  # fmt: skip


def test_recipes_do_what_they_say(noise: Noise) -> None:
    song = multitrack(noise, "kick", "overhead", "vocals", "bass")
    levels = defaultdict(list)
    for recipe in ("wrong-balance", "hard-panned", "overheads", "lead-buried"):
        levels[recipe] = (gains(make_degraded(recipe, song, 2), song) / 0.1).round(3).tolist()
    wrong_db = 20 * np.log10(np.array(levels["wrong-balance"])[:, 0])
    assert sorted(np.round(wrong_db - wrong_db.min()).tolist()) == [0, 0, 24, 24]
    assert all(min(pair) < 1e-3 < max(pair) for pair in np.abs(levels["hard-panned"]))
    assert [max(pair) > 1e-3 for pair in np.abs(levels["overheads"])] == [0, 1, 0, 0]
    buried_db = 20 * np.log10(np.array(levels["lead-buried"])[:, 0])
    assert np.round(buried_db - buried_db.max()).tolist() == [0, 0, -20, 0]
    clipped = make_degraded("clipped", song, 2)
    assert np.mean(np.abs(clipped) > 0.999 * np.abs(clipped).max()) > 0.2


@pytest.mark.parametrize(
    ("recipe", "message"),
    [("overheads", "has no overheads"), ("lead-buried", "no lead"), ("none", "there is no recipe")],
)
def test_what_cannot_be_made_is_said(noise: Noise, recipe: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_degraded(recipe, multitrack(noise, "kick", "bass"), 0)
