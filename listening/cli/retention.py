"""`flask study keep-until` and `flask study purge`: how long data are kept, and their deletion."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from listening import retention, studies
from listening.audit import COMMAND_LINE, note
from listening.db import database
from listening.results import forget_results


@click.command("keep-until")
@click.argument("slug")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@with_appcontext
def keep_until(slug: str, day: datetime) -> None:
    """Keep what participants gave until DAY (2027-12-31)."""
    with database().write() as session:
        studies.find_study(session, slug).keep_until = day.date()
        note(session, COMMAND_LINE, "set retention", slug, f"until {day.date()}")
    click.echo(f"{slug} keeps what participants gave until {day.date()}. Then: flask study purge")


@click.command()
@click.argument("slug", required=False)
@click.confirmation_option(prompt="Delete all ratings, answers and events for good?")
@with_appcontext
def purge(slug: str | None) -> None:
    """Delete what participants gave.

    Of SLUG, if it is named; else of all studies past their date.
    """
    with database().write() as session:
        due = [studies.find_study(session, slug)] if slug else retention.overdue(session)
        for found in due:
            count = retention.purge(session, found)
            note(session, COMMAND_LINE, "purged", found.slug, f"{count} participants")
            click.echo(f"{found.slug}: {count} participants and all they gave are deleted.")
    for found in due:
        forget_results(Path(current_app.config["INSTANCE_PATH"]), found.slug)
    if not due:
        click.echo("No study keeps anything beyond its date.")
