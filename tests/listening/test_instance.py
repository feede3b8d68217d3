"""The instance folder, its secret, and the database's schema."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app import create_app
from listening.config import secret_key
from listening.db import MIGRATIONS, SCHEMA_REVISION, Database, SchemaError, migrate
from listening.models import Base
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
    assert app.config["DATABASE_URL"] == f"sqlite:///{tmp_path / 'there' / 'blindmix.sqlite'}"
    monkeypatch.setenv("BLINDMIX_DATABASE_URL", "sqlite:///other.sqlite")
    assert create_app().config["DATABASE_URL"] == "sqlite:///other.sqlite"


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


def test_studies_of_the_first_schema_survive_the_upgrade(
    open_database: Callable[[], Database],
) -> None:
    database = open_database()
    with database.engine.begin() as connection:
        migrate(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO study (slug, title, seed, status, definition, source, "
                "consent_version, created_at, next_number, next_simulated_number) VALUES "
                "('old', 'Old', 7, 'open', '{}', '', '', '2026-01-01 00:00:00', 3, 1)"
            )
        )
    database.upgrade()
    with database.read() as session:
        study = find_study(session, "old")
        assert (study.seed, study.next_number, study.keep_until) == (7, 3, None)


def test_two_processes_may_meet_an_empty_database_at_once(
    open_database: Callable[[], Database],
) -> None:
    databases = [open_database() for _ in range(4)]
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
    assert failures == []


@pytest.mark.usefixtures("sqlite_only")
def test_sqlite_is_set_up_to_lose_nothing(database: Database) -> None:
    with database.read() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}
