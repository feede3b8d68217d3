"""Blindmix: the web application and its commands, joined from the rooms.

`flask run` serves; `flask --help` lists the commands. Rooms know nothing of each other's
commands; what needs two of them is here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import asdict
from functools import wraps
from importlib import import_module
from typing import Any

import click
from flask import Flask

from analysis.cli import StudyRatings, make_analyse_command
from listening import create_app as create_listening_room

COMMANDS: tuple[str, ...] = (
    "listening.cli.study:study",
    "listening.cli.database:db",
    "listening.cli.researcher:researcher",
    "stimuli.cli.songs:songs",
    "stimuli.cli.stimuli:stimuli",
    "stimuli.cli.mixing:mixers",
    "stimuli.cli.mixing:mix",
)
"""Where each room keeps its commands, as "module:command"; the modules are light to import."""


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the web application with every room's commands."""
    app = create_listening_room(config)
    for location in COMMANDS:
        module, _, name = location.partition(":")
        app.cli.add_command(with_clear_errors(getattr(import_module(module), name)))
    app.cli.add_command(with_clear_errors(make_analyse_command(study_ratings)))
    return app


def study_ratings(slug: str, simulated: bool) -> StudyRatings:
    """A study for `flask analyse`: the ratings of real or of simulated participants, its plan."""
    from listening.db import database
    from listening.export import tidy_ratings
    from listening.studies import find_study

    with database().read() as session:
        study = find_study(session, slug)
        return StudyRatings(
            rows=[asdict(rating) for rating in tidy_ratings(session, study, simulated)],
            plan=study.definition.get("analysis", {}),
            declared_at=study.created_at.isoformat(timespec="seconds"),
        )


def with_clear_errors(command: click.Command) -> click.Command:
    """A copy of a command, and of all below it, that ends a failure with one clear line.

    The rooms raise `ValueError` and `OSError` with a message for people. Set BLINDMIX_DEBUG=1 to
    see where they came from.
    """
    command = copy(command)
    if isinstance(command, click.Group):
        command.commands = {
            name: with_clear_errors(child) for name, child in command.commands.items()
        }
    elif command.callback is not None:
        command.callback = _clear(command.callback)
    return command


def _clear(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except KeyboardInterrupt:
            click.echo("\nInterrupted. Run the same command again to go on.", err=True)
            sys.exit(130)
        except (ValueError, OSError) as error:
            if os.environ.get("BLINDMIX_DEBUG"):
                raise
            raise click.ClickException(" ".join(str(error).split())) from None

    return run
