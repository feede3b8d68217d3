"""`flask stimuli`: from songs, or from ready-made mixes, to what listeners hear."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stimuli.cli.opening import OpenSongs, reading
from stimuli.cli.progress import progress_bars
from stimuli.names import counted

if TYPE_CHECKING:
    from stimuli.passages import How
    from stimuli.plan import Delivery
    from stimuli.render_passage import Failure

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)
OUT = click.Path(file_okay=False, path_type=Path)


@click.group()
def stimuli() -> None:
    """Make and check the sound files that listeners rate."""


def _choosing(command: F) -> F:
    """The options that say which passages; shared by `render` and `passages`."""
    for option in reversed(
        (
            click.option("--passages-per-song", default=1, show_default=True, help="How many."),
            click.option("--seconds", default=10.0, show_default=True, help="Length of a passage."),
            click.option(
                "--choose",
                type=click.Choice(["active", "change", "chance"]),
                default="active",
                show_default=True,
                help="Where most tracks play, where most begin to play, or by chance.",
            ),
            click.option(
                "--on-beat/--anywhere",
                default=True,
                show_default=True,
                help="Cut before a beat and after whole beats, where a beat is found.",
            ),
            click.option("--seed", default=0, show_default=True, help="Of everything random."),
            click.option("--jobs", default=0, help="Processes at work; 0 takes every core."),
        )
    ):
        command = option(command)
    return command


@stimuli.command("render")
@click.argument("songs_dir", type=FOLDER)
@click.option("-o", "--out", type=OUT, required=True, help="Folder for the sound files.")
@click.option("--systems", default="mono,random,target", show_default=True, help="Comma between.")
@click.option("--passages", "by_hand", type=IN_FILE, help="CSV file of passages; no others.")
@_choosing
@click.option("--anchors", is_flag=True, help="Add low-pass anchors of 3.5 and 7 kHz.")
@click.option("--degraded", default="", help="Recipes of degraded anchors, comma between.")
@click.option("--reference", is_flag=True, help="The human mix is hidden and open reference.")
@click.option("--lufs", default=-23.0, show_default=True, help="Loudness of every stimulus.")
@click.option(
    "--delivery",
    type=click.Choice(["wav", "wav24", "flac", "flac24"]),
    default="wav",
    show_default=True,
    help="16 or 24 bits; FLAC is padded to one length a passage.",
)
@click.option("--dask", "scheduler", help="Address of a Dask scheduler whose workers render.")
@reading
def render_command(
    songs_dir: Path,
    out: Path,
    systems: str,
    by_hand: Path | None,
    passages_per_song: int,
    seconds: float,
    choose: How,
    on_beat: bool,
    seed: int,
    jobs: int,
    anchors: bool,
    degraded: str,
    reference: bool,
    lufs: float,
    delivery: Delivery,
    scheduler: str | None,
    open_songs: OpenSongs,
) -> None:
    """Render the songs in SONGS_DIR with each system, equally loud.

    A manifest comes along. Run the same command again after an interruption: what is done is not
    done again. A song or a system that fails is named at the end, and makes the exit code 1.
    """
    from stimuli.passages import passages_from_csv
    from stimuli.plan import Plan
    from stimuli.render import render
    from stimuli.workers import workers

    plan = Plan(
        _names(systems),
        passages_per_song,
        seconds,
        seed,
        anchors=anchors,
        reference=reference,
        target_lufs=lufs,
        how=choose,
        on_beat=on_beat,
        by_hand=passages_from_csv(by_hand) if by_hand else (),
        degraded=_names(degraded),
        delivery=delivery,
    )
    with progress_bars() as show, workers(scheduler, jobs) as count:
        report = render(open_songs(songs_dir.resolve()), plan, out.resolve(), count, show)
    for notice in report.notices:
        click.echo(f"Note: {notice}.", err=True)
    passages = {stimulus.passage for stimulus in report.manifest.stimuli}
    count = len(report.manifest.stimuli)
    click.echo(f"{count} stimuli of {counted(len(passages), 'passage')} in {out}")
    _fail(report.failures, "the rest is rendered")


@stimuli.command("passages")
@click.argument("songs_dir", type=FOLDER)
@click.option("-o", "--out", type=OUT_FILE, required=True, help="CSV file.")
@_choosing
@reading
def passages_command(
    songs_dir: Path,
    out: Path,
    passages_per_song: int,
    seconds: float,
    choose: How,
    on_beat: bool,
    seed: int,
    jobs: int,
    open_songs: OpenSongs,
) -> None:
    """Choose passages of the songs in SONGS_DIR, as a CSV file.

    Change what you like in it, and hand it to `flask stimuli render --passages`.
    """
    from stimuli.passages import Passage, passages_to_csv
    from stimuli.plan import Plan
    from stimuli.render import choose as choose_passages
    from stimuli.render_passage import Failure

    plan = Plan(("mono",), passages_per_song, seconds, seed, how=choose, on_beat=on_beat)
    chosen: list[Passage] = []
    failures: list[Failure] = []
    with progress_bars() as show:
        dataset = open_songs(songs_dir)
        for found in choose_passages(dataset, plan, jobs or os.cpu_count() or 1, show):
            failures.append(found) if isinstance(found, Failure) else chosen.extend(found)
    if chosen:
        passages_to_csv(chosen, out)
        click.echo(f"{counted(len(chosen), 'passage')} in {out}")
    _fail(failures, "the others are written" if chosen else "nothing was chosen")


@stimuli.command("import")
@click.argument("mixes_dir", type=FOLDER)
@click.option("-o", "--out", type=OUT, required=True, help="Folder for the sound files.")
@click.option("--seed", default=0, show_default=True, help="Of the dither.")
@click.option("--lufs", default=-23.0, show_default=True, help="Loudness of every stimulus.")
@click.option("--jobs", default=0, help="Processes at work; 0 takes every core.")
def import_command(mixes_dir: Path, out: Path, seed: int, lufs: float, jobs: int) -> None:
    """Import ready-made mixes: MIXES_DIR/PASSAGE/SYSTEM.wav.

    FLAC, MP3, Ogg and AIFF do, too. A file called reference is the hidden reference and the open
    one; anchor… is an anchor. A file that cannot be used is named at the end, and makes the exit
    code 1.
    """
    from stimuli.importing import import_mixes

    with progress_bars() as show:
        imported = import_mixes(mixes_dir, out, seed, lufs, jobs or os.cpu_count() or 1, show)
    for notice in imported.notices:
        click.echo(f"Note: {notice}.", err=True)
    passages = {stimulus.passage for stimulus in imported.manifest.stimuli}
    count = len(imported.manifest.stimuli)
    click.echo(f"{count} stimuli of {counted(len(passages), 'passage')} in {out}")
    _fail(imported.failures, "the rest is imported")


@stimuli.command("check")
@click.argument("folder", type=FOLDER)
@click.option("--jobs", default=0, help="Processes at work; 0 takes every core.")
def check_command(folder: Path, jobs: int) -> None:
    """Prove stimuli fit for a test, or name every flaw."""
    from stimuli.check import check

    with progress_bars() as show:
        flaws = list(check(folder, jobs or os.cpu_count() or 1, show))
    for flaw in flaws:
        click.echo(flaw)
    if flaws:
        raise ValueError(f"{counted(len(flaws), 'flaw')} in {folder}")
    click.echo(
        "Fit for a test: nothing is missing; within a passage all is equally long, loud and "
        "aligned; no peak is too high."
    )


@stimuli.command("gallery")
@click.argument("folder", type=FOLDER)
def gallery_command(folder: Path) -> None:
    """Write FOLDER/gallery.html to look at and listen to stimuli."""
    from stimuli.gallery import write_gallery

    with progress_bars() as show:
        page = write_gallery(folder, show)
    click.echo(f"{page}: open it in a browser")


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _fail(failures: Sequence[Failure], rest: str) -> None:
    """List what failed, if anything did, and end with an exit code that says so."""
    for failure in failures:
        click.echo(f"Failed: {failure.what}: {failure.reason}", err=True)
    if failures:
        raise ValueError(f"{counted(len(failures), 'failure')}; {rest}")
