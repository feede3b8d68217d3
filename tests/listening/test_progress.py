"""What the database counts is what counting by hand gives; long lists come in parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.arrangement import AWAY
from listening.db import Database
from listening.models import Answer, Visit, now
from listening.progress import participant_states, study_progress
from listening.runs import VERDICT
from listening.simulate import simulate
from listening.studies import find_study

TOLERANCE_S = 0.002  # SQLite counts moments in milliseconds


def scatter(visit: Visit, rng: Random) -> None:
    """Leave a page at a random stage."""
    began = now() - timedelta(seconds=rng.uniform(0, 3 * AWAY.total_seconds()))
    stage = rng.randrange(4)
    visit.started_at = began if stage > 0 else None
    visit.saved_at = began + timedelta(seconds=rng.uniform(0, 60)) if stage > 1 else None
    visit.completed_at = began + timedelta(seconds=rng.uniform(60, 300)) if stage > 2 else None
    if stage > 2 and rng.random() < 0.3:
        visit.answers.append(Answer(key=VERDICT, value=rng.choice(["failed", "passed"])))


@pytest.mark.parametrize("seed", range(3))
def test_progress_is_what_counting_by_hand_gives(
    add_study: Callable[..., str], database: Database, seed: int
) -> None:
    add_study(pages=["consent", "ratings"])
    rng = Random(seed)
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 6 + seed)
        for visit in session.scalars(select(Visit)):
            scatter(visit, rng)
    with database.read() as session:
        found = study_progress(session, find_study(session, "test"), simulated=True)
        visits = session.scalars(select(Visit)).all()
        since = now() - AWAY
        for page in found.pages:
            mine = [visit for visit in visits if visit.page.key == page.key]
            done = [visit for visit in mine if visit.completed_at]
            is_open = [v for v in mine if v.started_at and not v.completed_at]
            here = [v for v in is_open if max(v.started_at, v.saved_at or v.started_at) > since]
            if page.kind == "thanks":
                is_open = here = []
            times_s = [(v.completed_at - v.started_at).total_seconds() for v in done]
            failed = [v for v in mine if ("failed" in {a.value for a in v.answers})]
            assert page.reached == sum(visit.started_at is not None for visit in mine)
            assert (page.completed, page.here) == (len(done), len(here))
            assert page.left_here == len(is_open) - len(here)
            assert page.failed == len(failed)
            expected_s = pytest.approx(median(times_s), abs=TOLERANCE_S) if times_s else None
            assert page.median_s == expected_s
        assert found.active == sum(page.here for page in found.pages)
        failed_people = {v.participant_id for v in visits for a in v.answers if a.value == "failed"}
        assert found.failed == len(failed_people)


def test_participants_come_in_parts(add_study: Callable[..., str], database: Database) -> None:
    add_study(pages=["consent"])
    with database.write() as session:
        simulate(session, find_study(session, "test"), 5)
    with database.read() as session:
        study = find_study(session, "test")
        newest = participant_states(session, study, True, most=2)
        older = participant_states(session, study, True, newest=3, most=2)
    assert [person.label for person in (*newest, *older)] == ["S005", "S004", "S003", "S002"]


def test_the_page_of_a_study_shows_a_part_and_leads_to_the_others(
    desk: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.views.researcher.MOST_PEOPLE", 2)
    with database.write() as session:
        simulate(session, find_study(session, "test"), 5)
    first = desk.get("/desk/studies/test/").text
    assert ("S005" in first, "S003<" in first) == (True, False)
    assert "from=S003#" in first
    last = desk.get("/desk/studies/test/?from=S001").text
    assert "S001<" in last
    assert "from=S003#" in last
    assert ">Older<" not in last
    for odd in ("X9", "P001", "S" + "9" * 30, "%00", ""):
        assert desk.get(f"/desk/studies/test/progress?from={odd}").status_code in (200, 400)


def test_simulating_takes_a_transaction_a_participant(
    app: Flask,
    add_study: Callable[..., str],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_study(pages=["consent"])
    there: list[int] = []

    def look_first(session: Session, *rest: Any) -> int:
        # Another session sees only what is committed.
        with database.read() as other:
            there.append(len(find_study(other, "test").participants))
        return simulate(session, *rest)

    monkeypatch.setattr("listening.cli.study.run_simulation", look_first)
    done = app.test_cli_runner().invoke(args=["study", "simulate", "test", "--participants", "3"])
    assert done.exit_code == 0, done.output
    assert there == [0, 1, 2]
