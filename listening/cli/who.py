"""`flask study who …`: which participant came with an id of a panel, or by a personal link."""

from __future__ import annotations

import csv
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from listening import studies
from listening.db import database
from listening.recruiting import completion_code, key_of
from listening.runs import find_by_key

COLUMNS = ("id", "participant", "finished", "code")


@click.command()
@click.argument("slug")
@click.argument("ids", nargs=-1, required=True)
@click.option(
    "--came-by",
    type=click.Choice(["prolific", "mturk", "link"]),
    default="prolific",
    show_default=True,
    help="What the ids are: of Prolific, workers of Mechanical Turk, labels of personal links.",
)
@with_appcontext
def who(slug: str, ids: tuple[str, ...], came_by: str) -> None:
    """Say as CSV which participant each of the IDS is.

    With `-` they are read from the standard input.
    Ids are only kept as hashes under the secret of the instance: this finds who is asked for, and
    nobody else.
    """
    asked = sys.stdin.read().split() if ids == ("-",) else ids
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    with database().read() as session:
        study = studies.find_study(session, slug)
        for name in asked:
            key = key_of(came_by, name, slug, current_app.config["SECRET_KEY"])
            found = find_by_key(session, study, key)
            if found is None:
                rows.writerow((name, "", "", ""))
            else:
                finished = "yes" if found.finished_at else "no"
                rows.writerow((name, found.label, finished, completion_code(found)))
