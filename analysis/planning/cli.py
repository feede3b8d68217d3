"""`flask power`: how many participants and passages, how exactly, and looks while a study runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.cli import Reading, ReadStudy, file_options, read_source

if TYPE_CHECKING:
    from analysis.planning.design import Spread
    from analysis.planning.grid import Grid
    from analysis.ratings import Ratings

PILOT_HELP = "Study or file of ratings whose variances to take."
SD_HELP = (
    "Standard deviation in points: participant, passage, participant:system, passage:system or "
    "residual. Repeat as needed; what is not named does not vary, or is the pilot's."
)
SYSTEMS_HELP = "How many systems (the pilot's, else 2)."
ATTRIBUTE_HELP = "Which attribute (the first)."


def make_power_command(read_study: ReadStudy | None = None) -> click.Group:
    """The group, joined to the studies of a web room where there is one.

    Args:
        read_study: gives the ratings of a study; without it only files can be a pilot.
    """

    @click.group(context_settings={"show_default": True})
    def power() -> None:
        """Plan how large a study has to be, and look while it runs."""

    @power.command()
    @click.option("--effect", type=float, required=True, help="Difference to find, in points.")
    @click.option(
        "--participants",
        metavar="N,N,…",
        default="10,20,30,40",
        show_default=True,
        help="How many to try.",
    )
    @click.option("--passages", metavar="N,N,…", default="4,8", help="How many to try.")
    @click.option("--systems", type=int, help=SYSTEMS_HELP)
    @click.option("--pilot", metavar="STUDY_OR_CSV", help=PILOT_HELP)
    @file_options
    @click.option("--attribute", help=ATTRIBUTE_HELP)
    @click.option("--sd", "sds", multiple=True, metavar="TERM=POINTS", help=SD_HELP)
    @click.option("--target", default=0.8, help="Power to reach.")
    @click.option("--alpha", default=0.05, help="Level of significance.")
    @click.option(
        "--correction",
        default="holm",
        show_default=True,
        help="Over all pairs, as a plan names it.",
    )
    @click.option("--simulations", default=500, help="Studies to simulate per design.")
    @click.option("--seed", default=1, help="Of all chance.")
    @click.option(
        "-o",
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for power.json and the figure.",
    )
    def plan(
        effect: float,
        participants: str,
        passages: str,
        systems: int | None,
        pilot: str | None,
        reading: Reading,
        attribute: str | None,
        sds: tuple[str, ...],
        target: float,
        alpha: float,
        correction: str,
        simulations: int,
        seed: int,
        out: Path,
    ) -> None:
        """Say which design finds an effect often enough, by simulation.

        One system lies the effect above all others. Every design is finished and kept in
        power.json before the next begins, so that an interrupted run goes on.
        """
        from analysis.planning.grid import Grid

        spread, count = _assumed(read_study, pilot, reading, attribute, sds, systems)
        grid = Grid(
            effect=effect,
            participants=_counts(participants, "--participants"),
            passages=_counts(passages, "--passages"),
            systems=count,
            spread=spread,
            target=target,
            alpha=alpha,
            correction=correction,
            simulations=simulations,
            seed=seed,
        )
        _show_spread(spread)
        for line in _simulate(grid, out):
            click.echo(line)

    @power.command()
    @click.option("--half-width", type=float, required=True, help="Of an interval, in points.")
    @click.option(
        "--passages",
        metavar="N,N,…",
        default="2,4,8,16",
        show_default=True,
        help="How many to try.",
    )
    @click.option("--systems", type=int, help=SYSTEMS_HELP)
    @click.option("--pilot", metavar="STUDY_OR_CSV", help=PILOT_HELP)
    @file_options
    @click.option("--attribute", help=ATTRIBUTE_HELP)
    @click.option("--sd", "sds", multiple=True, metavar="TERM=POINTS", help=SD_HELP)
    @click.option("--level", default=0.95, help="Coverage of the interval.")
    def precision(
        half_width: float,
        passages: str,
        systems: int | None,
        pilot: str | None,
        reading: Reading,
        attribute: str | None,
        sds: tuple[str, ...],
        level: float,
    ) -> None:
        """Say how many participants make an interval narrow enough."""
        from analysis.planning.precision import precision_lines

        spread, count = _assumed(read_study, pilot, reading, attribute, sds, systems)
        _show_spread(spread)
        for line in precision_lines(
            half_width, _counts(passages, "--passages"), count, spread, level
        ):
            click.echo(line)

    @power.command()
    @click.argument("source", metavar="STUDY_OR_CSV")
    @file_options
    @click.option("--planned", type=int, required=True, help="Participants at the end.")
    @click.option("--earlier", metavar="N,N,…", help="Participants at each look before this one.")
    @click.option(
        "--spending",
        type=click.Choice(("obrien-fleming", "pocock")),
        default="obrien-fleming",
        help="How alpha is spent over the looks.",
    )
    @click.option("--attribute", help=ATTRIBUTE_HELP)
    @click.option("--simulated", is_flag=True, help="Look at a study's simulated participants.")
    def look(
        source: str,
        reading: Reading,
        planned: int,
        earlier: str | None,
        spending: str,
        attribute: str | None,
        simulated: bool,
    ) -> None:
        """Look at a running study without spending more than alpha.

        Tests the primary pairs of the study's plan at a boundary that allows for every look.
        """
        from analysis.planning.look import look_at

        ratings, declared = read_source(source, read_study, reading, simulated=simulated)
        chosen = _attribute(ratings, attribute or declared.attribute).compared()
        before = _counts(earlier, "--earlier") if earlier else ()
        for line in look_at(chosen, declared, planned, before, spending).lines():
            click.echo(line)

    return power


def _assumed(
    read_study: ReadStudy | None,
    pilot: str | None,
    reading: Reading,
    attribute: str | None,
    sds: Sequence[str],
    systems: int | None,
) -> tuple[Spread, int]:
    """How ratings vary, and how many systems there are: from a pilot, as told, or both."""
    from analysis.planning.design import Spread

    told = _sds(sds)
    if pilot is None:
        return Spread.of(told), systems or 2
    from analysis.models import fit_mixed_model

    ratings, _ = read_source(pilot, read_study, reading)
    chosen = _attribute(ratings, attribute).compared()
    if len(chosen.participant.levels) < 2:
        raise ValueError(
            f"pilot {pilot!r} has one participant, who does not show how listeners differ; state "
            "standard deviations with --sd, or take a pilot of more"
        )
    model = fit_mixed_model(chosen)
    for note in model.notes:
        click.echo(f"Pilot: {note}", err=True)
    return Spread.of(Spread.of_model(model).by_term() | told), systems or len(model.systems)


def _attribute(ratings: Ratings, attribute: str | None) -> Ratings:
    """One attribute of the ratings; says which where nobody chose among several."""
    names = ratings.attribute.levels
    if attribute is None and len(names) > 1:
        click.echo(f"Attribute: {names[0]}; others are {', '.join(names[1:])} (--attribute).")
    return ratings.only(attribute=attribute or names[0])


def _sds(options: Sequence[str]) -> dict[str, float]:
    found = {}
    for option in options:
        term, sign, number = option.partition("=")
        try:
            found[term.strip()] = float(number)
        except ValueError:
            sign = ""
        if not sign:
            raise ValueError(f"--sd {option!r}: write TERM=POINTS, as residual=12")
    return found


def _counts(text: str, option: str) -> tuple[int, ...]:
    try:
        counts = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise ValueError(f"{option} {text!r}: write numbers, as 10,20,30") from None
    return counts


def _show_spread(spread: Spread) -> None:
    sds = ", ".join(f"{term} {sd:.3g}" for term, sd in spread.by_term().items())
    click.echo(f"Standard deviations in points: {sds}.")


def _simulate(grid: Grid, out: Path) -> list[str]:
    from rich.console import Console
    from rich.progress import Progress

    from analysis.planning.grid import run_grid, write_figure

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("studies", total=grid.simulations * len(grid.designs))
        found = run_grid(grid, out / "power.json", lambda count: progress.advance(bar, count))
    write_figure(grid, found, out)
    return grid.lines(found)
