"""`flask mixers evaluate`: tables and a figure that say how near systems come to the human mix."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from mixers.forest import Forest, learn_from
from stimuli.cli.mixing import mixers
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.demo.songbook import make_songs, recipes
from stimuli.evaluation import MEASURES, Evaluation, Row, evaluate
from stimuli.evaluation_report import FEATURES, markdown, table, write_report
from stimuli.splits import fingerprint, split_songs

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    list(make_songs(recipes(2, 5.0, 31, "both"), folder, jobs=1))
    return folder


@pytest.fixture(scope="module")
def report(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    systems = "target,mono,random,random-console,forest"
    arguments = ["evaluate", "--songs", str(book), "--systems", systems, "-o", str(out)]
    done = CliRunner().invoke(mixers, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "evaluation.md" in done.output
    return out


def read(report: Path) -> list[dict[str, str]]:
    with (report / "evaluation.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(report: Path, system: str, measure: str) -> list[float]:
    return [float(row[measure]) for row in read(report) if row["system"] == system]


def test_the_human_mix_is_at_no_distance_from_itself(report: Path) -> None:
    for measure in ("distance", "level_error_db", "pan_error", "feature_error_percent"):
        assert max(values(report, "target", measure)) == pytest.approx(0, abs=1e-9)
        assert min(values(report, "random", measure)) > 0
    assert values(report, "target", "excess_high_db") == pytest.approx([0, 0], abs=6)


def test_what_is_known_is_told(report: Path) -> None:
    rows = read(report)
    assert len(rows) == 10
    assert {row["failure"] for row in rows} == {""}
    # Mono, Random and Target work without a console.
    told = {row["system"] for row in rows if row["settings_gain_error_db"]}
    assert told == {"random-console", "forest"}
    assert max(values(report, "mono", "clicks_per_s")) == 0
    assert all(float(row["real_time_factor"]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("measure", "baseline"),
    [("level_error_db", "random"), ("pan_error", "random"), ("distance", "mono")],
)
def test_the_forest_is_nearer_than_the_baselines(report: Path, measure: str, baseline: str) -> None:
    assert np.mean(values(report, "forest", measure)) < np.mean(values(report, baseline, measure))


def test_markdown_and_figure_show_every_system(report: Path) -> None:
    text = (report / "evaluation.md").read_text(encoding="utf-8")
    header = next(line for line in text.splitlines() if line.startswith("| measure"))
    ranked = header.replace(" ", "").strip("|").split("|")[1:]
    assert len(ranked) == 5
    assert ranked == sorted(ranked, key=lambda system: np.mean(values(report, system, "distance")))
    assert all(f"**{measure}**" in text for measure in MEASURES)
    assert all(f"\n| {feature} | " in text for feature in FEATURES)
    assert "has learnt" not in text
    assert (report / "evaluation.png").read_bytes().startswith(b"\x89PNG")


def quiet(step: str, done: int, total: int) -> None:
    assert done <= total


def test_songs_that_a_system_has_learnt_from_are_named(book: Path, tmp_path: Path) -> None:
    dataset = open_dataset(book)
    song = dataset.open_song(dataset.song_ids()[1])
    multitrack = song.load()
    assert multitrack.target is not None
    example = learn_from(multitrack, multitrack.target, fingerprint(song, multitrack))
    assert Forest().fit([example], 0).songs_ == (fingerprint(song, multitrack),)
    rows = [Row("a", "forest", True, {"distance": 1.0}), Row("b", "forest", False, failure="why")]
    text = markdown(rows)
    assert "`forest` has learnt from 1 of these songs" in text
    assert "`forest` could not mix b: why" in text
    write_report(rows, tmp_path)
    assert table(rows).splitlines()[2].endswith(",why")


def test_a_part_of_the_split_is_what_training_left(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    for n in range(6):
        write_sound(tmp_path / f"song {n}" / "a.wav", noise(0.5, 8_000, 1, n), 8_000)
        write_sound(tmp_path / f"song {n}" / "mix.wav", noise(0.5, 8_000, 2, n), 8_000)
    dataset = open_dataset(tmp_path)
    split = split_songs(dataset.song_ids(), 3)
    rows = list(evaluate(dataset, Evaluation(("mono",), "test", 3), quiet))
    assert tuple(row.song for row in rows) == split.test
    with pytest.raises(ValueError, match="too few songs for a test part"):
        list(evaluate(open_dataset(tmp_path / "song 1"), Evaluation(("mono",), "test"), quiet))
    with pytest.raises(ValueError, match="no mixer 'nobody'"):
        list(evaluate(dataset, Evaluation(("nobody",)), quiet))


def test_what_was_measured_is_not_measured_again(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    for n in range(2):
        song_of([noise(0.5, 8_000, 1, n)], tmp_path / "songs" / f"song {n}", write_sound)
    dataset, wanted = open_dataset(tmp_path / "songs"), Evaluation(("mono", "random"))
    interrupted = evaluate(dataset, wanted, quiet, tmp_path / "kept")
    first = [next(interrupted), next(interrupted)]
    again = list(evaluate(dataset, wanted, quiet, tmp_path / "kept"))
    # Times are never the same twice.
    assert again[:2] == first
    assert len(again) == len(list((tmp_path / "kept").iterdir())) == 4
    other_seed = Evaluation(("mono", "random"), seed=1)
    assert list(evaluate(dataset, other_seed, quiet, tmp_path / "kept"))[1] != first[1]


def song_of(tracks: list[NDArray[np.float32]], folder: Path, write_sound: Write) -> None:
    for n, samples in enumerate(tracks):
        write_sound(folder / f"t{n:02}.wav", samples, 8_000)
    mix = np.repeat(np.mean(tracks, axis=0), 2, axis=0)
    write_sound(folder / "mix.wav", mix, 8_000)


@pytest.mark.parametrize("kind", ["one track", "64 tracks", "silent track", "identical tracks"])
@pytest.mark.parametrize("system", ["random-console", "forest"])
def test_hard_songs_are_measured(
    kind: str, system: str, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    sound = noise(5.0 if kind == "one track" else 1.0, 8_000)
    tracks = {
        "one track": [sound],
        "64 tracks": [noise(1.0, 8_000, 1, n) for n in range(64)],
        "silent track": [sound, 0 * sound],
        "identical tracks": [sound, sound],
    }[kind]
    song_of(tracks, tmp_path / "song", write_sound)
    (row,) = evaluate(open_dataset(tmp_path), Evaluation((system,)), quiet)
    assert row.failure == ""
    assert all(np.isfinite(value) for value in row.values.values())


def test_a_silent_human_mix_and_none_at_all_leave_gaps(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    for name in ("silent", "without"):
        write_sound(tmp_path / name / "a.wav", noise(0.6))
    write_sound(tmp_path / "silent" / "mix.wav", 0 * noise(0.6, 44_100, 2))
    rows = list(evaluate(open_dataset(tmp_path), Evaluation(("mono", "target")), quiet))
    assert all("distance" not in row.values for row in rows)
    assert "has no human mix" in rows[-1].failure
