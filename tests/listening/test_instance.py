"""The instance folder, its secret, and the database's schema."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import event, inspect, select, text

from app import ROOT, create_app
from listening.config import secret_key
from listening.db import (
    MIGRATIONS,
    SCHEMA_REVISION,
    Database,
    SchemaError,
    migrate,
    schema_revision,
)
from listening.models import Base, Rating
from listening.studies import find_study


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    instance = tmp_path / "new" / "instance"
    first, second = (create_app({"INSTANCE_PATH": instance}) for _ in range(2))
    assert first.config["SECRET_KEY"] == second.config["SECRET_KEY"]
    assert len(first.config["SECRET_KEY"]) >= 48
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in instance.iterdir()] == ["secret_key"]


def test_two_first_starts_agree_on_the_secret(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(secret_key(tmp_path / "i"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDMIX_INSTANCE_PATH", str(tmp_path / "there"))
    app = create_app()
    assert app.config["DATABASE_URL"].database == str(tmp_path / "there" / "blindmix.sqlite")
    monkeypatch.setenv("BLINDMIX_DATABASE_URL", "sqlite:///other.sqlite")
    assert create_app().config["DATABASE_URL"] == "sqlite:///other.sqlite"


@pytest.mark.parametrize("name", ["a?mode=ro&b", "a#b", "a%20b", "a b:c@d"])
def test_an_instance_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("BLINDMIX_INSTANCE_PATH", str(tmp_path / name))
    app = create_app()
    run = app.test_cli_runner().invoke
    for command in (["study", "list"], ["db", "backup"]):
        done = run(args=command)
        assert done.exit_code == 0, done.output
    app.extensions["blindmix_database"].engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "blindmix.sqlite").is_file()
    assert len(list((tmp_path / name / "backups").iterdir())) == 1


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    database.ensure_schema()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_room_knows_its_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [SCHEMA_REVISION]


def test_an_old_database_is_left_alone_until_it_is_upgraded(
    database: Database, open_database: Callable[[], Database]
) -> None:
    database.ensure_schema()
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaError, match="run `flask db backup`, then `flask db upgrade`"):
        open_database().ensure_schema()


OLD = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][1:]
WRITTEN = (
    "INSERT INTO study (id, slug, title, seed, status, definition, source, consent_version,"
    " created_at, next_number, next_simulated_number) VALUES"
    " (1, 'old', 'Old', 7, 'open', '{\"quota\": 24}', '', '', '2026-01-01 00:00:00', 3, 1)",
    "INSERT INTO page (id, study_id, position, key, kind, block, training, config) VALUES"
    " (1, 1, 1, 'mushra-one', 'mushra', 0, false, '{}')",
    "INSERT INTO stimulus (id, study_id, key, song, passage, system, role, file_sha256,"
    " sample_rate_hz, duration_s, loudness_lufs) VALUES"
    " (1, 1, 'one/mono', 'song', 'one', 'mono', 'system', '', 44100, 2.0, -23.0)",
    "INSERT INTO participant (id, study_id, number, simulated, token, join_key, completion_code,"
    " joined_at) VALUES (1, 1, 2, false, 't', 'k', 'CODE', '2026-01-02 00:00:00')",
    "INSERT INTO visit (id, participant_id, page_id, n, revision, body_sha256, comment) VALUES"
    " (1, 1, 1, 1, 4, '', 'Käse')",
    "INSERT INTO presentation (id, visit_id, stimulus_id, position, opaque_id) VALUES"
    " (1, 1, 1, 1, 'o')",
    "INSERT INTO rating (id, presentation_id, attribute, score, listened_ms, plays) VALUES"
    " (1, 1, 'preference', 62.5, 1000, 2)",
    "INSERT INTO answer (id, visit_id, key, value) VALUES (1, 1, 'age', '007')",
)


def written(revision: str) -> tuple[str, ...]:
    """What is in a database of a revision, from which on quotas have a column of their own."""
    return (*WRITTEN, "UPDATE study SET quota = 24") if revision >= "0004" else WRITTEN


COMPLETED_BEFORE = (
    "INSERT INTO page (id, study_id, position, key, kind, block, training, config) VALUES"
    " (2, 1, 2, 'b', 'mushra', 0, false, '{}'), (3, 1, 3, 'c', 'mushra', 0, false, '{}')",
    "INSERT INTO visit (id, participant_id, page_id, n, revision, body_sha256, comment,"
    " completed_at) VALUES (2, 1, 2, 2, 1, '', '', '2026-01-02 12:00:00'),"
    " (3, 1, 3, 3, 1, '', '', '2026-01-02 11:00:00')",
    "INSERT INTO presentation (id, visit_id, stimulus_id, position, opaque_id) VALUES"
    " (2, 2, 1, 1, 'p'), (3, 3, 1, 1, 'q')",
    "INSERT INTO rating (id, presentation_id, attribute, score, listened_ms, plays) VALUES"
    " (2, 2, 'a', 1, 1, 1), (3, 3, 'a', 2, 1, 1), (4, 3, 'b', NULL, 1, 1)",
)


@pytest.fixture
def blank(blank_url: str) -> Iterator[Database]:
    """A database without a single table, as a first start meets it."""
    made = Database(blank_url)
    yield made
    made.engine.dispose()


def revision_of(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return schema_revision(connection)


@pytest.mark.parametrize("revision", OLD)
def test_what_was_given_survives_the_upgrade(blank: Database, revision: str) -> None:
    database = blank
    with database.engine.begin() as connection:
        migrate(connection, revision)
        for statement in written(revision):
            connection.exec_driver_sql(statement)
    assert revision_of(database) == revision
    with pytest.raises(SchemaError):
        database.ensure_schema()
    database.upgrade()
    with database.read() as session:
        study = find_study(session, "old")
        assert (study.seed, study.next_number, study.keep_until) == (7, 3, None)
        assert study.quota == 24
        (participant,) = study.participants
        (visit,) = participant.visits
        assert (participant.label, visit.revision, visit.comment) == ("P002", 4, "Käse")
        assert [(answer.key, answer.value) for answer in visit.answers] == [("age", "007")]
        (rating,) = visit.presentations[0].ratings
        assert (rating.attribute, rating.score, rating.plays) == ("preference", 62.5, 2)


def test_ratings_of_before_are_numbered_as_their_pages_were_completed(blank: Database) -> None:
    with blank.engine.begin() as connection:
        migrate(connection, "0004")
        for statement in (*WRITTEN, *COMPLETED_BEFORE):
            connection.exec_driver_sql(statement)
    blank.upgrade()
    with blank.read() as session:
        numbers = dict(tuple(row) for row in session.execute(select(Rating.id, Rating.number)))
        # The first is on a page that is not complete; the fourth was never scored.
        assert numbers == {1: None, 2: 2, 3: 1, 4: None}
        assert find_study(session, "old").next_rating_number == 3


def test_two_processes_may_meet_an_empty_database_at_once(blank_url: str) -> None:
    databases = [Database(blank_url) for _ in range(4)]
    failures: list[Exception] = []

    def first_use(database: Database) -> None:
        try:
            database.ensure_schema()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=first_use, args=(item,)) for item in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.engine.dispose()
    assert failures == []


def test_another_process_may_make_the_tables_between_any_two_looks(
    blank: Database, blank_url: str
) -> None:
    other, looks = Database(blank_url), list[object]()

    def make_tables_second(connection: object, *_: object) -> None:
        looks.append(connection)
        if len(looks) == 2:
            other.ensure_schema()

    event.listen(blank.engine, "checkout", make_tables_second)
    blank.ensure_schema()
    other.engine.dispose()
    assert len(looks) > 1
    assert revision_of(blank) == SCHEMA_REVISION


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://me:hush@127.0.0.1:1/x", "cannot open the database postgresql+psycopg://me:"),
        ("sqlite:////nowhere/x.sqlite", "cannot open the database sqlite:////nowhere/x.sqlite"),
        ("mysql+mysqldb://me:hush@localhost/x", "MySQLdb is not installed"),
        ("just words", "is not a database URL"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_clear_line(
    tmp_path: Path, url: str, message: str
) -> None:
    environment = os.environ | {
        "BLINDMIX_DATABASE_URL": url, "BLINDMIX_INSTANCE_PATH": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "study", "list"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr


@pytest.mark.usefixtures("sqlite_only")
def test_sqlite_is_set_up_to_lose_nothing(database: Database) -> None:
    with database.read() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}


KILLED = """
import os, signal, sys
from listening.db import Database, migrate
database = Database(sys.argv[1])
with database._writer.begin() as connection:
    migrate(connection)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("revision", OLD)
