"""Power, precision and looks: published boundaries, closed forms as witnesses of the simulation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.cli import StudyRatings
from analysis.contrasts import pairwise_contrasts
from analysis.models import fit_mixed_model
from analysis.plan import Plan
from analysis.planning.cli import make_power_command
from analysis.planning.design import Design, Spread
from analysis.planning.look import look_at
from analysis.planning.precision import half_width, participants_for
from analysis.planning.sequential import SPENDING, boundaries
from analysis.planning.simulate import simulate_power
from analysis.ratings import from_table
from app import with_clear_errors

SPREAD = Spread(8.0, 3.0, 5.0, 3.0, 12.0)
DESIGN = Design(10, 4, 3)
SDS = ("--sd", "participant:system=5", "--sd", "passage:system=2", "--sd", "residual=10")


def rows(design: Design, effect: float = 0.0, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    score = SPREAD.draw(design, rng) + effect * (np.arange(design.systems) == 0)
    return [
        {"participant": f"P{p}", "passage": f"S{a}", "system": "ABCDE"[s], "score": score[p, a, s]}
        for p, a, s in np.ndindex(score.shape)
    ]


def run(*arguments: str) -> Any:
    def read_study(slug: str, simulated: bool) -> StudyRatings:
        if slug != "running":
            raise ValueError(f"there is no study {slug!r}")
        found = [{**row, "score": np.clip(row["score"] + 50, 0, 100)} for row in rows(DESIGN, 40)]
        found = [{**row, "simulated": simulated} for row in found]
        scales = {"score": (0.0, 100.0)}
        return StudyRatings(found, {"primary": "paired t"}, "2026-01-01T00:00:00+00:00", scales)

    return CliRunner().invoke(with_clear_errors(make_power_command(read_study)), arguments)


# R: ldbounds::ldBounds(seq(.2, 1, .2), iuse = c(1, 1), alpha = c(.025, .025)), and iuse = c(2, 2).
@pytest.mark.parametrize(
    ("spending", "published"),
    [
        ("obrien-fleming", (4.877, 3.357, 2.680, 2.290, 2.031)),
        ("pocock", (2.438, 2.427, 2.410, 2.397, 2.386)),
    ],
)
def test_published_boundaries(spending: str, published: tuple[float, ...]) -> None:
    found = [boundary.z for boundary in boundaries([0.2, 0.4, 0.6, 0.8, 1.0], spending)]
    np.testing.assert_allclose(found, published, atol=6e-4)


@pytest.mark.parametrize("spending", sorted(SPENDING))
def test_boundaries_spend_alpha_and_no_more(spending: str) -> None:
    """The witness is the multivariate normal distribution of the looks, integrated by scipy."""
    t = np.array([0.3, 0.55, 1.0])
    z = np.array([boundary.z for boundary in boundaries(t.tolist(), spending)])
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    inside = stats.multivariate_normal.cdf(z, cov=covariance, lower_limit=-z, abseps=1e-8)
    assert 1.0 - inside == pytest.approx(0.05, abs=1e-5)


@given(
    looks=st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5, unique_by=lambda t: round(t, 2)),
    spending=st.sampled_from(sorted(SPENDING)),
)
@settings(max_examples=8, deadline=None)
def test_later_looks_leave_earlier_boundaries_alone(looks: list[float], spending: str) -> None:
    looks = sorted(looks)
    found = boundaries(looks, spending)
    assert found[0] == boundaries(looks[:1], spending)[0]
    assert all(0.0 < each.pvalue <= each.spent * (1 + 1e-6) + 1e-15 < 0.0500001 for each in found)


def test_a_single_look_at_the_end_is_the_ordinary_test() -> None:
    assert boundaries([1.0])[0].z == pytest.approx(stats.norm.isf(0.025), abs=1e-9)


@pytest.mark.parametrize("looks", [[], [0.5, 0.5], [0.5, 0.3], [0.5, 1.2], [0.0]])
def test_looks_that_do_not_follow_each_other_are_refused(looks: list[float]) -> None:
    with pytest.raises(ValueError, match="one after the other"):
        boundaries(looks)


def test_a_simulated_study_is_analysed_as_a_real_one() -> None:
    """One simulation by hand, through the ordinary door."""
    rng = np.random.default_rng([7, 10, 4, 3])
    score = SPREAD.draw(DESIGN, rng) + 6.0 * (np.arange(3) == 0)
    table = [
        {**row, "score": value} for row, value in zip(rows(DESIGN), score.ravel(), strict=True)
    ]
    pair = pairwise_contrasts(fit_mixed_model(from_table(table)), "none")[0]
    assert pair.estimate is not None
    assert pair.estimate.interval is not None
    ours = simulate_power(DESIGN, SPREAD, 6.0, simulations=1, seed=7, correction="none")
    width = (pair.estimate.interval.high - pair.estimate.interval.low) / 2.0
    assert ours.half_width == pytest.approx(width, rel=1e-5)
    assert ours.pair.value == float(pair.pvalue <= 0.05)


def test_the_same_seed_gives_the_same_power_and_another_another() -> None:
    one, same, other = (
        simulate_power(DESIGN, SPREAD, 8.0, simulations=20, seed=seed) for seed in (1, 1, 2)
    )
    assert one == same
    assert one.half_width != other.half_width


def test_power_without_variance_between_listeners_is_that_of_the_paired_t_test() -> None:
    """One passage, two systems, 1 residual: the noncentral t distribution knows the answer."""
    design = Design(12, 1, 2)
    found = simulate_power(design, Spread.of({"residual": 10.0}), 10.0, simulations=400)
    df, shift, limit = 11, 10.0 / (10.0 * np.sqrt(2.0 / 12)), stats.t.isf(0.025, 11)
    exact = stats.nct.sf(limit, df, shift) + stats.nct.cdf(-limit, df, shift)
    assert found.pair.value == pytest.approx(exact, abs=3.5 * np.sqrt(exact * (1 - exact) / 400))


def test_simulated_widths_are_as_computed() -> None:
    design = Design(24, 8, 3)
    found = simulate_power(design, SPREAD, 0.0, simulations=80)
    assert found.half_width == pytest.approx(half_width(design, SPREAD), rel=0.05)


@given(st.integers(2, 60), st.integers(1, 20), st.integers(2, 8))
@settings(max_examples=40)
def test_passages_limit_what_participants_can_do(
    participants: int, passages: int, systems: int
) -> None:
    now = half_width(Design(participants, passages, systems), SPREAD)
    if passages > 1:
        assert now > stats.norm.isf(0.025) * SPREAD.passage_system * np.sqrt(2 / passages)
    assert (
        half_width(Design(2 * participants, 2 * passages, systems), SPREAD) < now or passages == 1
    )


def test_participants_for_is_the_fewest_that_do() -> None:
    needed = participants_for(4.0, 10, 3, SPREAD)
    assert needed is not None
    assert half_width(Design(needed, 10, 3), SPREAD) <= 4.0
    assert half_width(Design(needed - 1, 10, 3), SPREAD) > 4.0
    assert participants_for(1.0, 10, 3, SPREAD) is None


def test_power_plan_writes_a_curve_and_goes_on_where_it_was(tmp_path: Path) -> None:
    arguments = ["plan", "--effect", "8", "--simulations", "15", "-o", str(tmp_path), *SDS]
    arguments += ["--passages", "4"]
    first = run(*arguments, "--participants", "6")
    assert first.exit_code == 0, first.output
    stored = json.loads((tmp_path / "power.json").read_text(encoding="utf-8"))
    stored["designs"][0]["half_width"] = 77.7
    (tmp_path / "power.json").write_text(json.dumps(stored), encoding="utf-8")
    second = run(*arguments, "--participants", "6,12")
    assert "77.7" in second.stdout
    assert "reach" in second.stdout
    assert {"power.png", "power.svg", "power.pdf"} <= {path.name for path in tmp_path.iterdir()}
    other = run(*arguments, "--participants", "6", "--seed", "2")
    assert "77.7" not in other.stdout


def test_a_pilot_gives_its_variances(tmp_path: Path) -> None:
    path = tmp_path / "pilot.csv"
    pd.DataFrame(rows(Design(40, 8, 4))).to_csv(path, index=False)
    done = run("precision", "--half-width", "4", "--pilot", str(path), "--sd", "passage:system=0")
    assert done.exit_code == 0, done.output
    assert "passage:system 0" in done.stdout
    assert "of 4 systems" in done.stdout


def test_a_file_is_read_as_the_analysis_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "pilot.csv"
    table = pd.DataFrame(rows(Design(40, 8, 4))).rename(columns={"passage": "piece"})
    both = [table.assign(attribute=name) for name in ("clarity", "preference")]
    pd.concat(both).to_csv(path, index=False)
    arguments = ("precision", "--half-width", "4", "--pilot", str(path))
    assert "no column for passage" in run(*arguments).stderr
    done = run(*arguments, "-c", "passage=piece", "--scale", "-100", "200")
    assert done.exit_code == 0, done.output
    assert "Attribute: clarity; others are preference (--attribute)." in done.stdout
    alone = tmp_path / "alone.csv"
    table[table["participant"] == table["participant"].iloc[0]].to_csv(alone, index=False)
    refused = run(*arguments[:-1], str(alone), "-c", "passage=piece", "--scale", "-100", "200")
    assert refused.exit_code == 1
    assert "one participant, who does not show how listeners differ" in refused.stderr
    look = run(
        "look", str(path), "--planned", "80", "-c", "passage=piece", "--attribute", "clarity"
    )
    assert "40 of 80 participants" in look.stdout
    assert "Attribute:" not in look.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["precision", "--half-width", "4"], "residual=12"),
        (["precision", "--half-width", "4", "--sd", "listener=3"], "nothing varies with listener"),
        (["precision", "--half-width", "4", "--sd", "residual"], "write TERM=POINTS"),
        (["precision", "--half-width", "0", "--sd", "residual=3"], "more than 0"),
        (["precision", "--half-width", "4", "--sd", "residual=-3"], "must be 0 or more"),
        (
            ["precision", "--half-width", "4", "--sd", "residual=3", "--passages", "x"],
            "write numbers",
        ),
        (["look", "nowhere", "--planned", "40"], "there is no study"),
        (["look", "running", "--planned", "40", "--earlier", "20"], "do not follow"),
        (["look", "running", "--planned", "8", "--earlier", "8"], "was the last"),
        (["look", "running", "--planned", "0"], "a study of 0 participants cannot be looked at"),
        (["precision", "--half-width", "nan", "--sd", "residual=3"], "more than 0"),
        (
            ["precision", "--half-width", "4", "--sd", "residual=3", "--level", "2"],
            "level 2 must be between 0 and 1",
        ),
        (
            ["plan", "--effect", "nan", "--sd", "residual=3", "-o", "x"],
            "effect nan must be a number",
        ),
        (
            ["plan", "--effect", "5", "--sd", "residual=3", "--seed", "-1", "-o", "x"],
            "a seed of 0 or more",
        ),
    ],
)
def test_errors_say_what_to_do(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert said in done.stderr


def test_a_look_at_a_running_study() -> None:
    done = run("look", "running", "--planned", "20", "--earlier", "5")
    assert done.exit_code == 0, done.output
    assert "Look 2: 10 of 20 participants (50%)" in done.stdout
    assert "A − B" in done.stdout
    assert "--earlier 5,10" in done.stdout
    assert "SIMULATED" not in done.stdout
    assert "SIMULATED" in run("look", "running", "--planned", "20", "--simulated").stdout


def test_a_look_is_stricter_than_the_end_and_shares_alpha() -> None:
    ratings = from_table(rows(DESIGN, 8.0), scale=(-100, 200))
    early = look_at(ratings, Plan(primary="paired t"), planned=20)
    last = look_at(ratings, Plan(primary="paired t"), planned=10)
    assert early.boundary.pvalue < last.boundary.pvalue == pytest.approx(0.05 / 3)
    with pytest.raises(ValueError, match="not for mixed model"):
        look_at(ratings, Plan(primary="mixed model"), planned=20)
