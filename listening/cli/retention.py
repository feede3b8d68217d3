"""`flask study keep-until`, `purge`, `delete-participant`: how long data are kept, how they go."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from listening import retention, studies
from listening.audit import COMMAND_LINE, note
from listening.db import database
from listening.runs import find_participant
from listening.timeline import find_by_label


@click.command("keep-until")
@click.argument("slug")
@click.argument("day", metavar="DAY|none")
@with_appcontext
def keep_until(slug: str, day: str) -> None:
    """Keep what participants gave until a DAY, or until none."""
    try:
        last = None if day == "none" else date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day!r} is no day; write one as 2027-12-31, or none") from None
    until = f"until {last}" if last else "no date"
    with database().write() as session:
        retention.keep_until(studies.find_study(session, slug), last)
        note(session, COMMAND_LINE, "set retention", slug, until)
    then = f"{until}. Then: flask study purge" if last else "for as long as you like."
    click.echo(f"{slug} keeps what participants gave {then}")


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
            count = retention.purge(session, found, _instance())
            note(session, COMMAND_LINE, "purged", found.slug, f"{count} participants")
            click.echo(f"{found.slug}: {count} participants and all they gave are deleted.")
    if not due:
        click.echo("No study keeps anything beyond its date.")


# A token may begin with a dash.
@click.command("delete-participant", context_settings={"ignore_unknown_options": True})
@click.argument("slug")
@click.argument("participant")
@click.confirmation_option(prompt="Delete all ratings and answers of this participant for good?")
@with_appcontext
def delete_participant(slug: str, participant: str) -> None:
    """Delete a PARTICIPANT and what they gave.

    They are named as in the exports (P001) or by the token of their address.
    """
    with database().write() as session:
        study = studies.find_study(session, slug)
        found = find_by_label(session, study, participant) or find_participant(session, participant)
        if found is None or found.study is not study:
            raise ValueError(f"study {slug!r} has no participant {participant!r}")
        retention.delete_participant(session, found, _instance())
        note(session, COMMAND_LINE, "deleted participant", slug, found.label)
    click.echo(f"{found.label} and everything they gave is deleted from {slug}.")


def _instance() -> Path:
    return Path(current_app.config["INSTANCE_PATH"])
