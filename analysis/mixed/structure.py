"""Where the random effects of crossed ratings sit, and their cross-products.

Crossed random effects make a large matrix Z, but one with structure: every effect that belongs to
one participant (the intercept, participant × system) meets only the ratings of that participant.
So Z'WZ is *bordered block diagonal*:

    one small block per participant, and one border that all blocks share
    (passages, passage × system; fixed effects too where a model wants them there).

Eliminating the blocks first leaves a system as small as the border, which is what makes a
thousand participants cheap. The factor whose blocks are eliminated is chosen to leave the smallest
border; it is mostly, but need not be, the participant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.codes import Integers, combinations

Floats = NDArray[np.float64]

RandomTerm = tuple[str, ...]
"""A random intercept: the factors whose combinations are its levels."""

CROSSED: tuple[RandomTerm, ...] = (
    ("participant",),
    ("passage",),
    ("participant", "system"),
    ("passage", "system"),
)
"""Participants and passages are both samples, and each may favour its own system."""


@dataclass(frozen=True)
class Cross:
    """Weighted cross-products of the columns of a `Structure`.

    Attributes:
        inner: `(blocks, width, width)`, within each block.
        mixed: `(blocks, width, border)`, between each block and the border.
        border: `(border, border)`.
    """

    inner: Floats
    mixed: Floats
    border: Floats


@dataclass(frozen=True, eq=False)
class Structure:
    """The non-zero entries of Z, row by row: those within the row's block and those in the border.

    Attributes:
        terms: names of the random terms, such as "participant:system"; inner terms first.
        levels: how many levels each term has in these data.
        block: `(rows,)`, the block of each row.
        inner: `(rows, entries)`, positions within the block.
        inner_values: `(rows, entries)`.
        inner_terms: `(width,)`, the term that each position of a block belongs to.
        border: `(rows, entries)`, columns of the border.
        border_values: `(rows, entries)`.
        border_terms: `(random columns,)`, the term of each random column of the border.
        border_width: columns of the border, random ones first.
    """

    terms: tuple[str, ...]
    levels: tuple[int, ...]
    block: Integers
    inner: Integers
    inner_values: Floats
    inner_terms: Integers
    border: Integers
    border_values: Floats
    border_terms: Integers
    border_width: int

    @property
    def width(self) -> int:
        """Positions in a block; blocks with fewer levels leave the last ones empty."""
        return len(self.inner_terms)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int(self.block.max()) + 1

    def with_columns(self, columns: Integers, values: Floats) -> Structure:
        """The same structure with further border columns: `columns`, `values` of shape (rows, c).

        Columns count from the end of the present border.
        """
        added = int(columns.max()) + 1
        return Structure(
            terms=self.terms,
            levels=self.levels,
            block=self.block,
            inner=self.inner,
            inner_values=self.inner_values,
            inner_terms=self.inner_terms,
            border=np.hstack([self.border, self.border_width + columns]),
            border_values=np.hstack([self.border_values, values]),
            border_terms=self.border_terms,
            border_width=self.border_width + added,
        )

    def gram(self) -> Cross:
        """Z'Z."""
        return self._cross(*(_sums(*entries) for entries in self._products()))

    def cross(self, weights: Floats) -> Cross:
        """Z'WZ for one weight per row; what can be prepared for further weights is kept."""
        return self._cross(*(pattern @ weights for pattern in self._patterns))

    def _cross(self, inner: Floats, mixed: Floats, border: Floats) -> Cross:
        width, columns = self.width, self.border_width
        return Cross(
            inner.reshape(self.blocks, width, width),
            mixed.reshape(self.blocks, width, columns),
            border.reshape(columns, columns),
        )

    def quadratic(self, matrix: Cross) -> Floats:
        """`z' M z` for each row z of Z, from the entries of M that Z'Z touches; `(rows,)`."""
        inner, mixed, border = self._patterns
        parts: Floats = (
            inner.T @ matrix.inner.ravel()
            + 2.0 * (mixed.T @ matrix.mixed.ravel())
            + border.T @ matrix.border.ravel()
        )
        return parts

    def times(self, inner: Floats, border: Floats) -> Floats:
        """Z u for u given as `(blocks, width)` and `(border,)`; `(rows,)`."""
        in_block = (inner[self.block[:, None], self.inner] * self.inner_values).sum(axis=1)
        product: Floats = in_block + (border[self.border] * self.border_values).sum(axis=1)
        return product

    def transposed_times(self, rows: Floats) -> tuple[Floats, Floats]:
        """Z'r for one value per row, as `(blocks, width)` and `(border,)`."""
        cell = self.block[:, None] * self.width + self.inner
        inner = np.bincount(
            cell.ravel(), (self.inner_values * rows[:, None]).ravel(), self.blocks * self.width
        )
        border = np.bincount(
            self.border.ravel(),
            (self.border_values * rows[:, None]).ravel(),
            self.border_width,
        )
        shape = (self.blocks, self.width)
        return inner.reshape(shape).astype(np.float64), border.astype(np.float64)

    @cached_property
    def _patterns(self) -> tuple[sparse.csr_array, ...]:
        """Three matrices that map one weight per row to the entries of Z'WZ."""
        return tuple(_pattern(*entries) for entries in self._products())

    def _products(self) -> Iterator[tuple[Integers, Floats, int]]:
        """What each row adds to the entries of Z'Z: `(rows, entries)` where and what, and the size.

        Within the blocks, between blocks and border, and in the border.
        """
        cell = self.block[:, None] * self.width + self.inner
        width, columns = self.width, self.border_width
        inner = (cell, self.inner, self.inner_values)
        border = (self.border, self.border, self.border_values)
        yield *_product(inner, inner, width), self.blocks * width * width
        yield *_product(inner, border, columns), self.blocks * width * columns
        yield *_product(border, border, columns), columns * columns


