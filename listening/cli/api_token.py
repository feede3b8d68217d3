"""`flask api-token …`: programs that may use the API."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from listening.audit import COMMAND_LINE, note
from listening.db import database
from listening.rest import tokens


@click.group("api-token")
def api_token() -> None:
    """Say which programs may use the API."""


@api_token.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["viewer", "owner"]),
    default="viewer",
    show_default=True,
    help="A viewer may read, an owner may also change and delete.",
)
@with_appcontext
def create(name: str, role: str) -> None:
    """Make a token for the program NAME. It is printed now and cannot be shown again."""
    with database().write() as session:
        secret = tokens.create_token(session, name, role)
        note(session, COMMAND_LINE, "created API token", detail=f"{name}, {role}")
    click.echo(secret)
    click.echo(f"{name} is a {role}. Keep the token: only its hash is stored.", err=True)


@api_token.command("list")
@with_appcontext
def list_tokens() -> None:
    """List the tokens by name, with role and day of creation."""
    with database().read() as session:
        for found in tokens.all_tokens(session):
            click.echo(f"{found.name:<24} {found.role:<7} {found.created_at:%Y-%m-%d}")


@api_token.command()
@click.argument("name")
@with_appcontext
def revoke(name: str) -> None:
    """Make the token NAME worthless, at once and for good."""
    with database().write() as session:
        tokens.revoke_token(session, name)
        note(session, COMMAND_LINE, "revoked API token", detail=name)
    click.echo(f"{name} can no longer use the API.")
