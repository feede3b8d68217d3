"""Ratings: the tidy table of a listening test, checked once and coded for fast use by every method.

Reading a file is in `analysis.readers`; this module turns a table into a `Ratings` value or says
which rows are wrong and why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import compress
from math import inf
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Scale = tuple[float, float]
"""Lowest and highest score."""

COMPARED_ROLES = ("system", "reference")
"""The roles that the tests compare by default: anchors are there to span the scale."""

ROLES = ("system", "reference", "open_reference", "anchor")
REQUIRED = ("participant", "passage", "system", "score")
FACTORS = ("participant", "passage", "system", "role", "attribute", "song", "page", "group")
MEASURES = ("position", "listened_ms", "plays")
DEFAULTS = {"role": "system", "attribute": "score", "group": "all"}

ALIASES: dict[str, tuple[str, ...]] = {
    "participant": ("subject", "assessor", "listener", "rater", "user", "session_uuid"),
    "passage": ("item", "song", "trial_id", "trial", "track", "excerpt", "page"),
    "system": ("mixer", "condition", "model", "method", "stimulus", "rating_stimulus"),
    "score": ("rating", "rating_score", "value", "mos"),
}
"""Names that other tools give to the columns we need; a name of ours always wins."""

MISSING_TEXTS = ("", "na", "nan", "n/a", "null", "none", "-")
_KNOWN = {
    *FACTORS,
    *MEASURES,
    "score",
    "study",
    "simulated",
    *(name for names in ALIASES.values() for name in names),
}
_TRIAL = ("participant", "page", "passage", "system", "role", "attribute")
_WIDE_HINT = ", or name the columns that hold one system's scores each with --wide"
SCALES: tuple[Scale, ...] = ((0.0, 1.0), (1.0, 5.0), (0.0, 100.0))
ROWS_NAMED = 5


@dataclass(frozen=True, eq=False)
class Factor:
    """A column of names, coded: `levels[codes[i]]` is the name in row i.

    Attributes:
        codes: shape (rows,).
        levels: in natural order ("S2" before "S10"), so that the order of rows changes nothing.
    """

    codes: IntArray
    levels: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str] | NDArray[Any], order: Sequence[str] = ()) -> Factor:
        """Code a column; `order` puts these levels first, in this order."""
        codes, found = pd.factorize(np.asarray(names, dtype=object))
        first = [name for name in order if name in set(found)]
        levels = [*first, *sorted(set(found) - set(first), key=natural)]
        place = {name: index for index, name in enumerate(levels)}
        recode = np.array([place[name] for name in found], dtype=np.int64)
        return cls(recode[codes] if len(levels) else codes.astype(np.int64), tuple(levels))

    def take(self, mask: BoolArray) -> Factor:
        """The rows under the mask, without the levels that nothing is left of."""
        kept = self.codes[mask]
        used = np.bincount(kept, minlength=len(self.levels)) > 0
        recode = np.cumsum(used) - 1
        return Factor(recode[kept], tuple(compress(self.levels, used)))

    def names(self) -> NDArray[np.object_]:
        """The column as names again, shape (rows,)."""
        return np.array(self.levels, dtype=object)[self.codes]


@dataclass(frozen=True, eq=False)
class Ratings:
    """All ratings of one study, real or simulated but never both.

    Attributes:
        study: its name.
        simulated: whether a model, and no listener, made them.
        scales: lowest and highest score that listeners could give, by attribute.
        score: shape (rows,), finite.
        participant, passage, system, role, attribute, song, page, group: names, coded.
        position, listened_ms, plays: shape (rows,), NaN where unknown.
        notes: what was left out or assumed on the way here, for the report.
    """

    study: str
    simulated: bool
    scales: Mapping[str, Scale]
    score: FloatArray
    participant: Factor
    passage: Factor
    system: Factor
    role: Factor
    attribute: Factor
    song: Factor
    page: Factor
    group: Factor
    position: FloatArray
    listened_ms: FloatArray
    plays: FloatArray
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.score)

    @property
    def scale(self) -> Scale:
        """The scale of the attributes that are here; from the lowest to the highest if several."""
        mine = [self.scales[name] for name in self.attribute.levels]
        return min(low for low, _ in mine), max(high for _, high in mine)

    def where(self, mask: BoolArray, *notes: str) -> Ratings:
        """The rows under the mask, shape (rows,), with notes on why."""
        changes: dict[str, Any] = {name: getattr(self, name).take(mask) for name in FACTORS}
        changes |= {name: getattr(self, name)[mask] for name in ("score", *MEASURES)}
        return replace(self, **changes, notes=(*self.notes, *notes))

    def only(self, **levels: str | Sequence[str]) -> Ratings:
        """The rows with these levels, as in `only(attribute="clarity", passage=["A", "B"])`.

        Raises:
            ValueError: nothing has such a level; the message lists those there are.
        """
        mask = np.ones(len(self), dtype=bool)
        for name, wanted in levels.items():
            factor: Factor = getattr(self, name)
            chosen = {wanted} if isinstance(wanted, str) else set(wanted)
            if not chosen & set(factor.levels):
                raise ValueError(
                    f"no rating has {name} {', '.join(map(repr, sorted(chosen)))}; "
                    f"there are {', '.join(factor.levels)}"
                )
            mask &= np.array([level in chosen for level in factor.levels])[factor.codes]
        return self.where(mask)

    def compared(self) -> Ratings:
        """Systems and hidden references: the rows that the tests compare, without anchors."""
        roles = [role for role in self.role.levels if role in COMPARED_ROLES]
        return self.only(role=roles) if len(roles) < len(self.role.levels) else self

    @cached_property
    def cells(self) -> FloatArray:
        """Mean score of each participant, passage and system; NaN where there is none.

        Shape (participants, passages, systems). Repeated trials are averaged.

        Raises:
            ValueError: there is more than one attribute, whose scores cannot be averaged.
        """
        if len(self.attribute.levels) > 1:
            raise ValueError(
                f"ratings hold {len(self.attribute.levels)} attributes "
                f"({', '.join(self.attribute.levels)}); take one with ratings.only(attribute=...)"
            )
        factors = (self.participant, self.passage, self.system)
        shape = tuple(len(factor.levels) for factor in factors)
        flat = np.ravel_multi_index(tuple(factor.codes for factor in factors), shape)
        size = int(np.prod(shape))
        count = np.bincount(flat, minlength=size)
        total = np.bincount(flat, weights=self.score, minlength=size)
        means = np.full(size, np.nan)
        np.divide(total, count, out=means, where=count > 0)
        return means.reshape(shape)

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems, in the order of the axis of `cells`."""
        return self.system.levels

    def role_of(self, system: str) -> str:
        """The role of a system: "system", "reference" or "anchor"."""
        rows = self.system.codes == self.system.levels.index(system)
        return self.role.levels[int(self.role.codes[rows][0])]


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts "S2" before "S10"."""
    parts = re.split(r"(\d+)", name.casefold())
    keys = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
    return (*keys, (2, 0, name))


def from_table(
    table: pd.DataFrame | Sequence[Mapping[str, Any]],
    columns: Mapping[str, str] | None = None,
    *,
    study: str | None = None,
    scale: Scale | Mapping[str, Scale] | None = None,
    systems: Sequence[str] = (),
    places: Sequence[int] | None = None,
    row_word: str = "row",
) -> Ratings:
    """Check a long table, one row a rating, and code it.

    Args:
        table: a data frame, or rows as mappings (as JSON and the export of a study give them).
        columns: our name -> the table's name, for tables of other tools.
        study: a name where the table has no column `study`.
        scale: the lowest and highest possible score, of all attributes or by attribute; of those
            that are not named it is guessed from their scores. By attribute, their order is
            that of the attributes.
        systems: levels of `system` to put first, in this order.
        places: how people number the rows, as by lines of a file; by default 1, 2, 3, ….
        row_word: how messages call a row.

    Raises:
        ValueError: a column is missing, a row is wrong (the message names rows and reasons), or
            real and simulated ratings are mixed.
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(list(table))
    if frame.empty:
        raise ValueError("the table holds no ratings")
    frame, notes = _named(frame, columns or {})
    frame = frame.assign(_row=np.arange(1, len(frame) + 1) if places is None else places)
    score, absent = _scores(frame, row_word)
    if _decimal_commas(frame["score"]):
        notes.append("Scores are written with decimal commas.")
    simulated = _simulated(frame)
    if absent.any():
        notes.append(_absence(frame, absent, row_word))
        frame, score = frame[~absent], score[~absent]
        if frame.empty:
            raise ValueError("the table holds no score: every score is empty")
    names = {name: _names(frame, name, row_word) for name in FACTORS}
    _refuse_unknown_roles(frame, names["role"], row_word)
    _refuse_doubles(frame, names, row_word)
    scales = _scales(score, names["attribute"], scale)
    told = scale if isinstance(scale, Mapping) else scales if scale else {}
    notes += _odd_scales(scales, list(told))
    notes += _alike("system", names["system"]) + _alike("passage", names["passage"])
    limits = np.array([scales[name] for name in names["attribute"]])
    _refuse_out_of_scale(frame, score, limits, row_word)
    coded: dict[str, Any] = {name: Factor.of(column) for name, column in names.items()}
    coded["system"] = Factor.of(names["system"], systems)
    # Scales by attribute come in the order of the study, whose first attribute leads.
    order = list(scale) if isinstance(scale, Mapping) else ()
    coded["attribute"] = Factor.of(names["attribute"], order)
    coded |= {name: _measures(frame, name, row_word) for name in MEASURES}
    return Ratings(
        study=_one_study(frame, study),
        simulated=simulated,
        scales=scales,
        score=score,
        notes=tuple(notes),
        **coded,
    )


