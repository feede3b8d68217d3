"""`flask mix` and `flask mixers`: the systems, and one song mixed by one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from stimuli.cli.opening import OpenSongs, reading
from stimuli.cli.progress import progress_bars
from stimuli.names import counted

if TYPE_CHECKING:
    from mixers.expert import Expert
    from stimuli.evaluation import Which

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FOLDER = click.Path(file_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)

_split_file = click.option(
    "--split-file", type=IN_FILE, help="A split by `flask songs split`, instead of the seed's."
)


@click.group()
def mixers() -> None:
    """The mixing systems."""


@mixers.command("list")
def list_mixers() -> None:
    """List the mixing systems, and what the trained ones heard."""
    from mixers.mixer import MIXERS

    width = max(len(name) for name in MIXERS)
    for name, entry in MIXERS.items():
        learnt = f" (trained on {entry.learnt_from})" if entry.learnt_from else ""
        click.echo(f"{name:<{width}}  {entry.summary}{learnt}")


@mixers.command("train")
@click.argument("name")
@click.option("--songs", "songs_dir", type=FOLDER, required=True, help="Folder of the songs.")
@click.option("-o", "--out", type=OUT_FILE, required=True, help="File for the weights.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--seed", default=0, show_default=True, help="Of the split and the training.")
@click.option(
    "--set",
    "choices",
    multiple=True,
    metavar="NAME=VALUE",
    help="A choice of this system, such as steps=500; can be repeated.",
)
@_split_file
@reading
def train_mixer(
    name: str,
    songs_dir: Path,
    out: Path,
    device: str,
    seed: int,
    choices: tuple[str, ...],
    split_file: Path | None,
    open_songs: OpenSongs,
) -> None:
    """Train the system NAME on songs that have a human mix.

    The songs are split by the seed; those kept for the test are never opened. Networks write their
    state now and then: the same command goes on after an interruption.
    """
    from stimuli.training import train

    options = dict(_name_and_value(choice) for choice in choices)
    with progress_bars() as show:
        lines = train(name, open_songs(songs_dir), out, device, seed, show, options, split_file)
    for line in lines:
        click.echo(line)
    click.echo(f"Weights: {out}")


@mixers.command("evaluate")
@click.option("--songs", "songs_dir", type=FOLDER, required=True, help="Folder of the songs.")
@click.option("--systems", required=True, help="Comma between; `flask mixers list` names them.")
@click.option("-o", "--out", type=OUT_FOLDER, required=True, help="Folder for tables and figure.")
@click.option(
    "--split",
    "which",
    type=click.Choice(["all", "training", "validation", "test"]),
    default="all",
    show_default=True,
    help="Which songs; the parts are those of training with the same seed.",
)
@click.option("--seed", default=0, show_default=True, help="Of the split, and of chance.")
@_split_file
@reading
def evaluate_mixers(
    songs_dir: Path,
    systems: str,
    out: Path,
    which: str,
    seed: int,
    split_file: Path | None,
    open_songs: OpenSongs,
) -> None:
    """Measure how near systems come to the human mixes.

    Run the same command again after an interruption: what is measured is not measured again.
    """
    from stimuli.evaluation import Evaluation, evaluate
    from stimuli.evaluation_report import write_report

    names = tuple(dict.fromkeys(name.strip() for name in systems.split(",") if name.strip()))
    wanted = Evaluation(names, cast("Which", which), seed, split_file)
    with progress_bars() as show:
        rows = list(evaluate(open_songs(songs_dir), wanted, show, kept=out / ".rows"))
    write_report(rows, out)
    systems, songs = counted(len(names), "system"), counted(len({row.song for row in rows}), "song")
    click.echo(f"{systems} on {songs}: {out / 'evaluation.md'}, .csv and .png")
    failed = [row for row in rows if row.failure]
    for row in failed:
        click.echo(f"Failed: {row.song} by {row.system}: {row.failure}", err=True)
    if failed:
        raise ValueError(f"{len(failed)} of the mixes could not be made; the rest is measured")


class _MixGroup(click.Group):
    """`flask mix SONG` is short for `flask mix song SONG`."""

    default = "song"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_MixGroup)
def mix() -> None:
    """Mix a song, or find out how a mix was made.

    `flask mix SONG …` mixes; `flask mix song --help` says with what. `flask mix recover TRACKS
    MIX …` finds out.
    """


@mix.command("song")
@click.argument("song", type=FOLDER)
@click.option("--mixer", help="A system (see `flask mixers list`), or LABEL=FILE.")
@click.option(
    "--settings",
    "stated",
    type=IN_FILE,
    help="Set the console as this JSON file says, instead of a system.",
)
@click.option("-o", "--out", required=True, type=OUT_FILE, help="WAV file.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of systems that use chance.",
)
@click.option(
    "--save-settings",
    type=OUT_FILE,
    help="Write what the console was set to, as JSON.",
)
@click.option("--explain", is_flag=True, help="Say why each decision was taken (expert).")
def mix_command(
    song: Path,
    mixer: str | None,
    stated: Path | None,
    out: Path,
    seed: int,
    save_settings: Path | None,
    explain: bool,
) -> None:
    """Mix the song in folder SONG with one system, or as settings say."""
    from mixers.console import AsSet
    from mixers.expert import Expert
    from mixers.mixer import Mixer, load_mixer
    from mixers.settings import settings_from_json
    from stimuli.mixing import mix_song

    system: Mixer
    if stated is not None and mixer is None:
        system = AsSet(settings_from_json(stated.read_text(encoding="utf-8")))
        mixer = stated.name
    elif mixer is not None and stated is None:
        system = load_mixer(mixer)
    else:
        raise ValueError("say either --mixer or --settings")
    if explain and not isinstance(system, Expert):
        raise ValueError(f"{mixer} cannot explain its decisions; {Expert.name} can")
    written = mix_song(song, system, out, seed, save_settings)
    note = f", lowered by {-written.gain_db:.1f} dB" if written.gain_db < 0 else ""
    click.echo(f"{out}: {song.resolve().name} by {mixer}{note}")
    if explain and isinstance(system, Expert):
        _explain(song, system)


@mix.command("recover")
@click.argument("tracks", type=FOLDER)
@click.argument("mix_file", metavar="MIX", type=IN_FILE)
@click.option("-o", "--out", required=True, type=OUT_FILE, help="JSON file (filters: NPZ file).")
@click.option(
    "--method",
    type=click.Choice(["gains", "filters", "chain"]),
    default="gains",
    show_default=True,
    help="Gains and pans; a filter per track and side; or the whole chain.",
)
@click.option(
    "--reverb",
    type=click.Choice(["stereo", "individual"]),
    default="stereo",
    show_default=True,
    help="Of the chain: one room for all, or one per track.",
)
@click.option("--steps", default=200, show_default=True, help="Of the chain's search, at most.")
@click.option("--seed", default=0, show_default=True, help="Of the chain's search.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--truth", type=IN_FILE, help="Settings that made the mix, to be compared with.")
def recover_command(
    tracks: Path,
    mix_file: Path,
    out: Path,
    method: str,
    reverb: str,
    steps: int,
    seed: int,
    device: str,
    truth: Path | None,
) -> None:
    """Recover what MIX was made with from the tracks in TRACKS.

    The mix may begin earlier or later than the tracks. The search for a chain takes minutes: after
    an interruption, the same command goes on.
    """
    from mixers.settings import settings_from_json
    from stimuli.recovery import Request, recover

    true_settings = settings_from_json(truth.read_text(encoding="utf-8")) if truth else None
    with progress_bars() as show:
        request = Request(tracks, mix_file, out, method, reverb, steps, seed, device)
        lines = recover(request, true_settings, show)
    for line in lines:
        click.echo(line)


def _name_and_value(choice: str) -> tuple[str, str]:
    name, equals, value = choice.partition("=")
    if not equals:
        raise ValueError(f"--set {choice} has no value; write {choice}=VALUE")
    return name, value


def _explain(song: Path, expert: Expert) -> None:
    from stimuli.datasets.dataset import open_dataset

    dataset = open_dataset(song)
    for decision in expert.explain(dataset.open_song(dataset.song_ids()[0]).load()):
        click.echo(f"{decision.track}: {decision.setting}: {decision.reason}")
