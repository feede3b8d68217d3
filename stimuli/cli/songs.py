"""`flask songs`: what songs there are, in what state, and songs to try."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stimuli.cli.opening import OpenSongs, reading
from stimuli.cli.progress import progress_bars
from stimuli.names import counted

if TYPE_CHECKING:
    from stimuli.splits import How

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def songs() -> None:
    """Look at songs on disk."""


@songs.command("list")
@click.argument("folder", type=FOLDER)
@reading
def list_songs(folder: Path, open_songs: OpenSongs) -> None:
    """List the songs in FOLDER with their tracks and flaws.

    FOLDER is a dataset in a layout that Blindmix knows, or holds a folder per song. A song that
    cannot be opened is listed with the reason, and makes the exit code 1.
    """
    from stimuli.datasets.index import Index
    from stimuli.datasets.table import HEAD, aligned, row

    dataset = open_songs(folder)
    index = Index(dataset)
    song_ids = dataset.song_ids()
    rows, failures = [], []
    for song_id in song_ids:
        try:
            song = dataset.open_song(song_id)
            rows.append(row(song, index.report(song)))
        except (ValueError, OSError) as error:
            failures.append(f"{song_id}: cannot be opened: {error}")
    for line in [*aligned([HEAD, *rows]), *failures]:
        click.echo(line)
    click.echo(f"{counted(len(song_ids), 'song')}, read as {dataset.layout}")
    if failures:
        raise ValueError(f"{len(failures)} of {len(song_ids)} songs cannot be opened")


@songs.command("check")
@click.argument("folder", type=FOLDER)
@click.option("--jobs", default=0, help="Processes at work; 0 takes every core.")
@reading
def check_songs(folder: Path, jobs: int, open_songs: OpenSongs) -> None:
    """Read every song in FOLDER and name every problem it has.

    What is found is kept in an index with checksums: files that stay as they are are not read
    again. Problems make the exit code 1.
    """
    from stimuli.datasets.check import check_dataset
    from stimuli.datasets.index import Index
    from stimuli.datasets.table import HEAD, aligned, row

    dataset = open_songs(folder)
    with progress_bars() as show:
        done = list(
            check_dataset(
                dataset,
                Index(dataset),
                jobs or os.cpu_count() or 1,
                lambda made, of: show("Songs", made, of),
            )
        )
    good = [(one.song_id, one.report) for one in done if one.report is not None]
    rows = [row(dataset.open_song(song_id), report) for song_id, report in good]
    for line in aligned([HEAD, *rows]):
        click.echo(line)
    problems = [f"{one.song_id}: {one.failure}" for one in done if one.failure]
    for song_id, report in good:
        for note in report.notes:
            click.echo(f"{song_id}: {note}")
        problems += [f"{song_id}: {flaw.file}: {flaw.what}" for flaw in report.flaws]
    for problem in problems:
        click.echo(problem)
    if problems:
        raise ValueError(f"{counted(len(problems), 'problem')} in {folder}")
    click.echo("No problems.")


@songs.command("split")
@click.argument("folder", type=FOLDER)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="JSON file for the split.",
)
@click.option(
    "--by",
    type=click.Choice(["song", "artist", "published", "toolkit", "authors"]),
    default="artist",
    show_default=True,
    help="What is drawn as one, or which split is made again.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed draws another split.")
@reading
def split_command(folder: Path, out: Path, by: How, seed: int, open_songs: OpenSongs) -> None:
    """Split songs into training, validation and test.

    `flask mixers train` and `flask mixers evaluate` take it with --split-file.
    """
    from stimuli.splits import make_split, write_split

    split = make_split(open_songs(folder), by, seed)
    write_split(split, out)
    parts = (split.training, split.validation, split.test)
    click.echo("{} training, {} validation, {} test: {}".format(*map(len, parts), out))


@songs.command("demo")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("songs"),
    show_default=True,
    help="Folder that the songs go into.",
)
@click.option("--songs", "count", default=32, show_default=True, help="How many songs.")
@click.option("--seconds", default=30.0, show_default=True, help="Length of each song.")
@click.option("--seed", default=0, show_default=True, help="Another seed gives other songs.")
@click.option(
    "--family",
    type=click.Choice(["drums", "band", "both"]),
    default="both",
    show_default=True,
    help="Which songs.",
)
def demo_songs(output: Path, count: int, seconds: float, seed: int, family: str) -> None:
    """Compose, record and mix demo songs.

    Drums are eight microphones around a kit, a band is six instruments. Each song has a human-like
    mix and the settings that made it. Songs that are there already are left alone.
    """
    from rich.console import Console
    from rich.progress import Progress

    from stimuli.datasets.demo.songbook import make_songs, recipes

    wanted = recipes(count, seconds, seed, family)
    made = 0
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Demo songs", total=len(wanted))
        for _, new in make_songs(wanted, output):
            made += new
            progress.advance(task)
    click.echo(f"{counted(made, 'song')} made, {len(wanted) - made} were there: {output}")
