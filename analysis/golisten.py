"""Downloads of Go Listen (Barry et al., JORS 9, 2021): a row a participant, several lines of head.

A MUSHRA test heads its columns by three lines: tags, questions and titles of examples, and the
names of the sounds; an ACR test has the first two, and its examples are the stimuli:

    Tags,,drums,,,                        Tags,,speech,noisy
    Name,Date,"Example 1 rating",,,       Name,Date,"Example 1 rating","Example 2 rating"
    ,,drums_mono.wav,drums_dmc.wav,…      Ann,2021-03-01 10:00:00,"4","2"
    Ann,2021-03-01 10:00:00,20,55,…

Columns of times and answers to questions are left out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from io import StringIO
from pathlib import PurePath
from typing import Any

import pandas as pd

HEAD = "Tags,"
RATED = " rating"
SEPARATORS = " _-."


def is_golisten(text: str) -> bool:
    """Whether a text begins as a download of Go Listen."""
    lines = text.lstrip("\ufeff").splitlines()[:2]
    return len(lines) == 2 and lines[0].startswith(HEAD) and lines[1].startswith("Name,Date")


def read_golisten(text: str) -> pd.DataFrame:
    """The ratings of a MUSHRA or ACR test, one a row, missing ones empty.

    Raises:
        ValueError: a score is no number (the message names line and column), or it is a test that
            does not say what was rated, as an AB test.
    """
    table = list(csv.reader(StringIO(text.lstrip("\ufeff"))))
    tags, titles = table[0], table[1]
    named = len(table) > 2 and not "".join(table[2][:2]).strip()
    stimuli = _sounds(titles, table[2]) if named else _examples(titles, tags)
    if not stimuli:
        raise ValueError(
            "this download of Go Listen does not say which sounds were rated: only its MUSHRA and "
            "ACR tests do; name the columns of other tables with --column"
        )
    first = 3 if named else 2
    people = _participants(table[first:])
    return pd.DataFrame(
        [
            {"participant": who, "passage": passage, "system": system, "score": score}
            for line, (who, row) in enumerate(zip(people, table[first:], strict=True), first + 1)
            for column, (passage, system) in stimuli.items()
            for score in [_score(row, column, titles, line)]
            if who
        ]
    )


def _sounds(titles: Sequence[str], names: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Passage and system of each column of a MUSHRA test, by its example and sound."""
    examples: dict[str, list[int]] = {}
    title = ""
    for column, name in enumerate(names):
        title = titles[column] if column < len(titles) and titles[column] else title
        if name.strip():
            examples.setdefault(title.removesuffix(RATED).strip(), []).append(column)
    stems = {column: PurePath(name.strip()).stem for column, name in enumerate(names)}
    own = {passage: _own_parts([stems[c] for c in found]) for passage, found in examples.items()}
    alike = len({frozenset(parts) for parts in own.values()}) == 1
    return {
        column: (passage, own[passage][place] if alike else stems[column])
        for passage, columns in examples.items()
        for place, column in enumerate(columns)
    }


def _own_parts(names: Sequence[str]) -> list[str]:
    """What tells names apart: "drums_mono", "drums_dmc" become "mono", "dmc"."""
    if len(names) < 2:
        return list(names)
    before = _whole_words(_shared(names))
    rest = [name[len(before) :] for name in names]
    after = _whole_words(_shared([name[::-1] for name in rest]))
    parts = [name[: len(name) - len(after)] for name in rest]
    return parts if all(parts) else list(names)


def _shared(names: Sequence[str]) -> str:
    """The longest beginning that all names share."""
    columns = enumerate(zip(*names, strict=False))
    end = next((place for place, signs in columns if len(set(signs)) > 1), None)
    return min(names, key=len) if end is None else names[0][:end]


def _whole_words(shared: str) -> str:
    """A shared beginning up to its last separator."""
    return shared[: max(shared.rfind(sign) for sign in SEPARATORS) + 1]


def _examples(titles: Sequence[str], tags: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Passage and system of each column of an ACR test: tags "passage|system", else the title."""
    found = {}
    for column, title in enumerate(titles):
        if not title.endswith(RATED):
            continue
        name = title.removesuffix(RATED).strip()
        passage, sign, system = (tags[column] if column < len(tags) else "").partition("|")
        found[column] = (passage.strip(), system.strip()) if sign else ("all", name)
    return found


def _participants(rows: Sequence[Sequence[str]]) -> list[str]:
    """The name of each row; where two took the same one, with the time of the answer."""
    names = [row[0].strip() if row else "" for row in rows]
    return [
        f"{name or 'anonymous'} {row[1].strip()}"
        if len(row) > 1 and (not name or names.count(name) > 1)
        else name
        for name, row in zip(names, rows, strict=True)
    ]


def _score(row: Sequence[str], column: int, titles: Sequence[str], line: int) -> Any:
    """A score, None where there is none."""
    text = row[column].strip() if column < len(row) else ""
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        where = titles[column] if column < len(titles) and titles[column] else f"{column + 1}"
        raise ValueError(f"line {line}, column {where}: score {text!r} is no number")
    return score
