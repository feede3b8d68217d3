"""Delimited text as spreadsheets and programs write it: decoded, split, every row counted.

Nothing is guessed that could change a value: a file that is not what it seems is refused, with the
line as an editor counts it and what to do.
"""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SEPARATORS = (",", ";", "\t", "|")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NAMES = {"\t": "tab", " ": "space"}


def decoded(data: bytes) -> str:
    """The text of a file, with line feeds alone at the ends of lines.

    UTF-8, with or without its mark, and UTF-16 with one, as spreadsheets write "Unicode text".

    Raises:
        ValueError: it is no text, or in another encoding.
    """
    if data.startswith(_WORKBOOKS):
        raise ValueError("this is a spreadsheet's workbook; save the sheet as CSV (UTF-8)")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"line {line} is not in UTF-8; save the file anew as CSV in UTF-8"
        ) from None
    if "\0" in text:
        raise ValueError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} is no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_delimited(text: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The cells of a table as text, and the line of each row.

    The separator is the sign out of comma, semicolon, tab and bar that is most often in the first
    line; white space where there is none of them. Empty lines are skipped. All cells stay text, so
    that "007" remains a participant's name.

    Raises:
        ValueError: there is no table, a quotation mark is not closed, or a row has more or fewer
            fields than the first line has names; the message names the line.
    """
    head = next((line for line in text.split("\n") if line.strip()), None)
    if head is None:
        raise ValueError("the file is empty")
    separator = _separator(head)
    spaces = separator == " "
    lines, widths = _rows(text, separator)
    wrong = np.flatnonzero(widths != widths[0])
    if wrong.size:
        raise ValueError(_uneven(lines, widths, wrong, separator))
    cells = pd.read_csv(
        StringIO(text),
        sep=r"\s+" if spaces else separator,
        header=None,
        dtype=str,
        keep_default_na=False,
        low_memory=False,
    )
    names = [str(name).strip() for name in cells.iloc[0]]
    frame = cells.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index(names)
    return frame, lines[1:]


def _separator(head: str) -> str:
    """The sign that parts the names of the first line, outside of quotation marks."""
    bare = "".join(head.split('"')[::2])
    best = max(SEPARATORS, key=bare.count)
    return best if best in bare else " "


def _rows(text: str, separator: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Line and number of fields of every row that holds something."""
    found: list[tuple[int, int]] = []
    if separator == " ":
        found = [
            (number, len(line.split()))
            for number, line in enumerate(text.split("\n"), 1)
            if line.strip()
        ]
    elif '"' not in text:
        found = [
            (number, line.count(separator) + 1)
            for number, line in enumerate(text.split("\n"), 1)
            if line.strip(" ")
        ]
    else:
        # Cells in quotation marks may hold separators and ends of lines.
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
        before = 0
        try:
            for row in reader:
                if len(row) > 1 or (row and row[0].strip(" ")):
                    found.append((before + 1, len(row)))
                before = reader.line_num
        except csv.Error as error:
            raise ValueError(f"line {before + 1}: a quotation mark is amiss ({error})") from None
    table = np.array(found, dtype=np.int64)
    return table[:, 0], table[:, 1]


def _uneven(
    lines: NDArray[np.int64],
    widths: NDArray[np.int64],
    wrong: NDArray[np.int64],
    separator: str,
) -> str:
    first = wrong[0]
    sign = _NAMES.get(separator, separator)
    more = f", and {wrong.size - 1} more lines do not either" if wrong.size > 1 else ""
    hint = ""
    if separator == "," and widths[first] > widths[0] and 2 * wrong.size > widths.size:
        hint = "; with decimal commas, part the columns by semicolons"
    return (
        f"line {lines[first]} has {widths[first]} fields parted by {sign!r}, which does not fit "
        f"the {widths[0]} names of the first line{more}{hint}"
    )
