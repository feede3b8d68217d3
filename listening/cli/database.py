"""`flask db …`: look after the database."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from listening import backup as copies
from listening.db import database


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@with_appcontext
def upgrade() -> None:
    """Bring the database to the schema of this version. Answers stay."""
    database().upgrade()
    click.echo("The database is up to date.")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@with_appcontext
def backup(file: Path | None) -> None:
    """Copy the database to FILE while the server runs.

    By default FILE is a new one in backups/ of the instance.
    """
    made = copies.backup(database(), _instance(), file)
    click.echo(f"The database is copied to {made}. To go back to it: flask db restore {made}")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.confirmation_option(prompt="Put the copy in the place of all that the database holds now?")
@with_appcontext
def restore(file: Path) -> None:
    """Go back to a copy in FILE that flask db backup made. What is there now is copied first."""
    kept = copies.restore(database(), _instance(), file)
    click.echo(f"The database is as it was in {file}.")
    if kept:
        click.echo(f"What was there before is in {kept}.")


def _instance() -> Path:
    return Path(current_app.config["INSTANCE_PATH"])
