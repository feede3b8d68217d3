"""Read ratings from files: our tidy tables, other tools' exports, any table by naming columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.delimited import decoded, read_delimited
from analysis.exports import read_waet, translated, wide_to_long
from analysis.golisten import is_golisten, read_golisten
from analysis.ratings import Ratings, Scale, from_table

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".xml")


def read_ratings(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    scale: Scale | Mapping[str, Scale] | None = None,
    systems: Sequence[str] = (),
    wide: Sequence[str] = (),
) -> Ratings:
    """Read a table of ratings: ours, an export of another tool, or any by naming columns.

    Args:
        path: CSV (comma, semicolon, tab or bar), Parquet, JSON (a list of objects), or a session of
            the Web Audio Evaluation Tool (XML). What webMUSHRA, pymushra and Go Listen write is
            known.
        columns: our name -> the file's name, for tables of other tools.
        scale: the lowest and highest possible score, of all attributes or by attribute; guessed
            by default.
        systems: levels of `system` to put first, in this order.
        wide: columns that hold the scores of one system each, in a table of a row a page.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such table, or a row is wrong; the message names file and line.
    """
    frame, places, row_word = read_frame(path)
    lines = len(frame)
    try:
        if wide:
            frame = wide_to_long(frame, list(wide))
        elif not columns:
            frame = translated(frame)
        if len(frame) != lines:
            places, row_word = None, "rating"
        return from_table(
            frame,
            columns,
            study=path.stem,
            scale=scale,
            systems=systems,
            places=places,
            row_word=row_word,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_frame(path: Path) -> tuple[pd.DataFrame, Sequence[int] | None, str]:
    """The raw table, the line of each row where it has lines, and what people call its rows."""
    kind = path.suffix.lower()
    if kind not in TABLES:
        ending = f"{kind!r}" if kind else "a file without an ending"
        raise ValueError(f"{path}: ratings are read from {', '.join(TABLES)}, not from {ending}")
    try:
        if kind == ".xml":
            return read_waet(path), None, "rating"
        if kind == ".parquet":
            return pd.read_parquet(path), None, "row"
        if kind == ".json":
            return pd.DataFrame(_json_rows(path)), None, "row"
        text = decoded(path.read_bytes())
        if is_golisten(text):
            return read_golisten(text), None, "rating"
        frame, lines = read_delimited(text)
    except (ValueError, RecursionError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} is no table of ratings: {error}") from None
    if "'" in text:
        frame = frame.apply(without_apostrophes)
    return frame, lines.tolist(), "line"


def without_apostrophes(column: pd.Series) -> pd.Series:
    """Texts without the apostrophe that keeps a spreadsheet from running them as formulas."""
    return column.str.replace(r"^'(?='*[=+\-@\t\r\n])", "", regex=True)


def _json_rows(path: Path) -> list[Mapping[str, object]]:
    data = json.loads(path.read_text(encoding="utf-8"))
    rows = data.get("ratings") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("JSON must be a list of objects, one a rating")
    return rows
