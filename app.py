"""Blindmix: the web application and its commands, joined from the rooms.

`flask run` serves; `flask --help` lists the commands. Rooms know nothing of each other's
commands; what needs two of them is here.
"""

from __future__ import annotations

import errno
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from analysis.cli import StudyRatings, make_analyse_command
from analysis.planning.cli import make_power_command
from listening import create_app as create_listening_room
from listening.cli.webmushra import make_import_command
from listening.config import settings

if TYPE_CHECKING:
    from listening.webmushra.pages import Comparison

COMMANDS: tuple[str, ...] = (
    "listening.cli.study:study",
    "listening.cli.database:db",
    "listening.cli.researcher:researcher",
    "listening.cli.api_token:api_token",
    "stimuli.cli.songs:songs",
    "stimuli.cli.stimuli:stimuli",
    "stimuli.cli.mixing:mixers",
    "stimuli.cli.mixing:mix",
)
"""Where each room keeps its commands, as "module:command"; the modules are light to import."""

MOST_SIGNS = 1000
"""Of an error: more is a value that was pasted by mistake."""
PERMISSION = "; choose a place where you may write, or ask for the right to"
ADVICE = {
    errno.ENOENT: "; check the path",
    errno.EACCES: PERMISSION,
    errno.EPERM: PERMISSION,
    errno.EROFS: PERMISSION,
    errno.EEXIST: "; a file is where a folder is needed, choose another path",
    errno.ENOTDIR: "; a file is where a folder is needed, choose another path",
    errno.EISDIR: "; give the path of a file",
    errno.ENOSPC: "; make room and run the command again",
    errno.EDQUOT: "; make room and run the command again",
}
"""What helps where the system refuses a file."""

DEMO_STUDIES = ("demo", "demo-mushra")
ROOT = Path(__file__).resolve().parent
EXAMPLES = ROOT / "docs" / "examples"


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the web application with every room's commands."""
    is_command = click.get_current_context(silent=True) is not None
    app = (_clear(_room_of_a_command) if is_command else create_listening_room)(config)
    for location in COMMANDS:
        module, _, name = location.partition(":")
        app.cli.add_command(with_clear_errors(getattr(import_module(module), name)))
    app.cli.add_command(with_clear_errors(make_analyse_command(study_ratings)))
    app.cli.add_command(with_clear_errors(make_power_command(study_ratings)))
    app.cli.add_command(with_clear_errors(demo))
    study = app.cli.commands["study"]
    assert isinstance(study, click.Group)
    study.add_command(with_clear_errors(make_import_command(write_stimuli)))
    return app


def _room_of_a_command(config: Mapping[str, Any] | None) -> Flask:
    """The web room; says so where there was none, as studies would seem to be gone."""
    instance = Path(settings(config, os.environ)["INSTANCE_PATH"])
    is_new = not instance.exists()
    app = create_listening_room(config)
    if is_new:
        click.echo(f"A new instance, without studies: {instance}", err=True)
    return app


@with_appcontext
def study_ratings(slug: str, simulated: bool) -> StudyRatings:
    """A study for `flask analyse`: the ratings of real or of simulated participants, its plan."""
    from listening.db import database
    from listening.export import attribute_scales, tidy_ratings
    from listening.studies import find_study

    with database().read() as session:
        study = find_study(session, slug)
        return StudyRatings(
            rows=[asdict(rating) for rating in tidy_ratings(session, study, simulated)],
            plan=study.definition.get("analysis", {}),
            declared_at=study.created_at.isoformat(timespec="seconds"),
            scales=attribute_scales(study),
        )


def write_stimuli(
    title: str, comparisons: Sequence[Comparison], root: Path, out: Path
) -> Sequence[str]:
    """The sounds that a configuration of webMUSHRA names, as stimuli; returns what was done."""
    from rich.console import Console
    from rich.progress import Progress

    from listening.webmushra.sounds import path_of
    from stimuli.ready_made import ReadyMade, write_ready_made

    passages = [
        ReadyMade(
            item.passage,
            {name: path_of(sound, root) for name, sound in item.systems.items()},
            path_of(item.reference, root) if item.reference else None,
            item.anchors,
        )
        for item in comparisons
    ]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("stimuli", total=len(passages))
        return write_ready_made(
            title, passages, out, progress=lambda done, _: progress.update(bar, completed=done)
        ).notices


@click.command()
@with_appcontext
def demo() -> None:
    """Prepare two studies to try. Composes songs, mixes them and opens the studies.

    What is there already stays as it is; after an interruption, run it again and it goes on.
    """
    from listening.db import database
    from listening.studies import all_studies, make_study, store_study
    from listening.study_file import read_study_file

    with database().read() as session:
        there = {study.slug for study in all_studies(session)}
    missing = [slug for slug in DEMO_STUDIES if slug not in there]
    folder = Path(current_app.config["INSTANCE_PATH"]) / "demo"
    if missing:
        _make_demo(folder)
    for slug in missing:
        file = folder / f"{slug}.yaml"
        file.write_bytes((EXAMPLES / file.name).read_bytes())
        made = make_study(read_study_file(file), Path(current_app.config["STIMULI_PATH"]))
        with database().write() as session:
            store_study(session, made)
    click.echo("The demo is ready." if missing else "The demo is there already: nothing to do.")
    click.echo(_what_next())


def _make_demo(folder: Path) -> None:
    from stimuli.cli.progress import progress_bars
    from stimuli.demo import make_demo

    with progress_bars() as show:
        make_demo(folder, os.cpu_count() or 1, show)


def _what_next() -> str:
    address = f"http://127.0.0.1:{os.environ.get('FLASK_RUN_PORT', '5000')}"
    activate = "" if os.environ.get("VIRTUAL_ENV") else f"  . {sys.prefix}/bin/activate\n"
    return f"""
While `flask run` (or `make demo`) serves, take part yourself:
  {address}/studies/demo/          eight mixes, no reference (APE)
  {address}/studies/demo-mushra/   with a reference and anchors (MUSHRA)
In another terminal, let a model take part, too, and see what comes out:
  cd {shlex.quote(str(Path.cwd()))}
{activate}  flask study simulate demo --participants 24
  flask analyse demo --simulated -o results
Watch from the desk, {address}/desk/:
  flask researcher add YOUR-NAME
"""


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


def in_one_line(error: ValueError | OSError) -> str:
    """What went wrong, where, and what to do, without what would flood a terminal."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        where = "" if error.filename is None else f"{error.filename}: "
        text = f"{where}{error.strerror}{ADVICE.get(error.errno or 0, '')}"
    text = " ".join(text.split())
    return text if len(text) <= MOST_SIGNS else f"{text[: MOST_SIGNS - 200]} … {text[-200:]}"


def _clear(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except KeyboardInterrupt:
            click.echo("\nInterrupted. Run the same command again to go on.", err=True)
            sys.exit(130)
        except BrokenPipeError:
            # Whoever read what was printed has seen enough: `flask … | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except (ValueError, OSError) as error:
            if os.environ.get("BLINDMIX_DEBUG"):
                raise
            raise click.ClickException(in_one_line(error)) from None
        except MemoryError:
            if os.environ.get("BLINDMIX_DEBUG"):
                raise
            raise click.ClickException("this needs more memory than there is") from None

    return run
