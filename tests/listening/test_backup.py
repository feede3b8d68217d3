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

from listening.backup import backup
from listening.db import Database
from listening.export import tidy_ratings
from listening.simulate import simulate
from listening.studies import find_study

pytestmark = pytest.mark.usefixtures("sqlite_only")


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


def test_without_a_database_there_is_nothing_to_copy(tmp_path: Path) -> None:
    missing = Database(f"sqlite:///{tmp_path / 'missing.sqlite'}")
    with pytest.raises(OSError, match="cannot copy"):
        backup(missing, tmp_path)
    missing.engine.dispose()
    assert not (tmp_path / "missing.sqlite").exists()
