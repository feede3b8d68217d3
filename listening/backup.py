"""Copies of the database, taken while participants go on."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from listening.db import Database


def backup(database: Database, instance: Path, target: Path | None = None) -> Path:
    """Copy an SQLite database as it stands at one moment, checked, and return the copy's path.

    The copy is complete without a write-ahead log beside it and readable by its owner only.

    Args:
        database: the one to copy.
        instance: where `backups/` is, in which a copy without a `target` goes.
        target: a file that does not exist yet.

    Raises:
        ValueError: it is not an SQLite database.
        FileExistsError: there is a file of that name.
        OSError: the copy failed, or the database is damaged.
    """
    url = database.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ValueError("flask db backup copies SQLite databases; for PostgreSQL use pg_dump")
    if target is None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        target = instance / "backups" / f"blindmix-{stamp}.sqlite"
    if target.exists():
        raise FileExistsError(f"{target} exists; a backup overwrites nothing")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _copy(url.database, partial)
        partial.replace(target)
    except sqlite3.Error as error:
        raise OSError(f"cannot copy {url.database} to {target}: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def _copy(source_path: str, partial: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source_path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(partial)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise OSError(f"the copy of {source_path} is damaged: {found}")
