"""The database: engine, sessions, and the state of its schema."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import URL, Connection, Engine, Float, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

SCHEMA_REVISION = "0006"
"""The newest migration; a database of another revision is not touched before it is upgraded."""

EMPTY = ""
"""In the place of a revision, of a database without tables; it is older than all of them."""

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 30_000
_MIGRATION_LOCK = 0x626D6978  # any number, the same in every process ("bmix")


class SchemaError(ValueError):
    """The database has a schema that this version of Blindmix cannot use as it is."""


class DatabaseUnusableError(OSError):
    """The database does not answer, is busy for too long, full or damaged."""


class Database:
    """One engine and its transactions; an empty database gets its tables on first use."""

    def __init__(self, url: str | URL) -> None:
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(blindmix_write=True)
        self._reader = self.engine
        if self.engine.dialect.name == "postgresql":
            # As on SQLite: all that a session reads is of one moment.
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._ready = False
        self._lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it changed is rolled back."""
        self.ensure_schema()
        with self._in_words(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one transaction: on disk when the block ends, or not at all.

        On SQLite it takes the writer's lock at once, so that what it reads cannot change until it
        commits; on PostgreSQL lock the rows that you decide on (`with_for_update`).
        """
        self.ensure_schema()
        with (
            self._in_words(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def ensure_schema(self) -> None:
        """Make the tables in an empty database.

        Raises:
            SchemaError: the database is older or newer than this version, or not Blindmix's.
            DatabaseUnusableError: it does not answer.
        """
        if self._ready:
            return
        with self._lock:
            with self._in_words("open"), self._reader.connect() as connection:
                found = schema_revision(connection)
            if found == EMPTY:
                self.upgrade()
            elif found != SCHEMA_REVISION:
                self._refuse_foreign(found)
                raise SchemaError(
                    f"the database has schema {found}, this Blindmix needs {SCHEMA_REVISION}: "
                    "run `flask db backup`, then `flask db upgrade`"
                )
            self._ready = True

    def upgrade(self) -> None:
        """Bring the schema to the newest revision, whole or not at all.

        Raises:
            SchemaError: the database is of a newer version, or not Blindmix's.
            DatabaseUnusableError: it does not answer.
        """
        with self._in_words("upgrade"), self._writer.begin() as connection:
            # One at a time: what is found here stays so until it is upgraded.
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            self._refuse_foreign(schema_revision(connection))
            migrate(connection)

    def _refuse_foreign(self, found: str | None) -> None:
        if found is None:
            raise SchemaError(
                f"{self._shown} holds tables of another program; give Blindmix its own database"
            )
        if found > SCHEMA_REVISION:
            raise SchemaError(
                f"the database has schema {found} of a newer Blindmix, this one knows "
                f"{SCHEMA_REVISION}: install the newer one again"
            )

    @property
    def _shown(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def _in_words(self, what_for: str = "use") -> Iterator[None]:
        """Tell what is wrong with the database; what is wrong with a statement stays as it is."""
        try:
            yield
        except DatabaseError as error:
            if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
                raise
            raise DatabaseUnusableError(
                f"cannot {what_for} the database {self._shown}: {error.orig}"
            ) from error


def database() -> Database:
    """The database of the application at hand."""
    found: Database = current_app.extensions["blindmix_database"]
    return found


def schema_revision(connection: Connection) -> str | None:
    """The revision that a database says it has: `EMPTY` without tables, None where it says none."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if tables else EMPTY


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` inside the transaction that `connection` is in."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


class seconds_between(FunctionElement[float]):  # noqa: N801, it is used as a function
    """The time from one moment to another in seconds, which each database computes its own way."""

    inherit_cache = True
    type = Float()


@compiles(seconds_between)
def _seconds_on_sqlite(element: seconds_between, compiler: SQLCompiler, **more: Any) -> str:
    first, second = (compiler.process(part, **more) for part in element.clauses)
    return f"(julianday({second}) - julianday({first})) * 86400.0"


@compiles(seconds_between, "postgresql")
def _seconds_on_postgresql(element: seconds_between, compiler: SQLCompiler, **more: Any) -> str:
    first, second = (compiler.process(part, **more) for part in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM {second} - {first}) AS DOUBLE PRECISION)"


def _engine(url: str | URL) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(
            "BLINDMIX_DATABASE_URL is not a database URL; "
            "write sqlite:////folder/file.sqlite or postgresql+psycopg://user@host/name"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    # Errors end up in logs, and the values of a statement may be a participant's.
    try:
        engine = create_engine(
            parsed, pool_size=16, max_overflow=48, pool_timeout=30, hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{error.name} is not installed, which {parsed.drivername} needs; "
            "for PostgreSQL: pip install 'blindmix[postgresql]'"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("blindmix_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
