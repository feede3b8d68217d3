"""`flask analyse`: from ratings to results, figures and a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from analysis.analyse import Outcome
    from analysis.plan import Plan
    from analysis.ratings import Ratings


@dataclass(frozen=True)
class StudyRatings:
    """What a web room knows of a study.

    Attributes:
        rows: the tidy table, of real or of simulated participants.
        scales: the lowest and highest score that could be given, by attribute.
        plan: the `analysis` section of the study file.
        declared_at: when that was stored, ISO 8601.
    """

    rows: Sequence[Mapping[str, Any]]
    plan: Mapping[str, Any]
    declared_at: str
    scales: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Reading:
    """How a file of ratings is to be read.

    Attributes:
        columns: our name -> the file's name.
        wide: columns that hold one system's scores each.
        scale: lowest and highest possible score; None where it is to be guessed.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    wide: Sequence[str] = ()
    scale: tuple[float, float] | None = None


def file_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how a file is read; the command is given them as `reading`."""

    @click.option(
        "-c",
        "--column",
        "columns",
        multiple=True,
        metavar="OURS=THEIRS",
        help="Name a column of a file, as system=mixer. Repeat as needed.",
    )
    @click.option(
        "--wide",
        metavar="A,B,…",
        help="Columns of a file that hold one system's scores each (a row a page).",
    )
    @click.option(
        "--scale", nargs=2, type=float, help="Lowest and highest possible score of a file."
    )
    @wraps(command)
    def with_reading(
        *args: Any,
        columns: tuple[str, ...],
        wide: str | None,
        scale: tuple[float, float] | None,
        **options: Any,
    ) -> None:
        reading = Reading(_columns(columns), wide.split(",") if wide else (), scale)
        command(*args, reading=reading, **options)

    return with_reading


ReadStudy = Callable[[str, bool], StudyRatings]
"""Slug of a study, and whether to take its simulated participants -> its ratings."""


def make_analyse_command(read_study: ReadStudy | None = None) -> click.Command:
    """The command, joined to the studies of a web room where there is one.

    Args:
        read_study: gives the tidy rows of a study; without it only files can be analysed.
    """

    @click.command("analyse")
    @click.argument("source", metavar="STUDY_OR_CSV")
    @click.option(
        "-o",
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for results.json, figures and report.html.",
    )
    @file_options
    @click.option(
        "--simulated",
        is_flag=True,
        help="Take a study's simulated participants though it has real ones.",
    )
    @click.option(
        "--plan",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="YAML file whose `analysis` section says what to do; a study brings its own.",
    )
    def analyse(
        source: str,
        out: Path,
        reading: Reading,
        simulated: bool,
        plan: Path | None,
    ) -> None:
        """Analyse a study or a file of ratings, and print the answer.

        Files are CSV, Parquet or JSON, one row a rating, or exports of webMUSHRA, pymushra, Go
        Listen and the Web Audio Evaluation Tool. Medians and intervals, Friedman's test,
        pairwise Wilcoxon tests with Holm's correction, figures and a report are written to the
        folder; the answer is printed.
        """
        from analysis.analyse import analyse as run
        from analysis.answer import short_answer
        from analysis.plan import plan_from

        ratings, declared = read_source(source, read_study, reading, simulated=simulated)
        wanted = declared if plan is None else plan_from(_yaml_plan(plan))
        with ThreadPoolExecutor(1) as beside:
            # Half a second of imports is hidden behind the numbers.
            beside.submit(import_module, "analysis.report")
            outcome = run(ratings, wanted)
            # The answer is there long before the figures are.
            click.echo("\n".join(short_answer(outcome)))
        from analysis.report import without_letters

        written = _write(outcome, out)
        if lacking := without_letters(outcome):
            click.echo(f"\n{lacking}", err=True)
        click.echo(f"\nReport: {written[0]}")

    return analyse


def read_source(
    source: str,
    read_study: ReadStudy | None,
    reading: Reading | None = None,
    *,
    simulated: bool = False,
) -> tuple[Ratings, Plan]:
    """The ratings of a file or of a study, and the plan that the study brings.

    A study in which nobody has taken part yet gives its simulated ratings.

    Raises:
        ValueError: there is no such file or study, it is no table, or holds no ratings.
    """
    from analysis.plan import Plan, plan_from
    from analysis.ratings import from_table
    from analysis.readers import TABLES, read_ratings

    path = Path(source)
    # A folder of that name, such as earlier results, is in nobody's way.
    if path.suffix.lower() in TABLES or path.is_file():
        if not path.is_file():
            raise ValueError(f"{path} is no file of ratings")
        how = reading or Reading()
        ratings = read_ratings(path, how.columns, scale=how.scale, wide=how.wide)
        for note in ratings.notes:
            click.echo(f"{path}: {note}", err=True)
        return ratings, Plan()
    if read_study is None:
        raise ValueError(f"there is no file {source!r}")
    study = read_study(source, simulated)
    if not study.rows and not simulated:
        study = read_study(source, True)
    if not study.rows:
        raise ValueError(f"study {source!r} has no {'simulated ' * simulated}ratings yet")
    ratings = from_table(study.rows, study=source, scale=study.scales)
    return ratings, plan_from(study.plan, study.declared_at)


def _yaml_plan(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no YAML: {error}") from None
    plan = data.get("analysis") if isinstance(data, dict) else None
    if not isinstance(plan, dict):
        raise ValueError(f"{path} has no section `analysis`")
    return plan


def _columns(options: Sequence[str]) -> dict[str, str]:
    columns = {}
    for option in options:
        ours, sign, theirs = option.partition("=")
        if not sign or not ours or not theirs:
            raise ValueError(f"--column {option!r}: write OURS=THEIRS, as system=mixer")
        columns[ours] = theirs
    return columns


def _write(outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from analysis.report import write_report

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("results")
        return write_report(outcome, folder, lambda what: progress.update(task, description=what))
