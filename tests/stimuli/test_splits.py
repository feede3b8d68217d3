"""Stored splits: nobody in two parts, artists together, and what is no split is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from stimuli.cli.songs import songs
from stimuli.datasets.dataset import Dataset, open_dataset
from stimuli.splits import Split, make_split, read_split, write_split

Write = Callable[..., Path]


@pytest.fixture
def dsd100(tmp_path: Path, write_sound: Write, noise: Callable[..., object]) -> Dataset:
    """Twelve songs of four artists; `Test` holds a third of them."""
    root = tmp_path / "DSD100"
    first = write_sound(root / "first.wav", noise(0.05, channels=2))
    for number in range(12):
        part = "Test" if number % 3 == 0 else "Dev"
        name = f"{part}/{number:03} - Artist {number % 4} - Song {number}"
        for place in ("bass", "drums", "other", "vocals"):
            (root / "Sources" / name).mkdir(parents=True, exist_ok=True)
            (root / "Sources" / name / f"{place}.wav").hardlink_to(first)
        (root / "Mixtures" / name).mkdir(parents=True)
        (root / "Mixtures" / name / "mixture.wav").hardlink_to(first)
    first.unlink()
    return open_dataset(root)


def parts(split: Split) -> list[set[str]]:
    return [set(part) for part in asdict(split).values()]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("how", ["song", "artist", "published"])
def test_every_song_is_in_one_part(dsd100: Dataset, how: str, seed: int) -> None:
    split = make_split(dsd100, how, seed)  # type: ignore[arg-type]
    training, validation, test = parts(split)
    assert sorted(training | validation | test) == dsd100.song_ids()
    assert len(training) + len(validation) + len(test) == 12
    assert split == make_split(dsd100, how, seed)  # type: ignore[arg-type]


def test_artists_stay_together(dsd100: Dataset) -> None:
    artists = {song.id: song.notes["artist"] for song in dsd100.songs()}
    assert len(set(artists.values())) == 4
    drawn = [{artists[name] for name in part} for part in parts(make_split(dsd100, "artist", 3))]
    assert sum(map(len, drawn)) == 4


def test_the_published_test_songs_are_the_test(dsd100: Dataset) -> None:
    split = make_split(dsd100, "published", 1)
    assert set(split.test) == {name for name in dsd100.song_ids() if name.startswith("Test/")}


def test_a_split_of_another_dataset_is_refused(dsd100: Dataset) -> None:
    with pytest.raises(ValueError, match="is a split of ENST-Drums"):
        make_split(dsd100, "toolkit", 0)


def test_a_stored_split_comes_back(dsd100: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "new" / "split.json"
    arguments = ["split", str(dsd100.root), "-o", str(out), "--seed", "4"]
    done = CliRunner().invoke(songs, arguments, catch_exceptions=False)
    assert done.output.endswith(f"test: {out}\n")
    assert read_split(out, dsd100.song_ids()) == make_split(dsd100, "artist", 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no split"),
        ("[]", "is no split"),
        ('{"training": []}', "is no split"),
        (json.dumps({"training": ["a"], "validation": [], "test": ["a"]}), "'a' more than once"),
        (json.dumps({"training": ["b"], "validation": [], "test": []}), "'b', which is not among"),
    ],
)
def test_what_is_no_split_of_these_songs_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_split(path, ["a"])


def test_the_parts_of_a_stored_split_are_evaluated(
    tmp_path: Path, write_sound: Write, noise: Callable[..., object]
) -> None:
    from stimuli.cli.mixing import mixers

    for number in range(3):
        for name in ("kick", "mix"):
            write_sound(tmp_path / "songs" / f"s{number}" / f"{name}.wav", noise(1.0, seed=number))
    write_split(Split(("s0",), (), ("s2",)), tmp_path / "split.json")
    words = ["evaluate", "--songs", tmp_path / "songs", "--systems", "mono", "-o", tmp_path / "out"]
    words += ["--split", "test", "--split-file", tmp_path / "split.json"]
    CliRunner().invoke(mixers, [str(word) for word in words], catch_exceptions=False)
    lines = (tmp_path / "out" / "evaluation.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["s2"]