def to_frame(ratings: Ratings) -> pd.DataFrame:
    """The tidy table again, with the columns of the published schema."""
    table: dict[str, Any] = {"study": ratings.study}
    for entry in fields(Ratings):
        value = getattr(ratings, entry.name)
        if isinstance(value, Factor):
            table[entry.name] = value.names()
        elif entry.name in ("score", *MEASURES):
            table[entry.name] = value
    order = ("study", "participant", "page", "passage", "song", "system", "role", "attribute")
    frame = pd.DataFrame(table)[[*order, "score", *MEASURES, "group"]]
    return frame.assign(simulated=ratings.simulated)


def guess_scale(score: FloatArray) -> Scale:
    """The usual scale that holds all scores: 0–1, 1–5 or 0–100; else their own range."""
    low, high = float(score.min()), float(score.max())
    for scale in SCALES:
        if scale[0] <= low and high <= scale[1]:
            return scale
    return low, high


def _odd_scales(scales: Mapping[str, Scale], told: Sequence[str]) -> list[str]:
    """A note on every scale that was guessed and is none of the usual ones."""
    return [
        f"No scale was stated, and no usual one holds all scores: {low:g} to {high:g}, which they "
        "span, is taken."
        for name, (low, high) in scales.items()
        if name not in told and (low, high) not in SCALES
    ]


