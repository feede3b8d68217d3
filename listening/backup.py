"""Copies of the database, taken while participants go on, and the way back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, inspect
from sqlalchemy.exc import DatabaseError

from listening.db import Database

SUFFIXES = {"sqlite": ".sqlite", "postgresql": ".dump"}
PATIENCE_S = 30
_MAGIC = {"sqlite": b"SQLite format 3\0", "postgresql": b"PGDMP"}


def backup(database: Database, instance: Path, target: Path | None = None) -> Path:
    """Copy a database as it stands at one moment, checked, and return the copy's path.

    The copy is one file, readable by its owner only: of SQLite a database, of PostgreSQL an
    archive of `pg_dump`.

    Args:
        database: the one to copy.
        instance: where `backups/` is, in which a copy without a `target` goes.
        target: a file that does not exist yet.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: the copy failed, or the database is damaged.
    """
    url = database.engine.url
    if target is None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = instance / "backups" / f"blindmix-{stamp}{SUFFIXES[url.get_backend_name()]}"
    if target.exists():
        raise FileExistsError(f"{target} exists; a backup overwrites nothing")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if url.get_backend_name() == "sqlite":
            _copy(Path(url.database or ""), partial)
        else:
            _run_for(url, "pg_dump", "--format=custom", "--no-owner", f"--file={partial}")
        partial.replace(target)
    except sqlite3.Error as error:
        raise OSError(f"cannot copy {url.database} to {target}: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def restore(database: Database, instance: Path, source: Path) -> Path | None:
    """Put a copy in the place of all that the database holds, whole or not at all.

    Whoever reads meanwhile sees what was there or what comes, nothing between. No file is moved:
    a write-ahead log that was left beside the database would be taken for the copy's.

    Returns:
        Where what was there before has been copied to; None where there was nothing.

    Raises:
        ValueError: the file is no copy of such a database.
        OSError: it is damaged, or it could not be put back.
    """
    url = database.engine.url
    kind = url.get_backend_name()
    with source.open("rb") as file:
        if not file.read(16).startswith(_MAGIC[kind]):
            raise ValueError(f"{source} is no copy that flask db backup made of {kind}")
    kept = _kept(database, instance)
    if kind == "postgresql":
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction")
        _run_for(url, "pg_restore", *options, str(source))
        return kept
    try:
        with (
            closing(_open(source)) as copy,
            closing(sqlite3.connect(url.database or "", timeout=PATIENCE_S)) as live,
        ):
            _check(copy, source)
            copy.execute("SELECT version_num FROM alembic_version")
            copy.backup(live)
    except sqlite3.Error as error:
        raise OSError(f"cannot restore {source}: {error}") from None
    return kept


def _kept(database: Database, instance: Path) -> Path | None:
    try:
        there = inspect(database.engine).get_table_names()
        return backup(database, instance) if there else None
    except (OSError, DatabaseError) as error:
        what = error.orig if isinstance(error, DatabaseError) else error
        raise OSError(
            f"what is there now cannot be kept: {what}; move it away, -wal and -shm beside it, too"
        ) from None


def _copy(source: Path, partial: Path) -> None:
    with closing(_open(source)) as there, closing(sqlite3.connect(partial)) as copy:
        there.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        _check(copy, source)


def _open(path: Path) -> sqlite3.Connection:
    """For reading; a path may hold any letter."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _check(copy: sqlite3.Connection, name: Path) -> None:
    found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise OSError(f"{name} is damaged: {found}")


def _run_for(url: URL, program: str, *options: str) -> None:
    """Run a program of PostgreSQL; the password is told where no list of processes shows it."""
    address = url.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        done = subprocess.run(
            [program, f"--dbname={address}", *options],
            env={**os.environ, **secret},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise OSError(f"{program} is not installed: apt-get install postgresql-client") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise OSError(f"{program} failed: {said[0]}")
