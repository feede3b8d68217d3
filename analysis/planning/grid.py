"""Power over a grid of designs: simulated one by one, kept as they are done, drawn, told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from analysis.planning.design import Design, Spread
from analysis.planning.simulate import Power, simulate_power
from analysis.results import Interval, Quantity, to_data

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Grid:
    """What to simulate.

    Attributes:
        effect: difference to find, in points.
        participants, passages: to try, each with each.
        systems: how many.
        spread: how ratings vary.
        target: the power wanted.
        alpha: level of significance.
        correction: over all pairs.
        simulations: studies per design.
        seed: of all chance.

    Raises:
        ValueError: the target or alpha is no probability, or another number is out of range.
    """

    effect: float
    participants: tuple[int, ...]
    passages: tuple[int, ...]
    systems: int
    spread: Spread
    target: float = 0.8
    alpha: float = 0.05
    correction: str = "holm"
    simulations: int = 500
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("target", "alpha"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise ValueError(f"{name} {getattr(self, name)!r} must be between 0 and 1")
        if not isfinite(self.effect):
            raise ValueError(f"effect {self.effect!r} must be a number of points")
        if self.simulations < 1 or self.seed < 0:
            raise ValueError(
                f"{self.simulations} simulations with seed {self.seed}: simulate 1 study or more, "
                "with a seed of 0 or more"
            )

    @property
    def designs(self) -> tuple[Design, ...]:
        """All designs, in the order they are simulated."""
        return tuple(
            Design(participants, passages, self.systems)
            for passages in self.passages
            for participants in self.participants
        )

    def lines(self, found: Sequence[Power]) -> list[str]:
        """The answer for the terminal: a table, then the smallest designs that will do."""
        head = (
            f"Power to find {self.effect:g} points between two of {self.systems} systems, "
            f"{self.correction} over all pairs, alpha {self.alpha:g}, {self.simulations} "
            "simulated studies each:"
        )
        lines = [head, "  passages  participants  power  95% CI          half width"]
        for each in found:
            interval = each.pair.interval
            assert interval is not None
            lines.append(
                f"  {each.design.passages:8d}  {each.design.participants:12d}  "
                f"{each.pair.value:5.2f}  [{interval.low:.2f}, {interval.high:.2f}]  "
                f"{each.half_width:12.1f}"
            )
        for passages in self.passages:
            enough = [
                each.design.participants
                for each in found
                if each.design.passages == passages and each.pair.value >= self.target
            ]
            said = f"{min(enough)} participants" if enough else "none of these numbers"
            lines.append(
                f"With {passages} passage{'s' * (passages != 1)}, {said} "
                f"reach{'es' * (not enough)} a power of {self.target:g}."
            )
        return lines


def run_grid(grid: Grid, path: Path, tick: Callable[[int], None]) -> tuple[Power, ...]:
    """Simulate all designs; those that `path` holds from the same settings are not done again.

    Args:
        grid: what to simulate.
        path: JSON, written anew after each design.
        tick: called with the number of studies done since.
    """
    kept = _stored(grid, path)
    found: list[Power] = []
    for design in grid.designs:
        done = kept.get((design.participants, design.passages))
        if done is not None:
            tick(grid.simulations)
        else:
            done = simulate_power(
                design,
                grid.spread,
                grid.effect,
                simulations=grid.simulations,
                seed=grid.seed,
                alpha=grid.alpha,
                correction=grid.correction,
                tick=lambda: tick(1),
            )
        found.append(done)
        _store(grid, found, path)
    return tuple(found)


def write_figure(grid: Grid, found: Sequence[Power], folder: Path) -> tuple[Path, ...]:
    """The power curve as PNG, SVG and PDF."""
    from analysis.plots import style
    from analysis.plots.power import power_curve

    with style.context():
        return style.save(power_curve(found, grid.target), folder, "power", simulated=False)


def _settings(grid: Grid) -> dict[str, Any]:
    """What a stored design depends on: everything but which others are in the grid."""
    settings: dict[str, Any] = to_data(grid)
    return {name: settings[name] for name in settings if name not in _FREE}


_FREE = ("participants", "passages", "target")


def _store(grid: Grid, found: Sequence[Power], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "blindmix_power": FORMAT_VERSION,
        "settings": _settings(grid),
        "target": grid.target,
        "designs": to_data(list(found)),
    }
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _stored(grid: Grid, path: Path) -> dict[tuple[int, int], Power]:
    """Designs of an earlier run with the same settings; none where the file is of anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["blindmix_power"] != FORMAT_VERSION or data["settings"] != _settings(grid):
            return {}
        powers = [_power(entry) for entry in data["designs"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}
    return {(power.design.participants, power.design.passages): power for power in powers}


def _power(entry: dict[str, Any]) -> Power:
    quantities = {
        name: Quantity(
            entry[name]["name"], entry[name]["value"], Interval(**entry[name]["interval"])
        )
        for name in ("pair", "any_difference")
    }
    return Power(
        Design(**entry["design"]),
        entry["effect"],
        entry["simulations"],
        half_width=entry["half_width"],
        **quantities,
    )
