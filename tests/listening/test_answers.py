"""Answers in words come out as they were given, each with what it is about."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from listening.answers import COLUMNS, tidy_answers
from listening.db import Database
from listening.simulate import simulate
from listening.studies import find_study
from tests.listening.test_journey import fill, page_data


def test_remarks_name_their_system_and_formulas_are_neutral(
    app: Flask,
    client: FlaskClient,
    add_study: Callable[..., str],
    database: Database,
    tmp_path: Path,
) -> None:
    add_study(pages=["ratings"], options={"comments": True, "stimulus_comments": True})
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    body = {**fill(data), "answers": {"comment_2": "=007"}, "comment": "Käse\nund Brot"}
    assert client.put(data["api"]["page"], json=body).status_code == 200
    with database.read() as session:
        study = find_study(session, "test")
        second = study.participants[0].visits[0].presentations[2]
        system = second.stimulus.system
        assert second.position == 2
        rows = tidy_answers(session, study, simulated=False)
        assert tidy_answers(session, study, simulated=True) == []
    assert {(row.question, row.system, row.answer) for row in rows} == {
        ("comment_2", system, "=007"),
        ("comment", "", "Käse\nund Brot"),
    }
    out = tmp_path / "answers.csv"
    done = app.test_cli_runner().invoke(
        args=["study", "export", "test", "--answers", "-o", str(out)]
    )
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert {row["answer"] for row in table} == {"'=007", "Käse\nund Brot"}


def test_screening_says_what_was_right_and_who_passed(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=[{"type": "headphones", "method": "woods"}, "trap", "ratings"])
    with database.write() as session:
        simulate(session, find_study(session, "test"), 1)
    with database.read() as session:
        rows = tidy_answers(session, find_study(session, "test"), simulated=True)
    trials = [row for row in rows if row.question.startswith("trial_")]
    assert len(trials) == 7
    assert {row.right for row in trials} == {"true"}
    assert {row.system for row in trials if row.kind == "headphones"} == {
        f"woods {at}" for at in range(6)
    }
    verdicts = {row.kind: row.answer for row in rows if row.question == "verdict"}
    assert verdicts == {"headphones": "passed", "trap": "passed"}
