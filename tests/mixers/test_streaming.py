"""A song in pieces comes out as the whole, in bounded memory, whatever the threads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixers.console import BLOCK_FRAMES, render, stream
from mixers.grid import Block, on_grid
from mixers.multitrack import Multitrack, Samples, Track
from mixers.settings import BusSettings, Compressor, EqBand, Reverb, Settings, TrackSettings

RATE_HZ = 16_000
FRAMES = 2 * BLOCK_FRAMES + 4321
FULL = Settings(
    (
        TrackSettings(
            "a",
            3.0,
            -1,
            (EqBand("peak", 500, 6), EqBand("high_pass", 40), EqBand("low_shelf", 90, 3)),
            Compressor(-30, 4, 3, 200, sidechain="b"),
            Reverb(0.3),
            0.2,
            -6.0,
        ),
        TrackSettings("b", 12.0, compressor=Compressor(-20, 8), pan=-1, send_db=0.0),
    ),
    BusSettings(Reverb(2.5), 1.0, -3.0),
)


def noise(channels: int, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    swell = np.sin(np.arange(FRAMES) / 5000) ** 2
    return (0.3 * swell * rng.standard_normal((channels, FRAMES))).astype(np.float32)


SONG = Multitrack("n", RATE_HZ, (Track("a", "bass", noise(1, 1)), Track("b", "pad", noise(2, 2))))
WHOLE = render(SONG, FULL, workers=1).samples


def pieces(lengths: list[int]) -> Iterator[Block]:
    """The song in pieces of these lengths, over and over."""
    start, turn = 0, 0
    while start < FRAMES:
        stop = start + lengths[turn % len(lengths)]
        yield {track.name: track.samples[:, start:stop] for track in SONG.tracks}
        start, turn = stop, turn + 1


@given(
    st.lists(st.integers(1, 3 * BLOCK_FRAMES), min_size=1, max_size=8).filter(
        lambda n: sum(n) > 500
    )
)
@settings(max_examples=12, deadline=None)
def test_pieces_of_any_length_make_the_whole_to_the_bit(lengths: list[int]) -> None:
    streamed = np.concatenate(list(stream(pieces(lengths), FULL, RATE_HZ)), axis=1)
    np.testing.assert_array_equal(streamed, WHOLE)


def test_threads_change_no_bit() -> None:
    np.testing.assert_array_equal(render(SONG, FULL, workers=3).samples, WHOLE)


@pytest.mark.parametrize("frames", [1, 100, 5000])
def test_short_songs_keep_their_length(frames: int) -> None:
    short = Multitrack(
        "s", RATE_HZ, tuple(Track(t.name, t.role, t.samples[:, :frames]) for t in SONG.tracks)
    )
    assert render(short, FULL).samples.shape == (2, frames)


def test_a_stream_may_reuse_its_memory() -> None:
    buffer = {"x": np.zeros((1, 10), dtype=np.float32)}

    def reused() -> Iterator[Block]:
        for i in range(7):
            buffer["x"][:] = i
            yield buffer

    blocks = [block["x"][0] for block in on_grid(reused(), 16)]
    np.testing.assert_array_equal(np.concatenate(blocks), np.repeat(np.arange(7), 10))
    assert [len(block) for block in blocks] == [16, 16, 16, 16, 6]


def test_an_empty_stream_is_no_mix() -> None:
    assert list(stream([], FULL, RATE_HZ)) == []


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"a": (1, 5), "b": (1, 5)}, "a block has tracks and channels"),
        ({"a": (1, 5)}, "a block has tracks and channels"),
        ({"a": (1, 5), "b": (2, 4)}, "tracks of unequal length"),
    ],
)
def test_pieces_that_do_not_fit_are_refused(
    second: dict[str, tuple[int, int]], message: str
) -> None:
    shapes = [{"a": (1, 5), "b": (2, 5)}, second]
    blocks = [{k: np.zeros(v, dtype=np.float32) for k, v in piece.items()} for piece in shapes]
    with pytest.raises(ValueError, match=message):
        list(stream(blocks, FULL, RATE_HZ))


def test_what_is_no_sound_is_refused() -> None:
    nan = {"a": np.full((1, 5), np.nan, dtype=np.float32), "b": np.zeros((2, 5), dtype=np.float32)}
    with pytest.raises(ValueError, match="a block of track 'a': holds NaN"):
        list(stream([nan], FULL, RATE_HZ))
    with pytest.raises(ValueError, match="the stream: sample rate 44 Hz"):
        stream([], FULL, 44)


def test_a_stream_of_unknown_tracks_is_refused() -> None:
    with pytest.raises(ValueError, match="no track for b"):
        list(stream([{"a": np.zeros((1, 5), dtype=np.float32)}], FULL, RATE_HZ))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_song() -> None:
    rate_hz = 96_000
    block = {name: np.zeros((1, BLOCK_FRAMES), dtype=np.float32) for name in "ab"}
    list(stream([block], FULL, rate_hz))

    def peak_bytes(seconds: int) -> int:
        count = seconds * rate_hz // BLOCK_FRAMES
        tracemalloc.start()
        for _ in stream((block for _ in range(count)), FULL, rate_hz):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # One track of the longer song alone would be 12 MB more.
    assert peak_bytes(40) < peak_bytes(8) + 4_000_000