def _alike(factor: str, column: NDArray[Any]) -> list[str]:
    """A note on names that differ in capitals or spaces only: mostly slips of the pen."""
    groups: dict[str, set[str]] = {}
    for name in set(column):
        groups.setdefault("".join(name.split()).casefold(), set()).add(name)
    return [
        f"{' and '.join(map(repr, sorted(group)))} are each a {factor} of their own."
        for _, group in sorted(groups.items())
        if len(group) > 1
    ]


def _named(frame: pd.DataFrame, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Rename to our names: as told, else by an alias; with a note on every alias taken.

    "Score" and "SCORE" are "score", unless the table tells them apart.
    """
    theirs_all = ", ".join(map(str, frame.columns))
    frame = frame.rename(columns=_as_we_write_them([str(name) for name in frame.columns]))
    twice = frame.columns[frame.columns.duplicated()]
    known = [name for name in twice if name in _KNOWN or name in columns.values()]
    if known:
        raise ValueError(f"the table has two columns called {known[0]!r}; take one away")
    for ours, theirs in columns.items():
        if theirs not in frame.columns:
            raise ValueError(
                f"there is no column {theirs!r} to read {ours} from; "
                f"the table has {', '.join(map(str, frame.columns))}"
            )
    # What the table calls by one of our names makes way for the column that was asked for.
    frame = frame.drop(
        columns=[ours for ours in columns if ours in frame and columns[ours] != ours]
    )
    frame = frame.rename(columns={theirs: ours for ours, theirs in columns.items()})
    notes = []
    for ours in REQUIRED:
        if ours in frame.columns:
            continue
        alias = next((name for name in ALIASES[ours] if name in frame.columns), None)
        if alias is None:
            raise ValueError(
                f"the table has no column for {ours}; it has {theirs_all}. "
                f"Say which one it is with {ours}=COLUMN"
                + _WIDE_HINT
                * (ours in ("system", "score"))
            )
        frame = frame.assign(**{ours: frame[alias]})
        notes.append(f"Column “{alias}” was read as {ours}.")
    return frame, notes


def _as_we_write_them(names: Sequence[str]) -> dict[str, str]:
    """Names of the table that are ours, or an alias, but for capitals."""
    known = {name.casefold(): name for name in _KNOWN}
    return {
        name: known[name.casefold()]
        for name in names
        if name.casefold() in known and known[name.casefold()] not in names
    }


def _numbers(column: pd.Series) -> FloatArray:
    """A column as numbers, NaN where it is none; minus signs of typographers are understood."""
    number = pd.to_numeric(column, errors="coerce")
    if number.isna().any() and not pd.api.types.is_numeric_dtype(column):
        text = column.astype(str).str.replace("−", "-")
        if _decimal_commas(column):
            text = text.str.replace(",", ".")
        number = pd.to_numeric(text, errors="coerce")
    return number.to_numpy(dtype=np.float64, na_value=np.nan)


def _decimal_commas(column: pd.Series) -> bool:
    """Whether numbers are written as "3,5", and none with a point beside them."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    text = column.astype(str)
    return bool(
        text.str.contains(",", regex=False).any()
        and not text.str.contains(".", regex=False).any()
        and text.str.fullmatch(r"\s*[-−+]?\d*,?\d*\s*|\D*").all()
    )


def _scores(frame: pd.DataFrame, row_word: str) -> tuple[FloatArray, BoolArray]:
    """Scores as numbers, and where there is none."""
    column = frame["score"]
    number = _numbers(column)
    absent = _absent(column)
    wrong = ~absent & ~np.isfinite(number)
    _refuse(frame, wrong, row_word, lambda row: f"score {row['score']!r} is no number")
    return number, absent


def _absent(column: pd.Series) -> BoolArray:
    """Where a cell is empty or says that there is nothing."""
    text = column.astype(str).str.strip().str.casefold()
    return np.asarray(column.isna() | text.isin(MISSING_TEXTS), dtype=bool)


def _measures(frame: pd.DataFrame, name: str, row_word: str) -> FloatArray:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    number = _numbers(frame[name])
    wrong = np.isnan(number) & ~_absent(frame[name])
    _refuse(frame, wrong, row_word, lambda row: f"{name} {row[name]!r} is no number")
    return number


def _names(frame: pd.DataFrame, name: str, row_word: str) -> NDArray[Any]:
    """A column as text; where the table has none, its default or the passage."""
    if name not in frame.columns:
        if name in DEFAULTS:
            return np.full(len(frame), DEFAULTS[name], dtype=object)
        return _names(frame, "passage", row_word)
    text = frame[name].astype(str).str.strip()
    empty = (frame[name].isna() | (text == "")).to_numpy()
    if name in REQUIRED:
        _refuse(frame, empty, row_word, lambda row: f"{name} is empty")
    return np.where(empty, DEFAULTS.get(name, "unknown"), text.to_numpy(dtype=object))


def _simulated(frame: pd.DataFrame) -> bool:
    """Whether the ratings are simulated; a table with both is refused."""
    if "simulated" not in frame.columns:
        return False
    text = frame["simulated"].fillna(False).astype(str).str.strip().str.casefold()
    flags = text.isin(("true", "1", "1.0", "yes"))
    if flags.nunique() > 1:
        raise ValueError(
            f"the table mixes {int(flags.sum())} simulated with {int((~flags).sum())} real "
            "ratings; analyse them apart"
        )
    return bool(flags.iloc[0])


def _one_study(frame: pd.DataFrame, study: str | None) -> str:
    if "study" not in frame.columns:
        return study or "ratings"
    names = sorted(set(frame["study"].dropna().astype(str)))
    if len(names) > 1:
        raise ValueError(
            f"the table holds {len(names)} studies ({', '.join(names)}); analyse one at a time"
        )
    return names[0] if names else study or "ratings"


def _absence(frame: pd.DataFrame, absent: BoolArray, row_word: str) -> str:
    rows = frame["_row"].to_numpy()[absent]
    named = ", ".join(map(str, rows[:ROWS_NAMED])) + (", …" if len(rows) > ROWS_NAMED else "")
    note = (
        f"{len(rows)} of {len(frame)} ratings have no score and were left out ({row_word} {named})."
    )
    for name in ("system", "participant", "passage"):
        lost = set(frame[name][absent].dropna()) - set(frame[name][~absent])
        if lost:
            note += f" Nothing is left of {name} {', '.join(sorted(map(str, lost)))}."
    return note


def _refuse_unknown_roles(frame: pd.DataFrame, roles: NDArray[Any], row_word: str) -> None:
    wrong = ~np.isin(roles.astype(str), ROLES)
    _refuse(
        frame, wrong, row_word, lambda row: f"role {row['role']!r} is none of {', '.join(ROLES)}"
    )


def _refuse_doubles(frame: pd.DataFrame, names: Mapping[str, NDArray[Any]], row_word: str) -> None:
    """Refuse two scores for one thing: a repeated trial has a page of its own."""
    keys = pd.DataFrame({key: names[key] for key in _TRIAL})
    doubled = keys.duplicated().to_numpy()
    if not doubled.any():
        return
    groups = keys.groupby(list(_TRIAL), sort=False)
    first = frame["_row"].groupby(groups.ngroup().to_numpy()).transform("first")
    same = frame.drop(columns="_row").astype(str).duplicated().to_numpy()
    _refuse(
        frame.assign(_first=first, _same=same),
        doubled,
        row_word,
        lambda row: (
            f"a second score of participant {row['participant']} for system {row['system']} "
            f"in passage {row['passage']}, {'the same as' if row['_same'] else 'after'} "
            f"{row_word} {row['_first']} (a repeated trial needs a page of its own)"
        ),
    )


def _scales(
    score: FloatArray, attributes: NDArray[Any], known: Scale | Mapping[str, Scale] | None
) -> dict[str, Scale]:
    """The scale of each attribute: as it is known, else guessed."""
    for low, high in known.values() if isinstance(known, Mapping) else [known] if known else []:
        if not -inf < low < high < inf:
            raise ValueError(f"scale {low:g} to {high:g}: write the lowest score, then the highest")
    codes, names = pd.factorize(attributes)
    told = known if isinstance(known, Mapping) else dict.fromkeys(names, known) if known else {}
    return {
        name: told[name] if name in told else guess_scale(score[codes == code])
        for code, name in enumerate(names)
    }


def _refuse_out_of_scale(
    frame: pd.DataFrame, score: FloatArray, limits: FloatArray, row_word: str
) -> None:
    """Refuse scores beyond their scale; `limits` has shape (rows, 2)."""
    wrong = (score < limits[:, 0]) | (score > limits[:, 1])
    _refuse(
        frame.assign(_low=limits[:, 0], _high=limits[:, 1]),
        wrong,
        row_word,
        lambda row: (
            f"score {row['score']} is outside the scale {row['_low']:g} to {row['_high']:g}"
        ),
    )


def _refuse(frame: pd.DataFrame, wrong: BoolArray, row_word: str, reason: Any) -> None:
    """Raise a ValueError that names the first wrong rows and why each is wrong."""
    if not wrong.any():
        return
    rows = frame[wrong]
    named = [f"{row_word} {row['_row']}: {reason(row)}" for _, row in rows[:ROWS_NAMED].iterrows()]
    more = f"; and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    raise ValueError("; ".join(named) + more)