_Entries = tuple[Integers, Integers, Floats]


def _product(left: _Entries, right: _Entries, stride: int) -> tuple[Integers, Floats]:
    cell = left[0][:, :, None] * stride + right[1][:, None, :]
    values = left[2][:, :, None] * right[2][:, None, :]
    return cell.reshape(len(cell), -1), values.reshape(len(cell), -1)


def _sums(cell: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(cell.ravel(), values.ravel(), size).astype(np.float64, copy=False)


def _pattern(cell: Integers, values: Floats, size: int) -> sparse.csr_array:
    row = np.broadcast_to(np.arange(len(cell))[:, None], cell.shape)
    entries = (values.ravel(), (cell.ravel(), row.ravel()))
    return sparse.csr_array(sparse.coo_array(entries, shape=(size, len(cell))))


@dataclass(frozen=True, eq=False)
class Term:
    """One random term with the levels that each row touches.

    Attributes:
        factors: its factors.
        codes: `(rows, entries)`, level of each entry, 0..levels-1. A rating touches one level of
            a term; a comparison of two systems touches two.
        values: `(rows, entries)`, the entries of Z.
    """

    factors: RandomTerm
    codes: Integers
    values: Floats

    @property
    def name(self) -> str:
        """The term as R writes it: "participant:system"."""
        return ":".join(self.factors)

    @property
    def levels(self) -> int:
        """How many levels occur."""
        return int(self.codes.max()) + 1


def intercepts(factors: Mapping[str, Integers], random: Sequence[RandomTerm]) -> tuple[Term, ...]:
    """The terms of random intercepts, from one integer code per row and factor.

    Raises:
        ValueError: a term names a factor that the data do not have, or comes twice.
    """
    terms = []
    for names in random:
        unknown = [name for name in names if name not in factors]
        if unknown or not names:
            raise ValueError(
                f"random term {':'.join(names)!r}: there is no factor {', '.join(unknown)!r}; "
                f"there are {', '.join(factors)}"
            )
        codes = combinations(*(factors[name] for name in names))[:, None]
        terms.append(Term(tuple(names), codes, np.ones(codes.shape)))
    if len({frozenset(term.factors) for term in terms}) < len(terms):
        raise ValueError("a random term comes twice; name each once")
    return tuple(terms)


def arrange(terms: Sequence[Term], factors: Mapping[str, Integers]) -> Structure:
    """Choose the factor whose blocks are eliminated and lay the terms out around it."""
    rows = len(next(iter(factors.values())))
    by = _block_factor(terms)
    inner = [term for term in terms if by in term.factors]
    outer = [term for term in terms if by not in term.factors]
    block = factors[by] if inner else np.zeros(rows, np.int64)
    positions: list[Integers] = []
    widths: list[int] = []
    for term in inner:
        position = _ranks_within(block, term)
        positions.append(position + sum(widths))
        widths.append(int(position.max()) + 1)
    offsets = np.cumsum([0, *(term.levels for term in outer)])
    columns = [term.codes + offset for term, offset in zip(outer, offsets, strict=False)]
    return Structure(
        terms=tuple(term.name for term in (*inner, *outer)),
        levels=tuple(term.levels for term in (*inner, *outer)),
        block=block,
        inner=_side_by_side(positions, rows, np.int64),
        inner_values=_side_by_side([term.values for term in inner], rows, np.float64),
        inner_terms=np.repeat(np.arange(len(inner)), widths),
        border=_side_by_side(columns, rows, np.int64),
        border_values=_side_by_side([term.values for term in outer], rows, np.float64),
        border_terms=np.repeat(
            np.arange(len(outer)) + len(inner), [term.levels for term in outer]
        ).astype(np.int64),
        border_width=int(offsets[-1]),
    )


def _block_factor(terms: Sequence[Term]) -> str:
    """The factor that leaves the fewest columns in the border."""

    def border(name: str) -> int:
        return sum(term.levels for term in terms if name not in term.factors)

    names = sorted({name for term in terms for name in term.factors})
    return min(names, key=border) if names else ""


def _ranks_within(block: Integers, term: Term) -> Integers:
    """Number the levels of a term that is nested in the blocks from 0 within each block."""
    owner = np.zeros(term.levels, np.int64)
    owner[term.codes] = block[:, None]
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], owner[order])
    ranks = np.empty(term.levels, np.int64)
    ranks[order] = np.arange(term.levels) - first
    return ranks[term.codes]


def _side_by_side(parts: Sequence[NDArray[Any]], rows: int, kind: type) -> NDArray[Any]:
    return np.hstack(parts) if parts else np.zeros((rows, 0), kind)
