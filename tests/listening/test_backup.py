"""Backups are whole, also while the server writes."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from listening.backup import backup, restore
from listening.db import Database
from listening.export import tidy_ratings
from listening.simulate import simulate
from listening.studies import find_study


@pytest.mark.usefixtures("sqlite_only")
def test_a_backup_taken_while_writing_holds_whole_runs(
    app: Flask, database: Database, add_study: Callable[..., str], tmp_path: Path
) -> None:
    add_study()
    stop = threading.Event()

    def write() -> None:
        seed = 0
        while not stop.is_set():
            seed += 1
            with database.write() as session:
                simulate(session, find_study(session, "test"), 1, seed=seed)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [backup(database, tmp_path, tmp_path / f"copy{at}.sqlite") for at in range(5)]
    finally:
        stop.set()
        writer.join()
    for path in copies:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        copy = Database(f"sqlite:///{path}")
        with copy.read() as session:
            study = find_study(session, "test")
            runs = len(study.participants)
            assert len(tidy_ratings(session, study, simulated=True)) == 12 * runs
        copy.engine.dispose()


@pytest.mark.usefixtures("sqlite_only")
def test_the_command_names_the_copy_and_overwrites_nothing(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    target = tmp_path / "copy.sqlite"
    run(args=["db", "upgrade"])
    assert str(target) in run(args=["db", "backup", str(target)]).output
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM study").fetchone() == (0,)
    again = run(args=["db", "backup", str(target)])
    assert again.exit_code != 0
    assert "overwrites nothing" in again.output
    assert run(args=["db", "backup"]).exit_code == 0
    assert len(list((Path(app.config["INSTANCE_PATH"]) / "backups").iterdir())) == 1


@pytest.mark.usefixtures("sqlite_only")
def test_without_a_database_there_is_nothing_to_copy(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path / 'missing.sqlite'}")
    with pytest.raises(OSError, match="cannot copy"):
        backup(missing, tmp_path)
    missing.engine.dispose()
    assert not (tmp_path / "missing.sqlite").exists()


def people(database: Database) -> int:
    with database.read() as session:
        return len(find_study(session, "test").participants)


def join_simulated(database: Database, seed: int) -> None:
    with database.write() as session:
        simulate(session, find_study(session, "test"), 1, seed=seed)


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def test_a_copy_comes_back_while_the_server_runs(
    app: Flask, database: Database, add_study: Callable[..., str], tmp_path: Path
) -> None:
    add_study(pages=["consent"])
    join_simulated(database, 1)
    run = app.test_cli_runner().invoke
    copy = tmp_path / "a copy #1.sqlite"
    assert run(args=["db", "backup", str(copy)]).exit_code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    join_simulated(database, 2)
    assert people(database) == 2
    assert run(args=["db", "restore", str(copy)], input="n\n").exit_code == 1
    assert people(database) == 2
    done = run(args=["db", "restore", str(copy), "--yes"])
    assert done.exit_code == 0, done.output
    assert people(database) == 1
    join_simulated(database, 3)
    assert people(database) == 2
    # Nothing is lost by going back too far, either.
    (kept,) = (Path(app.config["INSTANCE_PATH"]) / "backups").iterdir()
    assert run(args=["db", "restore", str(kept), "--yes"]).exit_code == 0
    assert people(database) == 2


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no database", "is no copy that flask db backup made of sqlite"),
        (b"SQLite format 3\0" + b"x" * 4096, "cannot restore"),
        (None, "no such table: alembic_version"),
    ],
)
def test_what_is_no_copy_changes_nothing(
    database: Database, add_study: Callable[..., str], tmp_path: Path,
    content: bytes | None, message: str,
) -> None:  # fmt: skip
    add_study()
    source = tmp_path / "odd.sqlite"
    if content is None:
        with closing(sqlite3.connect(source)) as other:
            other.execute("CREATE TABLE cats (name)")
    else:
        source.write_bytes(content)
    with pytest.raises((ValueError, OSError), match=message):
        restore(database, tmp_path, source)
    assert people(database) == 0


@pytest.mark.usefixtures("sqlite_only")
def test_a_log_that_a_killed_server_left_is_not_taken_for_the_copys(
    app: Flask, database: Database, add_study: Callable[..., str], tmp_path: Path
) -> None:
    add_study(pages=["consent"])
    copy = backup(database, tmp_path)
    reader = sqlite3.connect(str(database.engine.url.database))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM study").fetchall()
    join_simulated(database, 1)  # stays in the write-ahead log while somebody reads
    restore(database, tmp_path, copy)
    reader.close()
    assert people(database) == 0


def test_a_missing_program_of_postgresql_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    there = Database("postgresql://me:hush@localhost/x")
    with pytest.raises(OSError, match="pg_dump is not installed") as caught:
        backup(there, tmp_path)
    assert "hush" not in str(caught.value)
    assert list((tmp_path / "backups").iterdir()) == []
