"""The tidy table in the formats that others read: CSV, Parquet, JSON, webMUSHRA's CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.export import COLUMNS, TidyRating, tidy_ratings
from listening.models import Page, Participant, Study, Visit, label_of

WEBMUSHRA_COLUMNS = (
    "session_test_id", "session_uuid", "trial_id", "rating_stimulus", "rating_score",
    "rating_time", "rating_comment", "attribute", "role", "simulated",
)  # fmt: skip
"""Those of webMUSHRA's `mushra.csv`, then three of ours that its layout has no place for."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Format:
    """A way to write the ratings of a study.

    Attributes:
        suffix: how its files end.
        content_type: as HTTP names it.
        write: a study and whether its simulated participants are asked for -> the file.
        title: what people call it.
    """

    suffix: str
    content_type: str
    write: Callable[[Session, Study, bool], bytes]
    title: str


def neutral(value: object) -> object:
    """Keep a spreadsheet from running a text as a formula: such a text gets an apostrophe.

    Numbers stay numbers. A text that looks as if it had got one gets one, too, so that taking
    one away (`analysis.readers` does) always gives the text as it was.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return text.getvalue()


def ratings_csv(ratings: Sequence[TidyRating]) -> str:
    """Tidy ratings as CSV."""
    return to_csv(COLUMNS, map(astuple, ratings))


def _csv(session: Session, study: Study, simulated: bool) -> bytes:
    return ratings_csv(tidy_ratings(session, study, simulated)).encode()


def _json(session: Session, study: Study, simulated: bool) -> bytes:
    rows = [vars(rating) for rating in tidy_ratings(session, study, simulated)]
    return (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode()


def _parquet(session: Session, study: Study, simulated: bool) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {"str": pa.string(), "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
    schema = pa.schema(
        [
            (name, kinds[field.type])
            for name, field in TidyRating.__dataclass_fields__.items()
            if isinstance(field.type, str)
        ]
    )
    rows = [vars(rating) for rating in tidy_ratings(session, study, simulated)]
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), sink)
    return sink.getvalue()


def _webmushra(session: Session, study: Study, simulated: bool) -> bytes:
    visits = _visits(session, study, simulated)
    rows = []
    for rating in tidy_ratings(session, study, simulated):
        time_ms, comment = visits[rating.participant, rating.page]
        rows.append(
            (
                study.slug,
                rating.participant,
                rating.passage,
                # webMUSHRA calls the hidden reference so, whatever it is.
                "reference" if rating.role == "reference" else rating.system,
                rating.score,
                time_ms,
                comment,
                rating.attribute,
                rating.role,
                rating.simulated,
            )
        )
    return to_csv(WEBMUSHRA_COLUMNS, rows).encode()


def _visits(
    session: Session, study: Study, simulated: bool
) -> dict[tuple[str, str], tuple[int | str, str]]:
    """How long each page took in ms (empty where it was not left), and the remark on it."""
    found = session.execute(
        select(Participant.number, Page.key, Visit.started_at, Visit.completed_at, Visit.comment)
        .join(Visit.participant)
        .join(Visit.page)
        .where(Participant.study_id == study.id, Participant.simulated.is_(simulated))
    )
    return {
        (label_of(number, simulated), key): (_time_ms(started_at, completed_at), comment)
        for number, key, started_at, completed_at, comment in found
    }


def _time_ms(started_at: datetime | None, completed_at: datetime | None) -> int | str:
    if started_at is None or completed_at is None:
        return ""
    return round((completed_at - started_at).total_seconds() * 1000)


FORMATS: dict[str, Format] = {
    "csv": Format(".csv", "text/csv; charset=utf-8", _csv, "CSV"),
    "parquet": Format(".parquet", "application/vnd.apache.parquet", _parquet, "Parquet"),
    "json": Format(".json", "application/json", _json, "JSON"),
    "webmushra": Format(".csv", "text/csv; charset=utf-8", _webmushra, "webMUSHRA’s CSV"),
}
