"""Read ratings from files: our tidy tables and any long table by naming its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.ratings import Ratings, from_table

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".json")


def read_ratings(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    scale: tuple[float, float] | None = None,
    systems: Sequence[str] = (),
) -> Ratings:
    """Read a table of ratings, one row a rating.

    Args:
        path: CSV (comma, semicolon or tab), Parquet, or JSON (a list of objects).
        columns: our name -> the file's name, for tables of other tools.
        scale: the lowest and highest possible score; guessed by default.
        systems: levels of `system` to put first, in this order.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such table, or a row is wrong; the message names file and line.
    """
    frame, first_row, row_word = read_frame(path)
    try:
        return from_table(
            frame,
            columns,
            study=path.stem,
            scale=scale,
            systems=systems,
            first_row=first_row,
            row_word=row_word,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_frame(path: Path) -> tuple[pd.DataFrame, int, str]:
    """The raw table, the number of its first row of data, and what people call its rows."""
    kind = path.suffix.lower()
    if kind not in TABLES:
        raise ValueError(f"{path}: ratings are read from {', '.join(TABLES)}, not from {kind!r}")
    try:
        if kind == ".parquet":
            return pd.read_parquet(path), 1, "row"
        if kind == ".json":
            return pd.DataFrame(_json_rows(path)), 1, "row"
        # The separator is sniffed; every cell stays text, so "007" remains a participant's name.
        frame = pd.read_csv(
            path, sep=None, engine="python", dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} is no table of ratings: {error}") from None
    return frame, 2, "line"


def _json_rows(path: Path) -> list[Mapping[str, object]]:
    data = json.loads(path.read_text(encoding="utf-8"))
    rows = data.get("ratings") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("JSON must be a list of objects, one a rating")
    return rows
