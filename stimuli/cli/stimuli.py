"""`flask stimuli`: from songs, or from ready-made mixes, to what listeners hear."""

from __future__ import annotations

import os
from pathlib import Path

import click

from stimuli.cli.progress import progress_bars

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
OUT = click.Path(file_okay=False, path_type=Path)


@click.group()
def stimuli() -> None:
    """Make and check the sound files that listeners rate."""


@stimuli.command("render")
@click.argument("songs_dir", type=FOLDER)
@click.option("-o", "--out", type=OUT, required=True, help="Folder for the sound files.")
@click.option("--systems", default="mono,random,target", show_default=True, help="Comma between.")
@click.option("--passages-per-song", default=1, show_default=True, help="How many excerpts.")
@click.option("--seconds", default=10.0, show_default=True, help="Length of a passage.")
@click.option("--seed", default=0, show_default=True, help="Of everything random.")
@click.option("--anchors", is_flag=True, help="Add low-pass anchors of 3.5 and 7 kHz.")
@click.option("--reference", is_flag=True, help="The human mix is hidden and open reference.")
@click.option("--lufs", default=-23.0, show_default=True, help="Loudness of every stimulus.")
@click.option("--jobs", default=0, help="Processes at work; 0 takes every core.")
def render_command(
    songs_dir: Path,
    out: Path,
    systems: str,
    passages_per_song: int,
    seconds: float,
    seed: int,
    anchors: bool,
    reference: bool,
    lufs: float,
    jobs: int,
) -> None:
    """Render the songs in SONGS_DIR with each system, equally loud, with a manifest.

    Run the same command again after an interruption: what is done is not done again. A song or
    a system that fails is named at the end, and makes the exit code 1.
    """
    from stimuli.datasets.dataset import open_dataset
    from stimuli.plan import Plan
    from stimuli.render import render

    names = tuple(dict.fromkeys(name.strip() for name in systems.split(",") if name.strip()))
    plan = Plan(names, passages_per_song, seconds, seed, anchors, reference, lufs)
    with progress_bars() as show:
        report = render(open_dataset(songs_dir), plan, out, jobs or os.cpu_count() or 1, show)
    for notice in report.notices:
        click.echo(f"Note: {notice}.", err=True)
    passages = {stimulus.passage for stimulus in report.manifest.stimuli}
    click.echo(f"{len(report.manifest.stimuli)} stimuli of {len(passages)} passages in {out}")
    for failure in report.failures:
        click.echo(f"Failed: {failure.what}: {failure.reason}", err=True)
    if report.failures:
        raise ValueError(f"{len(report.failures)} failures; the rest is rendered")


@stimuli.command("import")
@click.argument("mixes_dir", type=FOLDER)
@click.option("-o", "--out", type=OUT, required=True, help="Folder for the sound files.")
@click.option("--seed", default=0, show_default=True, help="Of the dither.")
@click.option("--lufs", default=-23.0, show_default=True, help="Loudness of every stimulus.")
def import_command(mixes_dir: Path, out: Path, seed: int, lufs: float) -> None:
    """Import ready-made mixes that lie in MIXES_DIR as PASSAGE/SYSTEM.wav (or flac, mp3, …).

    A file called reference is the hidden reference and the open one; anchor… is an anchor.
    """
    from stimuli.importing import import_mixes

    imported = import_mixes(mixes_dir, out, seed, lufs)
    for notice in imported.notices:
        click.echo(f"Note: {notice}.", err=True)
    passages = {stimulus.passage for stimulus in imported.manifest.stimuli}
    click.echo(f"{len(imported.manifest.stimuli)} stimuli of {len(passages)} passages in {out}")


@stimuli.command("check")
@click.argument("folder", type=FOLDER)
def check_command(folder: Path) -> None:
    """Prove that the stimuli in FOLDER are fit for a test, or name every flaw."""
    from stimuli.check import check

    flaws = 0
    for flaw in check(folder):
        flaws += 1
        click.echo(flaw)
    if flaws:
        raise ValueError(f"{flaws} flaws in {folder}")
    click.echo("Fit for a test: nothing is missing, equally long and loud, no peak too high.")
