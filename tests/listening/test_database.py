"""What the database itself promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, before_render_template
from flask.testing import FlaskClient
from jinja2 import Template
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from listening.audit import note
from listening.db import Database
from listening.models import Base, Participant, Rating, Researcher, Study, Visit
from listening.runs import EventBody, add_events, join
from listening.simulate import simulate
from listening.studies import find_study
from tests.listening.test_journey import fill, page_data

pytestmark = pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)

IMPOSSIBLE = (
    "UPDATE rating SET score = 100.5",
    "UPDATE rating SET score = -1",
    "UPDATE rating SET plays = -1",
    "UPDATE rating SET listened_ms = -1",
    "UPDATE rating SET presentation_id = 99999",
    "INSERT INTO rating (presentation_id, attribute, score, listened_ms, plays)"
    " SELECT presentation_id, attribute, 1, 0, 0 FROM rating",
    "UPDATE answer SET visit_id = 99999",
    "INSERT INTO answer (visit_id, key, value) SELECT visit_id, key, value FROM answer",
    "UPDATE presentation SET position = -1",
    "UPDATE presentation SET position = 1",
    "UPDATE presentation SET opaque_id = 'one for all'",
    "UPDATE presentation SET stimulus_id = 99999",
    "UPDATE presentation SET visit_id = 99999",
    "UPDATE visit SET n = 1",
    "UPDATE visit SET n = 0",
    "UPDATE visit SET revision = -1",
    "UPDATE visit SET page_id = 99999",
    "UPDATE visit SET participant_id = 99999",
    "UPDATE participant SET number = 1",
    "UPDATE participant SET token = 'one for all'",
    "UPDATE participant SET join_key = 'one for all'",
    "UPDATE participant SET study_id = 99999",
    "UPDATE event SET participant_id = 99999",
    "UPDATE page SET key = 'one for all'",
    "UPDATE page SET position = 1",
    "UPDATE page SET study_id = 99999",
    "UPDATE stimulus SET key = 'one for all'",
    "UPDATE stimulus SET role = 'judge'",
    "UPDATE stimulus SET study_id = 99999",
    "UPDATE study SET status = 'ajar'",
    "UPDATE study SET quota = 0",
    "UPDATE study SET slug = NULL",
    "INSERT INTO study (slug, title, seed, status, definition, source, consent_version, created_at,"
    " next_number, next_simulated_number) SELECT slug, title, seed, status, definition, source,"
    " consent_version, created_at, 1, 1 FROM study",
    "UPDATE researcher SET role = 'king'",
    "UPDATE researcher SET name = 'one for all'",
)


@pytest.fixture
def whole(add_study: Callable[..., str], database: Database) -> Database:
    """A database with something in every table but the log."""
    add_study(pages=["consent", "ratings", "questionnaire"])
    event = {"at": "2026-05-04T10:00:00Z", "page": 1, "name": "play"}
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 2)
        add_events(session, study.participants[0], [EventBody.model_validate(event)])
        for name in ("ada", "vera"):
            session.add(Researcher(name=name, password_hash="-", role="owner"))
    return database


def refused(session: Session, statement: str) -> bool:
    try:
        with session.begin_nested():
            session.execute(text(statement))
    except IntegrityError:
        return True
    return False


def test_what_cannot_be_is_refused(whole: Database) -> None:
    with whole.write() as session:
        assert [one for one in IMPOSSIBLE if not refused(session, one)] == []


def test_a_study_goes_with_all_that_belongs_to_it(whole: Database) -> None:
    with whole.write() as session:
        session.execute(text("DELETE FROM study"))
    with whole.read() as session:
        left = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }
    assert {name for name, count in left.items() if count} == {"researcher"}


def test_a_session_reads_one_moment(whole: Database) -> None:
    count = select(func.count()).select_from(Participant)
    with whole.read() as session:
        before = session.scalar(count)
        with whole.write() as other:
            simulate(other, find_study(other, "test"), 1, seed=9)
        assert session.scalar(count) == before
    with whole.read() as session:
        assert session.scalar(count) == 3


def at_once(do: Callable[[int], Any], times: int) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(do, range(times)))


@pytest.mark.parametrize("keys", [["a" * 16], [str(at) * 16 for at in range(6)]])
def test_who_joins_at_once_is_told_apart_by_the_key(
    app: Flask, add_study: Callable[..., str], database: Database, keys: Sequence[str]
) -> None:
    add_study(passages_each=1, pages=["ratings"])

    def begin(at: int) -> str:
        form = {"join_key": keys[at % len(keys)]}
        return str(app.test_client().post("/studies/test/", data=form).location)

    assert len(set(at_once(begin, 6))) == len(keys)
    with database.read() as session:
        numbers = sorted(person.number for person in find_study(session, "test").participants)
        next_number = session.scalar(select(Study.next_number))
    assert numbers == list(range(1, len(keys) + 1))
    assert next_number == len(keys) + 1


def test_a_quota_holds_when_all_come_at_once(
    app: Flask, add_study: Callable[..., str], database: Database
) -> None:
    add_study(quota=2)

    def begin(at: int) -> None:
        app.test_client().post("/studies/test/", data={"join_key": str(at) * 16})

    at_once(begin, 5)
    with database.read() as session:
        assert len(find_study(session, "test").participants) == 2


def test_saves_at_once_end_with_the_newest(
    app: Flask, client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    data = page_data(client.get(client.post("/studies/test/", data={"join_key": "a" * 16}).location,
                                follow_redirects=True))  # fmt: skip

    def save(at: int) -> int:
        body = fill(data, revision=at + 1, complete=False)
        for rating in body["ratings"]:
            rating["score"] = at + 1
        return app.test_client().put(data["api"]["page"], json=body).status_code

    assert set(at_once(save, 6)) == {200}
    with database.read() as session:
        assert session.scalars(select(Rating.score)).all() == [6.0] * len(data["stimuli"])


def test_pages_that_are_completed_at_once_are_numbered_one_after_the_other(
    app: Flask, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])

    def rate(at: int) -> None:
        visitor = app.test_client()
        address = visitor.post("/studies/test/", data={"join_key": str(at) * 16}).location
        for _ in range(3):
            data = page_data(visitor.get(address, follow_redirects=True))
            assert visitor.put(data["api"]["page"], json=fill(data)).status_code == 200

    at_once(rate, 5)
    with database.read() as session:
        visits = session.scalars(select(Visit).where(Visit.completed_at.is_not(None))).all()
        pages = [
            [rating.number for shown in visit.presentations for rating in shown.ratings]
            for visit in visits
        ]
        assert find_study(session, "test").next_rating_number == 5 * 3 * 4 + 1
    assert all(page == list(range(page[0] or 0, (page[0] or 0) + 4)) for page in pages)
    assert sorted(number or 0 for page in pages for number in page) == list(range(1, 5 * 3 * 4 + 1))


def test_withdrawing_while_saving_leaves_nothing(
    app: Flask, client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    address = client.post("/studies/test/", data={"join_key": "a" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    event = {"at": "2026-05-04T10:00:00Z", "page": 1, "name": "play"}

    def act(at: int) -> int:
        visitor = app.test_client()
        if at == 3:
            return visitor.post(f"{address}/withdraw").status_code
        if at % 2:
            return visitor.post(data["api"]["events"], json={"events": [event]}).status_code
        body = fill(data, revision=at + 1, complete=False)
        return visitor.put(data["api"]["page"], json=body).status_code

    codes = at_once(act, 8)
    assert codes[3] == 200
    assert set(codes) <= {200, 204, 404}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Rating)) == 0
        assert find_study(session, "test").participants == []


def test_nobody_waits_while_a_page_is_drawn(
    app: Flask, client: FlaskClient, add_study: Callable[..., str], database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("listening.db.BUSY_TIMEOUT_MS", 10)
    add_study()
    drawn: list[str] = []

    def write(_: Flask, template: Template, **__: Any) -> None:
        drawn.append(str(template.name))
        with database.write() as session:
            note(session, "me", "saved meanwhile")

    with before_render_template.connected_to(write, app):
        address = client.post("/studies/test/", data={"join_key": "a" * 16}).location
        assert client.get(f"{address}/1").status_code == 200
        assert client.post(f"{address}/1").status_code == 422
        assert client.post(f"{address}/withdraw").status_code == 200
    assert drawn == ["participant/consent.html"] * 2 + ["participant/withdrawn.html"]


def test_joining_twice_in_one_transaction_is_one_run(whole: Database) -> None:
    with whole.write() as session:
        study = find_study(session, "test")
        assert join(session, study, "k" * 16) is join(session, study, "k" * 16)
