"""`flask db …`: look after the database."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from listening.backup import backup as copy_database
from listening.db import database


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@with_appcontext
def upgrade() -> None:
    """Bring the database to the schema of this version; answers stay as they are."""
    database().upgrade()
    click.echo("The database is up to date.")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@with_appcontext
def backup(file: Path | None) -> None:
    """Copy the database to FILE while the server runs (default: backups/ of the instance)."""
    made = copy_database(database(), Path(current_app.config["INSTANCE_PATH"]), file)
    click.echo(f"The database is copied to {made}. To restore it, put it in the place of the old.")
