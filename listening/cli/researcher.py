"""`flask researcher …`: who may see the desk."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from listening import accounts
from listening.audit import COMMAND_LINE, note
from listening.db import database

PASSWORD = click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for when it is not given here, where others could read it.",
)


@click.group()
def researcher() -> None:
    """Say who may see the desk."""


@researcher.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["owner", "viewer"]),
    default="owner",
    show_default=True,
    help="An owner may change studies, a viewer may look.",
)
@PASSWORD
@with_appcontext
def add(name: str, role: str, password: str) -> None:
    """Let NAME in: an owner may change studies, a viewer may look."""
    with database().write() as session:
        accounts.add_researcher(session, name, password, role)
        note(session, COMMAND_LINE, "added researcher", detail=f"{name}, {role}")
    click.echo(f"{name} can log in at /desk/ as {role}.")


@researcher.command("password")
@click.argument("name")
@PASSWORD
@with_appcontext
def change_password(name: str, password: str) -> None:
    """Give NAME another password. Whoever is logged in as NAME is logged out."""
    with database().write() as session:
        accounts.set_password(accounts.find_researcher(session, name), password)
        note(session, COMMAND_LINE, "changed password", detail=name)
    click.echo(f"{name} has a new password.")


@researcher.command()
@click.argument("name")
@with_appcontext
def remove(name: str) -> None:
    """Let NAME in no more."""
    with database().write() as session:
        session.delete(accounts.find_researcher(session, name))
        note(session, COMMAND_LINE, "removed researcher", detail=name)
    click.echo(f"{name} cannot log in any more.")


@researcher.command("list")
@with_appcontext
def list_researchers() -> None:
    """List who may log in."""
    with database().read() as session:
        for found in accounts.all_researchers(session):
            click.echo(f"{found.name:<24} {found.role}")