def test_an_upgrade_that_is_killed_changes_nothing(blank: Database, revision: str) -> None:
    with blank.engine.begin() as connection:
        migrate(connection, revision)
        for statement in written(revision):
            connection.exec_driver_sql(statement)
    url = blank.engine.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", KILLED, url], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert revision_of(blank) == revision
    columns = {item["name"] for item in inspect(blank.engine).get_columns("visit")}
    assert "saved_by" not in columns
    blank.upgrade()
    with blank.read() as session:
        assert find_study(session, "old").quota == 24


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no database at all" * 500, "file is not a database"),
        (b"SQLite format 3\0" + b"\x10\x00\x01\x01" + b"x" * 9000, " the database sqlite:///"),
    ],
)
@pytest.mark.parametrize("command", [["study", "list"], ["db", "upgrade"]])
def test_a_damaged_database_is_one_clear_line_and_stays_as_it_is(
    app: Flask, content: bytes, message: str, command: list[str]
) -> None:
    path = Path(app.config["INSTANCE_PATH"]) / "blindmix.sqlite"
    path.write_bytes(content)
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    assert message in done.output
    assert len(done.output.splitlines()) == 1
    assert path.read_bytes() == content
    answer = app.test_client().get("/")
    assert (answer.status_code, "database cannot be used now" in answer.text) == (503, True)


@pytest.mark.usefixtures("sqlite_only")
def test_a_database_that_is_busy_for_too_long_is_said_to_be(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.db.BUSY_TIMEOUT_MS", 10)
    with database.write() as session:
        session.execute(text("SELECT 1"))
        done = app.test_cli_runner().invoke(args=["api-token", "create", "x"])
        assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
        assert "database is locked" in done.output
        answer = app.test_client().put(f"/api/p/{'x' * 22}/pages/1", json={"revision": 1})
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")


@pytest.mark.parametrize("command", [["study", "list"], ["db", "upgrade"]])
def test_tables_of_another_program_are_left_alone(
    blank: Database, tmp_path: Path, command: list[str]
) -> None:
    with blank.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE cats (name VARCHAR(9))")
    url = blank.engine.url.render_as_string(hide_password=False)
    there = create_app({"INSTANCE_PATH": tmp_path / "i", "DATABASE_URL": url})
    done = there.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    assert "tables of another program" in done.output
    assert inspect(blank.engine).get_table_names() == ["cats"]
    there.extensions["blindmix_database"].engine.dispose()


@pytest.mark.parametrize("command", [["study", "list"], ["db", "upgrade"]])
def test_a_database_of_a_newer_version_is_left_alone(
    app: Flask, database: Database, command: list[str]
) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    app.extensions["blindmix_database"] = Database(app.config["DATABASE_URL"])
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    assert "of a newer Blindmix" in done.output
    database.engine.dispose()
