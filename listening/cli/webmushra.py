"""`flask study import-webmushra`: from a configuration of webMUSHRA to a study that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from listening.webmushra.pages import Comparison

WriteStimuli = Callable[[str, "Sequence[Comparison]", Path, Path], Sequence[str]]
"""Title, comparisons, the folder their paths are relative to, the folder for the stimuli ->
what was done to sounds, a sentence each."""


def make_import_command(write_stimuli: WriteStimuli) -> click.Command:
    """The command, joined to a room that makes stimuli of sound files."""

    @click.command("import-webmushra")
    @click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "-o",
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for study.yaml and the stimuli.",
    )
    @click.option(
        "--audio",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="What the paths of sounds are relative to; webMUSHRA's folder by default.",
    )
    @click.option(
        "--skip-unknown", is_flag=True, help="Leave out page types and keys that nobody knows."
    )
    def import_webmushra(config: Path, out: Path, audio: Path | None, skip_unknown: bool) -> None:
        """Make a study file and stimuli of a webMUSHRA CONFIG."""
        import_config(config, out, audio, skip_unknown, write_stimuli)

    return import_webmushra


def import_config(
    config: Path, out: Path, audio: Path | None, skip_unknown: bool, write_stimuli: WriteStimuli
) -> None:
    """Import a configuration; the study file is written last, so that it is whole or not there."""
    from listening.webmushra.config_file import read_config
    from listening.webmushra.convert import convert
    from listening.webmushra.output import study_text
    from listening.webmushra.sounds import default_root, missing_sounds

    target = out / "study.yaml"
    if target.exists():
        raise FileExistsError(f"{target} exists; an import overwrites nothing")
    node, mended = read_config(config)
    found = convert(node)
    root = audio or default_root(config)
    wrong = [*found.problems, *missing_sounds(found.comparisons, root)]
    wrong += [] if skip_unknown else found.unknown
    if wrong:
        _refuse(config, wrong, found.unknown, skip_unknown)
    left_out = [*found.unknown] if skip_unknown else []
    notes = sorted([*mended, *left_out, *found.notes], key=lambda note: note.line)
    said = write_stimuli(found.study["title"], found.comparisons, root, out / "stimuli")
    for line in [*(f"{config}, {note}" for note in notes), *said]:
        click.echo(f"Note: {line}.", err=True)
    partial = target.with_name(target.name + ".part")
    partial.write_text(study_text(found.study, config.name, notes), encoding="utf-8")
    partial.replace(target)
    click.echo(f"{target} is ready. Look at it, then: flask study create {target}")


def _refuse(
    config: Path, wrong: Sequence[object], unknown: Sequence[object], skip_unknown: bool
) -> None:
    for problem in wrong:
        click.echo(f"{config}, {problem}", err=True)
    hint = "; --skip-unknown leaves out what is unknown" if unknown and not skip_unknown else ""
    count = len(wrong)
    raise ValueError(f"{count} problem{'s' if count > 1 else ''} in {config}{hint}")
