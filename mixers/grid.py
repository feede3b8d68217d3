"""Sound that arrives in pieces of any length, cut into blocks of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from mixers.multitrack import Samples, check_samples

Block = Mapping[str, Samples]
"""A stretch of every track by name, each `(channels, frames)`, equally long."""


def on_grid(pieces: Iterable[Block], block_frames: int) -> Iterator[Block]:
    """Cut pieces into blocks; only the last one may be shorter.

    Raises:
        ValueError: a piece has other tracks or channels than the first, tracks of unequal
            length, or what is no finite float32 audio.
    """
    waiting: list[Block] = []
    count = 0
    layout: dict[str, int] = {}
    for piece in pieces:
        layout = layout or _layout(piece)
        frames = _frames(piece, layout)
        start = 0
        while count + frames - start >= block_frames:
            stop = start + block_frames - count
            yield _joined([*waiting, _cut(piece, start, stop)])
            waiting, count, start = [], 0, stop
        if start < frames:
            waiting.append(_cut(piece, start, frames))
            count += frames - start
    if waiting:
        yield _joined(waiting)


def _layout(piece: Block) -> dict[str, int]:
    return {name: len(samples) for name, samples in piece.items()}


def _frames(piece: Block, layout: dict[str, int]) -> int:
    if _layout(piece) != layout:
        raise ValueError(f"a block has tracks and channels {_layout(piece)}, the first {layout}")
    lengths = {name: samples.shape[1] for name, samples in piece.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"a block has tracks of unequal length: {lengths} frames")
    for name, samples in piece.items():
        check_samples(samples, f"a block of track {name!r}", channels=(1, 2))
    return next(iter(lengths.values()), 0)


def _cut(piece: Block, start: int, stop: int) -> Block:
    # A copy: whoever streams may write the next piece to the same memory.
    return {name: samples[:, start:stop].copy() for name, samples in piece.items()}


def _joined(pieces: list[Block]) -> Block:
    return {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
