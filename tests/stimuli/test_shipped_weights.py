"""What the cards of the shipped weights say holds on songs that nobody made before."""

from __future__ import annotations

from statistics import median

import pytest

from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_songs, recipes
from stimuli.evaluation import Evaluation, Row, evaluate

pytestmark = pytest.mark.slow

SYSTEMS = ("mono", "random", "wave-u-net", "dmc", "ddsp")
CONTROLLERS = ("dmc", "ddsp")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    folder = tmp_path_factory.mktemp("unheard")
    list(make_songs(recipes(6, 12.0, 2024, "both"), folder, jobs=1))
    return list(evaluate(open_dataset(folder), Evaluation(SYSTEMS), lambda *_: None))


def distances(rows: list[Row], system: str, song: str = "") -> dict[str, float]:
    those = [row for row in rows if row.system == system and row.song.endswith(song)]
    assert those
    return {row.song: row.values["distance"] for row in those}


@pytest.mark.parametrize("system", CONTROLLERS)
@pytest.mark.parametrize("anchor", ["mono", "random"])
def test_controllers_are_nearer_to_the_human_mix(rows: list[Row], system: str, anchor: str) -> None:
    ours, theirs = distances(rows, system), distances(rows, anchor)
    assert all(ours[song] < theirs[song] for song in theirs)


def test_wave_u_net_is_nearer_than_mono_on_drums(rows: list[Row]) -> None:
    ours, theirs = (distances(rows, system, "drums") for system in ("wave-u-net", "mono"))
    assert all(ours[song] < theirs[song] for song in theirs)


@pytest.mark.parametrize("system", CONTROLLERS)
@pytest.mark.parametrize("family", ["drums", "band"])
def test_gains_and_pans_are_near_the_true_ones(rows: list[Row], system: str, family: str) -> None:
    those = [row for row in rows if row.system == system and row.song.endswith(family)]
    assert not any(row.seen for row in those)
    assert median(row.values["settings_gain_error_db"] for row in those) < 2.5
    assert median(row.values["settings_pan_error"] for row in those) < 0.15
