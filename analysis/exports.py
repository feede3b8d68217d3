"""Results of other tools as rows of the tidy table: webMUSHRA, pymushra, WAET."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

REFERENCES = ("reference", "ref")
ANSWERS = {"correct": 1.0, "undecided": 0.5, "incorrect": 0.0}
_MARKUP = (b"<!DOCTYPE", b"<!ENTITY")


def translated(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with our column names, where its columns are those of a known export.

    webMUSHRA: `mushra.csv` (a stimulus called "reference" is the hidden reference), `bs1116.csv`
    (each row becomes the score of the reference and of the other), `paired_comparison.csv` (the
    chosen one scores 1, an undecided answer ½ for both), `lss.csv` and `lms.csv`. pymushra: the
    same with prefixed columns. Any other table is returned as it is.
    """
    columns = set(frame.columns)
    if {"responses_stimulus", "questionaire_uuid"} <= columns:
        frame = frame.rename(columns=_PYMUSHRA)
        columns = set(frame.columns)
    if {"trial_id", "rating_stimulus", "rating_score"} <= columns:
        return _mushra(frame)
    if {"trial_id", "rating_reference_score", "rating_non_reference_score"} <= columns:
        return _two_per_row(frame, "rating_reference", "rating_non_reference", _numbers(frame))
    if {"trial_id", "choice_reference", "choice_answer"} <= columns:
        chosen = frame["choice_answer"].map(ANSWERS)
        return _two_per_row(frame, "choice_reference", "choice_non_reference", (chosen, 1 - chosen))
    if {"trial_id", "stimuli", "stimuli_rating"} <= columns:
        return _common(frame).assign(
            system=frame["stimuli"], score=frame["stimuli_rating"].str.strip()
        )
    return frame


def wide_to_long(frame: pd.DataFrame, systems: list[str]) -> pd.DataFrame:
    """A table with one column per system as one with a row per rating.

    Raises:
        ValueError: a column is not there.
    """
    absent = [name for name in systems if name not in frame.columns]
    if absent:
        raise ValueError(
            f"there is no column {', '.join(map(repr, absent))}; "
            f"the table has {', '.join(map(str, frame.columns))}"
        )
    keys = [column for column in frame.columns if column not in systems]
    return frame.melt(id_vars=keys, value_vars=systems, var_name="system", value_name="score")


def read_waet(path: Path) -> pd.DataFrame:
    """One saved session of the Web Audio Evaluation Tool (XML); pages not completed are left out.

    Raises:
        ValueError: it is no such file.
    """
    data = path.read_bytes()
    if any(mark in data for mark in _MARKUP):
        raise ValueError(f"{path} declares entities, which a saved session does not need")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is no XML: {error}") from None
    rows = [
        {
            "participant": root.get("key") or path.stem,
            "passage": page.get("ref"),
            "system": element.get("ref"),
            "role": "reference" if "reference" in (element.get("type") or "") else "system",
            "attribute": _axis(value.get("interface-name")),
            "score": value.text,
        }
        for page in root.findall("./page")
        if page.get("state") == "complete"
        for element in page.findall("./audioelement")
        if element.get("type") != "outside-reference"
        for value in element.findall("./value")
    ]
    if not rows:
        raise ValueError(f"{path} holds no completed page of the Web Audio Evaluation Tool")
    return pd.DataFrame(rows)


def _axis(name: str | None) -> str:
    return "score" if name in (None, "", "null") else str(name)


def _mushra(frame: pd.DataFrame) -> pd.DataFrame:
    hidden = frame["rating_stimulus"].str.casefold().isin(REFERENCES)
    anchor = frame["rating_stimulus"].str.casefold().str.startswith("anchor")
    guessed = np.select([hidden, anchor], ["reference", "anchor"], "system")
    # Blindmix writes three columns more, which say what webMUSHRA leaves to guess.
    tidy = _common(frame).assign(
        system=frame["rating_stimulus"], score=frame["rating_score"], role=guessed
    )
    for name in ("attribute", "role", "simulated"):
        if name in frame:
            tidy[name] = frame[name]
    return tidy


def _numbers(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return frame["rating_reference_score"], frame["rating_non_reference_score"]


def _two_per_row(
    frame: pd.DataFrame, reference: str, other: str, scores: tuple[pd.Series, pd.Series]
) -> pd.DataFrame:
    # One trial of webMUSHRA compares the reference with each of its stimuli: a page a comparison.
    page = frame["trial_id"].astype(str) + ": " + frame[other].astype(str)
    common = _common(frame).assign(page=page)
    first = common.assign(system=frame[reference], score=scores[0], role="reference")
    second = common.assign(system=frame[other], score=scores[1], role="system")
    return pd.concat([first, second], ignore_index=True)


def _common(frame: pd.DataFrame) -> pd.DataFrame:
    """Participant and passage of a webMUSHRA row.

    The participant is the session; older versions write none, there it is the answers to the
    questionnaire, which stand between the test's id and the trial's.
    """
    if "session_uuid" in frame.columns:
        who = frame["session_uuid"].astype(str)
    else:
        columns = list(frame.columns)
        answers = columns[columns.index("session_test_id") + 1 : columns.index("trial_id")]
        if not answers:
            raise ValueError("the file does not tell participants apart: no session, no answers")
        who = frame[answers].astype(str).agg(" ".join, axis=1)
    return pd.DataFrame({"participant": who, "passage": frame["trial_id"]})


_PYMUSHRA = {
    "questionaire_uuid": "session_uuid",
    "wm_id": "trial_id",
    "responses_stimulus": "rating_stimulus",
    "responses_score": "rating_score",
    "responses_reference": "choice_reference",
    "responses_nonReference": "choice_non_reference",
    "responses_answer": "choice_answer",
}
