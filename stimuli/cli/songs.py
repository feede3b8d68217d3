"""`flask songs`: what songs there are, in what state, and songs to try."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def songs() -> None:
    """Look at songs on disk."""


@songs.command("list")
@click.argument("folder", type=FOLDER)
def list_songs(folder: Path) -> None:
    """List the songs in FOLDER: tracks, roles, length, rate, target.

    A song that cannot be opened is listed with the reason, and makes the exit code 1.
    """
    from stimuli.datasets.dataset import open_dataset

    dataset = open_dataset(folder)
    failed = 0
    for song_id in dataset.song_ids():
        try:
            song = dataset.open_song(song_id)
        except (ValueError, OSError) as error:
            failed += 1
            click.echo(f"{song_id}: cannot be opened: {error}")
            continue
        rate_khz = song.sample_rate_hz / 1000
        target = "has a human mix" if song.target else "no human mix"
        length = f"{len(song.tracks)} tracks, {song.duration_s:.1f} s, {rate_khz:g} kHz"
        click.echo(f"{song.id}: {length}, {target}")
        width = max(len(track.name) for track in song.tracks)
        for track in song.tracks:
            kind = "mono" if track.sound.channels == 1 else "stereo"
            click.echo(f"    {track.name:<{width}}  {track.role:<14}  {kind}")
    if failed:
        raise ValueError(f"{failed} of {len(dataset.song_ids())} songs cannot be opened")


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
    click.echo(f"{made} songs made, {len(wanted) - made} were there: {output}")
