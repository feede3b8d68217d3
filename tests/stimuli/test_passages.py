"""Passages are chosen by the seed, hold sound, and do not overlap."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stimuli.datasets.folder import open_folder
from stimuli.passages import (
    How,
    Passage,
    choose_starts,
    fade,
    passages_from_csv,
    passages_to_csv,
)

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.mark.parametrize("seed", range(8))
def test_a_passage_lies_where_something_plays(
    tmp_path: Path, noise: Noise, write_sound: Write, seed: int
) -> None:
    samples = noise(20.0, 8_000)
    samples[:, : 8 * 8_000] = 0
    samples[:, 16 * 8_000 :] *= 1e-4
    write_sound(tmp_path / "kick.wav", samples, 8_000, "FLOAT")
    song = open_folder(tmp_path)
    first, second = choose_starts(song, 2, 3.0, seed)
    assert first == choose_starts(song, 2, 3.0, seed)[0]
    assert first + 3.0 <= second
    assert first >= 7.5
    assert second + 3.0 <= 17.0
    with pytest.raises(ValueError, match=r"has room for [23] passages of 3 s"):
        choose_starts(song, 4, 3.0, seed)


def test_a_song_that_is_too_short_is_refused(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    write_sound(tmp_path / "kick.wav", noise(2.0))
    with pytest.raises(ValueError, match=r"lasts 2\.00 s, too short for 10 s"):
        choose_starts(open_folder(tmp_path), 1, 10.0, seed=0)


def test_fades_are_symmetrical_and_leave_the_middle() -> None:
    faded = fade(np.ones((2, 4_410), dtype=np.float32), 44_100, 0.02)
    np.testing.assert_allclose(faded, faded[:, ::-1], atol=1e-7)
    assert faded[0, 0] < 1e-3
    assert (faded[:, 882:-882] == 1).all()
    assert (np.diff(faded[0, :882]) > 0).all()
    with pytest.raises(ValueError, match="do not fit"):
        fade(np.ones((1, 100), dtype=np.float32), 44_100, 0.02)


@pytest.fixture
def verse_and_chorus(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    """A guitar throughout, drums from 20 s, a choir from 20 s to 30 s; silence in between."""
    for seed, (name, start_s, stop_s) in enumerate(
        [("guitar", 0, 40), ("drums", 20, 40), ("choir", 20, 30)]
    ):
        samples = noise(40.0, 8_000, seed=seed)
        samples[:, : start_s * 8_000] = 0
        samples[:, stop_s * 8_000 :] = 0
        samples[:, 34 * 8_000 : 38 * 8_000] = 0
        write_sound(tmp_path / f"{name}.wav", samples, 8_000)
    return tmp_path


@pytest.mark.parametrize("seed", range(3))
def test_the_active_passage_is_where_most_tracks_play(verse_and_chorus: Path, seed: int) -> None:
    (start_s,) = choose_starts(open_folder(verse_and_chorus), 1, 8.0, seed, "active")
    assert 20.0 <= start_s <= 22.0


@pytest.mark.parametrize("seed", range(3))
def test_the_change_is_in_the_middle_of_its_passage(verse_and_chorus: Path, seed: int) -> None:
    (start_s,) = choose_starts(open_folder(verse_and_chorus), 1, 8.0, seed, "change")
    assert start_s == 16.0


@pytest.mark.parametrize("how", ["active", "change", "chance"])
def test_no_passage_is_silent_however_chosen(verse_and_chorus: Path, how: How) -> None:
    starts = choose_starts(open_folder(verse_and_chorus), 4, 6.0, 1, how)
    assert all(start + 6.0 <= 34.5 for start in starts)
    assert all(second - first >= 6.0 for first, second in pairwise(starts))


@given(
    st.lists(
        st.builds(
            lambda number, start, length: Passage(f"p{number}", 'Song, the "1st"', start, length),
            st.integers(0, 10**6),
            st.floats(0, 1e4),
            st.floats(0.5, 600),
        ),
        min_size=1,
        unique_by=lambda passage: passage.name,
    )
)
def test_passages_by_hand_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, passages: list[Passage]
) -> None:
    path = tmp_path_factory.mktemp("hand") / "passages.csv"
    passages_to_csv(passages, path)
    assert passages_from_csv(path) == tuple(passages)


def test_passages_by_hand_need_no_names(tmp_path: Path) -> None:
    path = tmp_path / "passages.csv"
    path.write_text("song,start_s,duration_s\nAnna,3,10\nBo,4.5,8\nAnna,30,10\n")
    assert [passage.name for passage in passages_from_csv(path)] == ["Anna-1", "Bo-1", "Anna-2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("song,start_s\nAnna,3\n", "line 2: no column 'duration_s'; the columns are song"),
        ("song,start_s,duration_s\nAnna,late,3\n", "line 2: could not convert .*'late'"),
        ("song,start_s,duration_s\nAnna,-1,3\n", "line 2: passage Anna-1: starts at -1 s"),
        ("song,start_s,duration_s,name\nA,1,3,x\nB,1,3,x\n", "two passages called x"),
        ("song,start_s,duration_s\n", "has no passages"),
        ("song,start_s,duration_s\n,1,3\n", "line 2: no song"),
    ],
)
def test_what_is_wrong_with_passages_by_hand_is_named(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "passages.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        passages_from_csv(path)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "passages.csv"
    path.write_bytes("song,start_s,duration_s\nsöng,1,3\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"passages\.csv is no CSV file in UTF-8"):
        passages_from_csv(path)
