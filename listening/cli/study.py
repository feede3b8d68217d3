"""`flask study …`: make studies, open and close them, take out what they found."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from listening import studies
from listening.answers import tidy_answers, to_csv
from listening.audit import COMMAND_LINE, note
from listening.cli.retention import delete_participant, keep_until, purge
from listening.cli.who import who
from listening.db import database
from listening.formats import FORMATS
from listening.models import CLOSED, OPEN
from listening.progress import Progress, study_progress, study_totals
from listening.recruiting import personal_link
from listening.schema import json_schema
from listening.simulate import simulate as run_simulation
from listening.study_file import read_study_file

SPREADSHEETS = ("xlsx", "xls", "ods")
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def study() -> None:
    """Make studies, open and close them, and take out what they found."""


study.add_command(keep_until)
study.add_command(purge)
study.add_command(delete_participant)
study.add_command(who)


@study.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--closed", is_flag=True, help="Do not take participants yet.")
@with_appcontext
def create(file: Path, closed: bool) -> None:
    """Make a study from its FILE (see docs/study-file.md)."""
    source = read_study_file(file)
    with database().read() as session:
        studies.refuse_taken(session, source.file.slug)
    stimuli = Path(current_app.config["STIMULI_PATH"])
    made = studies.make_study(source, stimuli, CLOSED if closed else OPEN)
    with database().write() as session:
        studies.store_study(session, made)
        note(session, COMMAND_LINE, "created", made.slug)
    line = f"Study {made.slug}: {len(made.pages)} pages, {len(made.stimuli)} stimuli"
    click.echo(f"{line}, {made.status}. Participants join at /studies/{made.slug}/")


@study.command()
@click.argument("file", type=EXISTING_FILE)
@with_appcontext
def check(file: Path) -> None:
    """Say everything that is wrong with a study FILE. Nothing is stored."""
    from listening.study_file import StudyFileError

    try:
        source = read_study_file(file)
        studies.check_study(source)
    except StudyFileError as error:
        for problem in error.problems:
            click.echo(f"{error.path}, {problem}", err=True)
        count = len(error.problems)
        raise ValueError(f"{count} problem{'s' if count > 1 else ''} in {file}") from None
    click.echo(f"{file} is fine.")


@study.command("list")
@with_appcontext
def list_studies() -> None:
    """List all studies with their state and participants."""
    with database().read() as session:
        for item in studies.all_studies(session):
            real = study_totals(session, item)
            simulated = study_totals(session, item, simulated=True)
            more = f", {simulated.joined} simulated" if simulated.joined else ""
            click.echo(
                f"{item.slug:<24} {item.status:<7} {real.joined} joined, "
                f"{real.finished} finished{more}  {item.title}"
            )


@study.command("open")
@click.argument("slug")
@with_appcontext
def open_study(slug: str) -> None:
    """Let participants in."""
    with database().write() as session:
        studies.set_status(studies.find_study(session, slug), "open")
        note(session, COMMAND_LINE, "opened", slug)
    click.echo(f"Study {slug} is open.")


@study.command()
@click.argument("slug")
@with_appcontext
def close(slug: str) -> None:
    """Let nobody new in; who has begun may finish."""
    with database().write() as session:
        studies.set_status(studies.find_study(session, slug), "closed")
        note(session, COMMAND_LINE, "closed", slug)
    click.echo(f"Study {slug} is closed. Who has begun may finish.")


@study.command()
@click.argument("slug")
@click.argument("wanted", metavar="NUMBER|none")
@with_appcontext
def quota(slug: str, wanted: str) -> None:
    """Say how many participants are wanted: a NUMBER, or none."""
    if wanted != "none" and not wanted.isdecimal():
        raise ValueError(f"{wanted!r} is no number of participants; write a number, or none")
    number = None if wanted == "none" else int(wanted)
    with database().write() as session:
        studies.set_quota(studies.find_study(session, slug), number)
        note(session, COMMAND_LINE, "set quota", slug, wanted)
    click.echo(f"{slug} wants {number or 'any number of'} participants.")


@study.command()
@click.argument("slug")
@with_appcontext
def status(slug: str) -> None:
    """Show how far a study is, page by page."""
    with database().read() as session:
        found = studies.find_study(session, slug)
        wanted = f", {found.quota} participants wanted" if found.quota else ""
        click.echo(f"{found.title} ({found.status}{wanted})")
        for simulated in (False, True):
            _print_progress(study_progress(session, found, simulated), simulated)


def _print_progress(progress: Progress, simulated: bool) -> None:
    who = "simulated participants" if simulated else "participants"
    click.echo(
        f"{progress.joined} {who} joined, {progress.finished} finished, {progress.ratings} ratings"
    )
    if not progress.joined:
        return
    click.echo(
        f"  {'page':<32} {'reached':>7} {'done':>5} {'left here':>9} {'failed':>6} {'median':>8}"
    )
    for page in progress.pages:
        time = "" if page.median_s is None or simulated else f"{page.median_s:.0f} s"
        click.echo(
            f"  {page.key:<32} {page.reached:>7} {page.completed:>5} {page.left_here:>9} "
            f"{page.failed:>6} {time:>8}"
        )


@study.command()
@click.argument("slug")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    help="Taken from the name of the file where it is not said; CSV by default.",
)
@click.option("--simulated", is_flag=True, help="The simulated ratings instead of the real ones.")
@click.option("--answers", is_flag=True, help="What was answered in words, as CSV.")
@with_appcontext
def export(
    slug: str, output: Path | None, kind: str | None, simulated: bool, answers: bool
) -> None:
    """Write the tidy ratings to a file or the terminal."""
    if answers and kind not in (None, "csv"):
        raise ValueError(f"answers are written as CSV, not as {kind}")
    suffix = output.suffix.lower()[1:] if output else ""
    if kind is None and suffix in SPREADSHEETS:
        raise ValueError(f"{output}: .{suffix} is not written; a spreadsheet opens .csv, too")
    chosen = FORMATS[kind or (suffix if suffix in FORMATS and not answers else "csv")]
    with database().read() as session:
        found = studies.find_study(session, slug)
        if answers:
            content = to_csv(tidy_answers(session, found, simulated)).encode()
        else:
            content = chosen.write(session, found, simulated)
    what = "answers" if answers else "ratings"
    with database().write() as session:
        note(session, COMMAND_LINE, f"took out {what}", slug, "simulated" if simulated else "")
    if output is None:
        click.echo(content, nl=False)
        return
    partial = output.with_name(output.name + ".part")
    partial.write_bytes(content)
    partial.replace(output)
    click.echo(f"The {what} of {slug} are in {output}", err=True)


@study.command()
@click.argument("slug")
@click.option(
    "--participants",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="How many.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other people.")
@with_appcontext
def simulate(slug: str, participants: int, seed: int) -> None:
    """Fill a study with simulated participants. They are marked as such everywhere."""
    from rich.console import Console
    from rich.progress import track

    console, added = Console(stderr=True), 0
    for number in track(
        range(1, participants + 1),
        "participants",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        # One at a time: real participants' answers need not wait for all of them.
        with database().write() as session:
            added += run_simulation(session, studies.find_study(session, slug), [number], seed)
    if added:
        with database().write() as session:
            note(session, COMMAND_LINE, "simulated", slug, f"{added} participants")
    click.echo(f"{added} simulated participants added to {slug}. They never mix with real ones.")


@study.command()
@click.argument("slug")
@click.option("--count", type=click.IntRange(0, 10_000), default=0, help="Links 1 to this number.")
@click.option("--label", "labels", multiple=True, help="A link for this name; may come again.")
@click.option("--base", help="Address of the server; by default that of `flask run` here.")
@with_appcontext
def links(slug: str, count: int, labels: tuple[str, ...], base: str | None) -> None:
    """Print personal links as CSV.

    Each leads to one run, and the same label always gives the same link.
    """
    names = [*map(str, range(1, count + 1)), *labels]
    if not names:
        raise ValueError("say how many links to print with --count, or for whom with --label")
    if base is None:
        base = f"http://127.0.0.1:{os.environ.get('FLASK_RUN_PORT', '5000')}"
    address = urlsplit(base)
    if base and (address.scheme not in ("http", "https") or not address.hostname):
        raise ValueError(f"--base {base!r} is no address; write it as https://listen.example.org")
    with database().read() as session:
        studies.find_study(session, slug)
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("label", "link"))
    for name in names:
        link = personal_link(slug, name, current_app.config["SECRET_KEY"])
        rows.writerow((name, f"{base.rstrip('/')}/studies/{slug}/?link={link}"))


@study.command()
def schema() -> None:
    """Print the JSON Schema of study files, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))
